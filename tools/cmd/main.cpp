// cmd: runs a command of a service as if it were a program: with this terminal, these arguments, its exit
// status.
//
// Syntax and output are those of AOSP's cmds/cmd.
#include <binder/IResultReceiver.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <optional>

#include "tools/cmd/shell_callback.h"
#include "tools/support/connection.h"
#include "tools/support/text.h"

namespace {

using android::BnResultReceiver;
using android::IBinder;
using android::IServiceManager;
using android::sp;
using android::status_t;
using android::String16;
using binder_tools::ShellCallback;

enum ExitStatus { kDone = 0, kCannot = 20 };

constexpr char kUsage[] = R"(usage: cmd [--device PATH] -l
         To list all running services.
       cmd [--device PATH] [-w] SERVICE [ARGS]
         To run a command of SERVICE; its ARGS are the service's to explain, most know `help`.
         -w: wait until the service is there
         --device PATH: the binder device (default: $CUSE_BINDER_DEVICE, else /dev/binder)
)";

// How the command ended: with a result, or because its service died.
class Outcome final : public BnResultReceiver, public IBinder::DeathRecipient {
 public:
  void send(int32_t result) override {
    const std::lock_guard lock(mutex_);
    if (!result_.has_value()) result_ = result;
    changed_.notify_all();
  }
  void binderDied(const android::wp<IBinder>&) override {
    const std::lock_guard lock(mutex_);
    dead_ = true;
    changed_.notify_all();
  }

  // Nothing if there will be no result.
  std::optional<int32_t> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return result_.has_value() || dead_; });
    // A service may send the result and end: another thread may be about to hand it in.
    if (!result_.has_value()) changed_.wait_for(lock, kGrace, [&] { return result_.has_value(); });
    return result_;
  }

 private:
  static constexpr std::chrono::seconds kGrace{2};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool dead_ = false;
  std::optional<int32_t> result_;
};

const char* error_text(status_t error) {
  switch (error) {
    case android::BAD_TYPE:
      return "Bad type";
    case android::FAILED_TRANSACTION:
      return "Failed transaction";
    case android::FDS_NOT_ALLOWED:
      return "File descriptors not allowed";
    case android::UNEXPECTED_NULL:
      return "Unexpected null";
    default:
      return std::strerror(-error);
  }
}

int list(const sp<IServiceManager>& manager) {
  std::cout << "Currently running services:\n";
  for (const String16& name : binder_tools::services_of(manager)) {
    if (manager->checkService(name) != nullptr) std::cout << "  " << binder_tools::shown(name) << "\n";
  }
  return std::cout.flush() ? kDone : kCannot;
}

// A service is given three descriptors, whatever this program was started with.
bool have_standard_files() {
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) return false;
  }
  return true;
}

int run(int argc, char** argv) {
  if (!have_standard_files()) return kCannot;
  std::string device;
  if (!binder_tools::take_device("cmd", argc, argv, device)) return kCannot;
  if (argc < 2) {
    std::cerr
        << "cmd: No service specified; use -l to list all running services. Use -w to start and wait for a "
           "service."
        << std::endl;
    return kCannot;
  }
  const std::string first = argv[1];
  if (first == "--help" || first == "-h") return std::cout << kUsage << std::flush, kDone;
  std::signal(SIGPIPE, SIG_IGN);
  const sp<IServiceManager> manager = binder_tools::connect("cmd", device);
  if (manager == nullptr) {
    std::cerr << "cmd: Unable to get default service manager!" << std::endl;
    return kCannot;
  }
  if (first == "-l" && argc == 2) return list(manager);

  // For what the service calls here: files to open, the result, its death.
  android::ProcessState::self()->startThreadPool();

  const bool wait = first == "-w" && argc > 2;
  const int name_index = wait ? 2 : 1;
  const String16 name(argv[name_index]);
  const sp<IBinder> service = wait ? manager->waitForService(name) : manager->checkService(name);
  if (service == nullptr) {
    std::cerr << "cmd: Can't find service: " << argv[name_index] << std::endl;
    return kCannot;
  }
  android::Vector<String16> args;
  for (int i = name_index + 1; i < argc; ++i) args.add(String16(argv[i]));

  std::error_code ignored;  // a directory that is gone: only absolute paths work then
  const sp<ShellCallback> callback(new ShellCallback(std::filesystem::current_path(ignored).string()));
  const sp<Outcome> outcome(new Outcome);
  (void)service->linkToDeath(outcome);  // of one that is dead already, the call below says so
  const status_t error =
      IBinder::shellCommand(service, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, args, callback, outcome);
  if (error < 0) {
    std::cout << "cmd: Failure calling service " << argv[name_index] << ": " << error_text(error) << " ("
              << -static_cast<int64_t>(error) << ")" << std::endl;
    return error;
  }
  callback->end();
  const auto result = outcome->wait();
  if (!result.has_value()) {
    std::cerr << "cmd: Service " << argv[name_index] << " died before its command ended" << std::endl;
    return kCannot;
  }
  return *result;
}

}  // namespace

int main(int argc, char** argv) {
  const int status = run(argc, argv);
  std::cout.flush();
  // The thread of the pool is still there: nothing is torn down under it.
  _exit(status);
}
