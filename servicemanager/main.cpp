// servicemanager: the context manager of a binder device.
//
// Set up as AOSP's (cmds/servicemanager/main.cpp): no pool of threads, no call that waits for an answer, one
// loop over the device and a timer.
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <binder/WireDialect.h>
#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/daemon/service_notifier.h"
#include "manager/dialect_choice.h"
#include "servicemanager/access_file.h"
#include "servicemanager/driver.h"
#include "servicemanager/event_loop.h"
#include "servicemanager/manager_binder.h"
#include "servicemanager/options.h"
#include "servicemanager/toml_file.h"

namespace servicemanager {
namespace {

using android::IPCThreadState;
using android::ProcessState;
using android::sp;

Access make_access(const Options& options) {
  if (options.access_file.empty()) return Access(geteuid());
  return Access(geteuid(), read_policy_file(options.access_file));
}

Declarations make_declarations(const Options& options) {
  return options.declarations_file.empty() ? Declarations()
                                           : read_declarations_file(options.declarations_file);
}

// Both or none: a mistake in one of the files leaves everything as it was.
void reload(const Options& options, ServiceManager& registry) {
  try {
    Access access = make_access(options);
    registry.set_declarations(make_declarations(options));
    registry.set_access(std::move(access));
    spdlog::info("read the access and declarations files anew");
  } catch (const ConfigError& error) {
    spdlog::error("nothing changes: {}", error.what());
  }
}

// libbinder ends the process if it cannot use a device; this says why first.
bool can_be_opened(const std::string& device) {
  const cuse_binder::base::UniqueFd fd(open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) spdlog::error("cannot open {}: {}", device, std::strerror(errno));
  return static_cast<bool>(fd);
}

ExitCode serve(const Options& options) {
  cuse_binder::daemon::ServiceNotifier notifier;
  Access access = make_access(options);
  Declarations declarations = make_declarations(options);
  if (!can_be_opened(options.device)) return ExitCode::failed;
  const android::manager::Dialect& dialect =
      options.dialect != nullptr ? *options.dialect : android::manager::chosen_dialect(options.device);

  EventLoop loop;
  Driver driver;
  const sp<ServiceManager> registry(new ServiceManager(driver, std::move(access), std::move(declarations)));
  if (!loop.handle_signals([&] { reload(options, *registry); })) return ExitCode::failed;

  const sp<ProcessState> process = ProcessState::initWithDriver(options.device.c_str());
  android::internal::setWireDialect(dialect.wire);
  process->setThreadPoolMaxThreadCount(0);
  process->setCallRestriction(ProcessState::CallRestriction::FATAL_IF_NOT_ONEWAY);
  IPCThreadState::disableBackgroundScheduling(true);

  const sp<ManagerBinder> manager(new ManagerBinder(dialect, registry, current_caller));
  manager->setRequestingSid(true);
  // By root's right: the rules are for others.
  const Caller self{getpid(), 0, {}};
  if (!registry
           ->addService(self, "manager", manager, false, android::IServiceManager::DUMP_FLAG_PRIORITY_DEFAULT)
           .isOk())
    spdlog::warn("'manager' cannot be found by name: the access file forbids it");
  IPCThreadState::self()->setTheContextObject(manager);
  if (!process->becomeContextManager()) {
    spdlog::error("{} has a manager already, or does not take this user as one", options.device);
    return ExitCode::taken;
  }
  if (!loop.serve_binder() || !loop.every(options.client_period, [&] { registry->handleClientCallbacks(); }))
    return ExitCode::failed;

  spdlog::info("serving {} ({})", options.device, dialect.releases);
  if (!notifier.ready("serving " + options.device))
    spdlog::warn("cannot tell the service manager of the system");
  loop.run();
  notifier.stopping();
  spdlog::info("ended on request");
  return ExitCode::ok;
}

int run(int argc, char** argv) {
  const auto parsed = parse_options(argc, argv);
  if (const auto* exit_now = std::get_if<ExitNow>(&parsed)) return exit_now->status;
  const Options& options = std::get<Options>(parsed);
  spdlog::set_default_logger(spdlog::stderr_logger_st("servicemanager"));
  spdlog::set_level(options.log_level);
  spdlog::flush_on(spdlog::level::info);
  try {
    return static_cast<int>(serve(options));
  } catch (const ConfigError& error) {
    spdlog::error("{}", error.what());
    return static_cast<int>(ExitCode::usage);
  }
}

}  // namespace
}  // namespace servicemanager

int main(int argc, char** argv) {
  return servicemanager::run(argc, argv);
}
