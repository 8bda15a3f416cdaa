#include "cuse_binder/daemon/daemon.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cuse_binder/base/log.h"
#include "cuse_binder/daemon/background.h"
#include "cuse_binder/daemon/environment.h"
#include "cuse_binder/daemon/event_loop.h"
#include "cuse_binder/daemon/log_setup.h"
#include "cuse_binder/daemon/pid_file.h"
#include "cuse_binder/daemon/server.h"
#include "cuse_binder/daemon/service_notifier.h"

namespace cuse_binder::daemon {
namespace {

ExitCode fail(const StartError& error) {
  std::fprintf(stderr, "binderd: %s\n", error.text.c_str());
  return error.code;
}

ExitCode fail(const char* what) {
  return fail({ExitCode::failure, std::string(what) + ": " + std::strerror(errno)});
}

// The fixed order of a start; what was done is undone by destructors, in the other direction.
ExitCode serve(const Options& options, Background& background, ServiceNotifier& manager) {
  EventLoop events;
  if (!events.usable()) return fail("cannot set up signals");
  LogSetup logs;
  if (const auto error = logs.start(options)) return fail(*error);
  PidFile pid_file;
  if (!options.pid_file.empty())
    if (const auto error = pid_file.acquire(options.pid_file)) return fail(*error);
  if (!options.fuse_directories.empty())
    if (const auto error = check_fuse()) return fail(*error);
  if (!options.cuse_devices.empty())
    if (const auto error = check_cuse()) return fail(*error);
  warn_about_missing_privileges();
  raise_descriptor_limit();
  if (options.enable_uring) enable_fuse_over_io_uring();
  if (options.transport == frontends::TransportChoice::auto_select && !options.fuse_directories.empty())
    suggest_fuse_over_io_uring();

  Server server([&events] { events.notify_lost(); });
  if (const auto error = server.start(options)) return fail(*error);

  auto& log = base::log(base::Layer::daemon);
  log.info("devices can be opened");
  if (!manager.ready(server.status()))
    log.warn("cannot tell the service manager that we are ready: {}", std::strerror(errno));
  logs.leave_terminal();
  if (background.ready(logs.error_output())) {
    EventLoop::Handlers handlers;
    handlers.reopen_log = [&] {
      logs.reopen();
      background.redirect_errors(logs.error_output());
    };
    handlers.report_counters = [&] { server.log_counters(); };
    handlers.mount_lost = [&] { return server.collect_lost() > 0; };
    handlers.every_few_seconds = [&] { server.trim(); };
    events.run(handlers);
  } else {
    log.error("the process that started this daemon was ended meanwhile; ending too");
  }

  if (!manager.stopping()) log.debug("cannot tell the service manager that we stop");
  EventLoop::allow_kill();
  server.stop();
  return ExitCode::success;
}

}  // namespace

ExitCode run(const Options& options) {
  // Before anything that makes threads or keeps descriptors.
  ServiceNotifier manager;
  Background background;
  if (options.daemonize && !Background::enter(background)) return fail("cannot go to the background");
  return serve(options, background, manager);
}

}  // namespace cuse_binder::daemon
