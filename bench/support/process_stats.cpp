#include "bench/support/process_stats.h"

#include <fstream>
#include <string>

#include "bench/support/placement.h"

namespace cuse_binder::bench {
namespace {

// The number after `key` in a file of "Key:   number" lines; 0 if there is none.
std::uint64_t status_field(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.compare(0, key.size(), key) == 0 && line[key.size()] == ':')
      return std::stoull(line.substr(key.size() + 1));
  return 0;
}

}  // namespace

ResidentMemory resident_memory(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/status";
  return {.anonymous_kib = status_field(path, "RssAnon"),
          .shared_kib = status_field(path, "RssShmem"),
          .file_kib = status_field(path, "RssFile")};
}

ProcessorUse processor_use(pid_t pid) {
  ProcessorUse use;
  for (const pid_t thread : threads_of(pid)) {
    const std::string task = "/proc/" + std::to_string(pid) + "/task/" + std::to_string(thread);
    double on_cpu_ns = 0;
    std::ifstream(task + "/schedstat") >> on_cpu_ns;
    use.cpu_us += on_cpu_ns / 1000;
    use.waits += status_field(task + "/status", "voluntary_ctxt_switches");
  }
  return use;
}

}  // namespace cuse_binder::bench
