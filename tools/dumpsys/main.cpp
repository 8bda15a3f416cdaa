// dumpsys: what services say of themselves, and what the driver knows of them.
//
// Syntax and output are those of AOSP's cmds/dumpsys.
#include <binder/BpBinder.h>
#include <binder/IServiceManager.h>
#include <binder/Stability.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <sstream>

#include "tools/dumpsys/dump_thread.h"
#include "tools/dumpsys/options.h"
#include "tools/support/binder_logs.h"
#include "tools/support/connection.h"
#include "tools/support/status_text.h"
#include "tools/support/text.h"

namespace {

using android::BpBinder;
using android::IBinder;
using android::IServiceManager;
using android::OK;
using android::sp;
using android::status_t;
using android::String16;
using binder_tools::BinderLogs;
using binder_tools::DumpsysOptions;
using binder_tools::DumpThread;
using binder_tools::shown;

enum ExitStatus { kDone = 0, kIncomplete = 1, kNoManager = 20, kMistake = 255 };

void write_text(int fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t size = TEMP_FAILURE_RETRY(write(fd, text.data() + done, text.size() - done));
    if (size <= 0) return;  // nobody reads any more
    done += static_cast<size_t>(size);
  }
}

// Something that could not be dumped: the message for standard error, empty if all went well.
using Problem = std::string;

Problem problem_of(status_t status) {
  return status == OK ? Problem() : binder_tools::status_text(status);
}

Problem no_logs(const BinderLogs& logs, pid_t pid) {
  return "there are no binder_logs of process " + std::to_string(pid) + " with device " + logs.context();
}

Problem dump_pid(const sp<IBinder>& service, int fd, bool alone) {
  pid_t pid = 0;
  if (const status_t status = service->getDebugPid(&pid); status != OK) return problem_of(status);
  write_text(fd, (alone ? "" : "Service host process PID: ") + std::to_string(pid) + "\n");
  return {};
}

Problem dump_threads(const sp<IBinder>& service, const BinderLogs& logs, int fd) {
  pid_t pid = 0;
  if (const status_t status = service->getDebugPid(&pid); status != OK) return problem_of(status);
  const auto use = logs.threads_of(pid);
  if (!use.has_value()) return no_logs(logs, pid);
  write_text(fd, "Threads in use: " + std::to_string(use->busy) + "/" + std::to_string(use->all) + "\n");
  return {};
}

Problem dump_clients(const sp<IBinder>& service, const BinderLogs& logs, int fd) {
  BpBinder* const proxy = service->remoteBinder();
  const auto handle = proxy != nullptr ? proxy->getDebugBinderHandle() : std::nullopt;
  if (!handle.has_value()) {
    write_text(fd, "Client PIDs are not available for local binders.\n");
    return {};
  }
  pid_t pid = 0;
  if (const status_t status = service->getDebugPid(&pid); status != OK) return problem_of(status);
  const auto clients = logs.clients_of(getpid(), *handle, pid);
  if (!clients.has_value()) return no_logs(logs, pid);
  std::string text;
  for (const pid_t client : *clients) {
    if (client == getpid()) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(client);
  }
  write_text(fd, "Client PIDs: " + text + "\n");
  return {};
}

class Dumpsys {
 public:
  Dumpsys(sp<IServiceManager> manager, DumpsysOptions options, const std::string& device)
      : manager_(std::move(manager)), options_(std::move(options)), logs_(device) {}

  int run() {
    const auto names = services();
    const bool all = options_.action == DumpsysOptions::Action::list || names.size() > 1;
    if (all) print_list(names);
    if (options_.action == DumpsysOptions::Action::list) return kDone;
    bool complete = true;
    for (const String16& name : names) {
      if (!is_skipped(name)) complete &= dump(name, names.size() > 1);
    }
    return complete && !*failed_ ? kDone : kIncomplete;
  }

 private:
  android::Vector<String16> services() const {
    android::Vector<String16> names;
    if (!options_.service.empty()) {
      names.add(String16(options_.service.c_str()));
      return names;
    }
    names = binder_tools::services_of(manager_, options_.priority_flags());
    if (!options_.proto) return names;
    const auto able = binder_tools::services_of(manager_, IServiceManager::DUMP_FLAG_PROTO);
    android::Vector<String16> both;
    for (const String16& name : names) {
      if (std::binary_search(able.begin(), able.end(), name)) both.add(name);
    }
    return both;
  }

