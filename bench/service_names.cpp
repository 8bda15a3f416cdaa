// servicemanager_bench: how fast services are added and found, in the registry alone and through a mounted
// device with the program itself. Prints rates; what they mean depends on the machine.
#include <binder/Binder.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <signal.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/support/daemon.h"
#include "servicemanager/service_manager.h"

namespace {

using android::BBinder;
using android::IBinder;
using android::IServiceManager;
using android::sp;
using android::String16;

void report(const char* what, long count, const std::function<void(long)>& one) {
  const auto begin = std::chrono::steady_clock::now();
  for (long i = 0; i < count; ++i) one(i);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  std::printf("%-52s %9ld %12.0f/s\n", what, count, static_cast<double>(count) / taken.count());
  std::fflush(stdout);
}

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "servicemanager_bench: %s\n", what);
  std::exit(1);
}

std::string name_of(long number) {
  return "com.example.bench.IService/instance" + std::to_string(number);
}

// Some order in which neighbours are far from each other.
long scattered(long i, long count) {
  return static_cast<long>(static_cast<unsigned long>(i) * 2654435761u % static_cast<unsigned long>(count));
}

class NoDriver final : public servicemanager::Surroundings {
  void send_registration(const sp<IBinder>&, const std::string&, const sp<IBinder>&) override {}
  void send_clients(const sp<IBinder>&, const sp<IBinder>&, bool) override {}
  ssize_t strong_count(const sp<IBinder>&) override { return -1; }
};

void measure_registry(long count) {
  NoDriver driver;
  const sp<servicemanager::ServiceManager> registry(
      new servicemanager::ServiceManager(driver, servicemanager::Access(0), servicemanager::Declarations()));
  const servicemanager::Caller caller{1, 0, {}};
  std::vector<sp<IBinder>> services;
  for (long i = 0; i < count; ++i) services.push_back(sp<IBinder>(new BBinder()));
  report("registry alone: add", count, [&](long i) {
    require(registry->addService(caller, name_of(i), services[static_cast<size_t>(i)], false, 8).isOk(),
            "add");
  });
  report("registry alone: find", count, [&](long i) {
    require(registry->getService(caller, name_of(scattered(i, count))).service != nullptr, "find");
  });
  std::vector<std::string> names;
  report("registry alone: list all", 10, [&](long) {
    require(registry->listServices(caller, 15, &names).isOk() && names.size() == static_cast<size_t>(count),
            "list");
  });
}

// The program on a device; dies with us.
class Manager {
 public:
  Manager(const std::filesystem::path& program, const std::string& device) {
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      execl(program.c_str(), "servicemanager", device.c_str(), "--log-level", "warn", nullptr);
      _exit(127);
    }
  }
  ~Manager() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

 private:
  pid_t pid_;
};

void measure_device(long count) {
  const sp<IServiceManager> manager = android::defaultServiceManager();
  std::vector<sp<IBinder>> services;
  report("over the device: addService, a new object each", count, [&](long i) {
    services.push_back(sp<IBinder>(new BBinder()));
    require(manager->addService(String16(name_of(i).c_str()), services.back()) == 0, "addService");
  });
  report("over the device: checkService", count, [&](long i) {
    require(manager->checkService(String16(name_of(scattered(i, count)).c_str())) != nullptr, "checkService");
  });
  report("over the device: checkService, not there", count, [&](long i) {
    require(manager->checkService(String16(("none" + std::to_string(i)).c_str())) == nullptr, "checkService");
  });
  report("over the device: addService, one object again", count, [&](long i) {
    require(manager->addService(String16(name_of(i).c_str()), services.front()) == 0, "addService");
  });
}

}  // namespace

int main(int argc, char** argv) {
  const auto programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  std::filesystem::path binderd = programs / "binderd", servicemanager = programs / "servicemanager";
  long registry_count = 500'000, device_count = 100'000;
  CLI::App app("Measures the service manager.", "servicemanager_bench");
  app.add_option("--binderd", binderd, "The daemon to start");
  app.add_option("--servicemanager", servicemanager, "The manager to start");
  app.add_option("--registry", registry_count, "Services in the registry alone; 0: leave it out");
  app.add_option("--device", device_count, "Services over a mounted device (needs root); 0: leave it out");
  CLI11_PARSE(app, argc, argv);

  spdlog::set_default_logger(spdlog::null_logger_mt("bench"));
  std::printf("%-52s %9s %14s\n", "", "services", "rate");
  if (registry_count > 0) measure_registry(registry_count);
  if (device_count > 0) {
    const cuse_binder::bench::Daemon daemon(binderd, {});
    const Manager manager(servicemanager, daemon.device());
    android::ProcessState::initWithDriver(daemon.device().c_str());
    measure_device(device_count);
  }
  return 0;
}
