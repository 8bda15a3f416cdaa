#include "tools/support/binder_logs.h"

#include <sys/stat.h>

#include <charconv>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <string_view>

namespace binder_tools {
namespace {

using Words = std::vector<std::string>;

// The words of each line that belongs to the context, first word first, until `take` returns false. A file
// has a part for each context: a line "context NAME", then what is in it.
void for_each_line(std::istream& log, const std::string& context,
                   const std::function<bool(const Words&)>& take) {
  bool wanted = false;
  for (std::string line; std::getline(log, line);) {
    std::istringstream stream(line);
    Words words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.size() == 2 && words[0] == "context") {
      wanted = words[1] == context;
    } else if (wanted && !words.empty() && !take(words)) {
      return;
    }
  }
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  if (!text.empty() && text.back() == ':') text.remove_suffix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The word behind `name`, which may be a part of a sentence with optional words.
std::string after(const Words& words, const char* name) {
  for (size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] == name) return words[i + 1];
  }
  return {};
}

std::string unescaped(const std::string& path) {
  std::string text;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 3 < path.size()) {
      text.push_back(static_cast<char>(std::strtol(path.substr(i + 1, 3).c_str(), nullptr, 8)));
      i += 3;
    } else {
      text.push_back(path[i]);
    }
  }
  return text;
}

// Mount points of binder file systems, the kernel's and ours.
std::vector<std::string> binder_mounts() {
  std::vector<std::string> points;
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string source, point, type;
    if (words >> source >> point >> type && (type == "binder" || type == "fuse.binder"))
      points.push_back(unescaped(point));
  }
  return points;
}

bool is_directory(const std::string& path) {
  struct stat file;
  return stat(path.c_str(), &file) == 0 && S_ISDIR(file.st_mode);
}

}  // namespace

ThreadUse read_threads(std::istream& log, const std::string& context) {
  ThreadUse use;
  for_each_line(log, context, [&](const Words& words) {
    // thread 2999: l 12 need_return 0 tr 0
    if (words[0] != "thread") return true;
    const std::string looper = after(words, "l");
    // The second digit: a thread that serves, of itself (2) or because it was asked to (1).
    if (looper.size() < 2 || looper[1] == '0') return true;
    ++use.all;
    if (looper[0] != '1') ++use.busy;  // 1: it waits in the driver
    return true;
  });
  return use;
}

std::optional<uint64_t> read_node_of_handle(std::istream& log, const std::string& context, int32_t handle) {
  std::optional<uint64_t> node;
  for_each_line(log, context, [&](const Words& words) {
    // ref 52493: desc 910 node 52492 s 1 w 1 d 0000000000000000
    if (words[0] != "ref" || number<int32_t>(after(words, "desc")) != handle) return true;
    node = number<uint64_t>(after(words, "node"));
    return false;
  });
  return node;
}

std::optional<std::vector<pid_t>> read_holders(std::istream& log, const std::string& context, uint64_t node) {
  std::optional<std::vector<pid_t>> holders;
  for_each_line(log, context, [&](const Words& words) {
    // node 29413: u0000007803fc982e c000078042c98221 hs 1 hw 1 ls 0 lw 0 is 2 iw 2 tr 1 proc 488 683
    if (words[0] != "node" || words.size() < 2 || number<uint64_t>(words[1]) != node) return true;
    holders.emplace();
    bool pids = false;
    for (const std::string& word : words) {
      const auto pid = number<pid_t>(word);
      if (pids && pid.has_value()) holders->push_back(*pid);
      pids = pids || word == "proc";
    }
    return false;
  });
  return holders;
}

BinderLogs::BinderLogs(const std::string& device) {
  char resolved[PATH_MAX];
  const std::string path = realpath(device.c_str(), resolved) != nullptr ? resolved : device;
  const size_t name = path.rfind('/') + 1;
  context_ = path.substr(name);
  const std::string beside = path.substr(0, name) + "binder_logs";
  if (is_directory(beside)) {
    directories_.push_back(beside);
    return;
  }
  for (const std::string& mount : binder_mounts()) directories_.push_back(mount + "/binder_logs");
  directories_.push_back("/sys/kernel/debug/binder");
}

std::optional<std::string> BinderLogs::log_of(pid_t process) const {
  for (const std::string& directory : directories_) {
    std::ifstream file(directory + "/proc/" + std::to_string(process));
    if (!file) continue;
    std::ostringstream text;
    text << file.rdbuf();
    // Another mount may know the process by another of its devices.
    if (text.str().find("context " + context_ + "\n") != std::string::npos) return text.str();
  }
  return std::nullopt;
}

std::optional<ThreadUse> BinderLogs::threads_of(pid_t process) const {
  const auto log = log_of(process);
  if (!log.has_value()) return std::nullopt;
  std::istringstream stream(*log);
  return read_threads(stream, context_);
}

std::optional<std::vector<pid_t>> BinderLogs::clients_of(pid_t self, int32_t handle, pid_t owner) const {
  const auto own_log = log_of(self);
  const auto owners_log = log_of(owner);
  if (!own_log.has_value() || !owners_log.has_value()) return std::nullopt;
  std::istringstream own_stream(*own_log);
  const auto node = read_node_of_handle(own_stream, context_, handle);
  if (!node.has_value()) return std::nullopt;
  std::istringstream owners_stream(*owners_log);
  return read_holders(owners_stream, context_, *node);
}

}  // namespace binder_tools