  bool is_skipped(const String16& name) const {
    return options_.skipped.count(android::String8(name).c_str()) != 0;
  }

  void print_list(const android::Vector<String16>& names) const {
    std::string text = "Currently running services:\n";
    for (const String16& name : names) {
      if (manager_->checkService(name) == nullptr) continue;
      text += "  " + shown(name) + (is_skipped(name) ? " (skipped)" : "") + "\n";
    }
    write_text(STDOUT_FILENO, text);
  }

  // False if there is no complete dump.
  bool dump(const String16& name, bool separate) {
    const sp<IBinder> service = manager_->checkService(name);
    if (service == nullptr) {
      std::cerr << "Can't find service: " << shown(name) << std::endl;
      return false;
    }
    if (separate) {
      const std::string level =
          options_.priority.empty() || options_.priority == "NORMAL" ? "" : options_.priority + " ";
      write_text(STDOUT_FILENO, std::string(79, '-') + "\nDUMP OF SERVICE " + level + shown(name) + ":\n");
    }
    const auto start = std::chrono::steady_clock::now();
    DumpThread thread(body(service, shown(name)));
    const DumpThread::End end = thread.copy_to(STDOUT_FILENO, options_.timeout);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (end == DumpThread::End::timed_out)
      write_text(STDOUT_FILENO, "\n*** SERVICE '" + shown(name) + "' DUMP TIMEOUT (" +
                                    std::to_string(options_.timeout.count()) + "ms) EXPIRED ***\n\n");
    if (separate) print_footer(name, elapsed.count());
    return end == DumpThread::End::complete;
  }

  void print_footer(const String16& name, double seconds) const {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    char duration[64];
    std::snprintf(duration, sizeof(duration), "--------- %.3fs", seconds);
    char date[64];
    std::strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &local);
    write_text(STDOUT_FILENO, std::string(duration) + " was the duration of dumpsys " + shown(name) +
                                  ", ending at: " + date + "\n");
  }

  // Runs in the dump's thread, which may outlive this object: it has copies of all it needs.
  DumpThread::Body body(const sp<IBinder>& service, const std::string& name) const {
    return [service, name, kinds = options_.kinds, args = options_.service_args(), logs = logs_,
            failed = failed_](int fd) {
      const auto report = [&](const Problem& problem, const char* doing) {
        if (problem.empty()) return;
        *failed = true;
        std::cerr << "Error with service '" + name + "' while " + doing + ": " + problem + "\n" << std::flush;
      };
      if ((kinds & DumpsysOptions::kPid) != 0)
        report(dump_pid(service, fd, kinds == DumpsysOptions::kPid), "dumping PID");
      if ((kinds & DumpsysOptions::kStability) != 0)
        write_text(fd, "Stability: " + android::internal::Stability::debugToString(service) + "\n");
      if ((kinds & DumpsysOptions::kThreads) != 0)
        report(dump_threads(service, logs, fd), "dumping thread info");
      if ((kinds & DumpsysOptions::kClients) != 0)
        report(dump_clients(service, logs, fd), "dumping clients info");
      if ((kinds & DumpsysOptions::kDump) != 0) report(problem_of(service->dump(fd, args)), "dumping");
    };
  }

  const sp<IServiceManager> manager_;
  const DumpsysOptions options_;
  const BinderLogs logs_;
  const std::shared_ptr<std::atomic<bool>> failed_ = std::make_shared<std::atomic<bool>>(false);
};

int run(int argc, char** argv) {
  std::string device;
  if (!binder_tools::take_device("dumpsys", argc, argv, device)) return kMistake;
  DumpsysOptions options = binder_tools::parse_dumpsys(argc, argv);
  if (options.action == DumpsysOptions::Action::help) return std::cerr << binder_tools::kDumpsysUsage, kDone;
  if (options.action == DumpsysOptions::Action::refuse) {
    if (options.problem.empty())
      std::cerr << "\n" << binder_tools::kDumpsysUsage;
    else
      std::cerr << options.problem << "\n";
    return kMistake;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const sp<IServiceManager> manager = binder_tools::connect("dumpsys", device);
  if (manager == nullptr) {
    std::cerr << "Unable to get default service manager!" << std::endl;
    return kNoManager;
  }
  return Dumpsys(manager, std::move(options), device).run();
}

}  // namespace

int main(int argc, char** argv) {
  const int status = run(argc, argv);
  // What a thread that was given up still uses must not be torn down.
  if (DumpThread::any_left()) _exit(status);
  return status;
}
