// Another program that runs for a measurement: it ends with this object, and with this process.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace cuse_binder::bench {

class StartedProgram {
 public:
  struct Options {
    std::vector<std::string> words;                    // the program, looked for in PATH, and its arguments
    std::filesystem::path directory;                   // for its log and its socket; outlives this object
    std::map<std::string, std::string> environment{};  // in addition to ours
    // Wait until it says "READY=1" (sd_notify's protocol).
    bool says_ready = true;
    int inherited = -1;  // a descriptor that it gets under the same number
  };

  explicit StartedProgram(Options options);
  // Asks it to end by SIGTERM, and kills it if it does not.
  ~StartedProgram();
  StartedProgram(const StartedProgram&) = delete;
  StartedProgram& operator=(const StartedProgram&) = delete;

  pid_t pid() const { return pid_; }

 private:
  void start();
  void wait_until_ready(int notifications);
  void stop();
  std::string log() const;

  Options options_;
  std::string name_;
  pid_t pid_ = -1;
};

}  // namespace cuse_binder::bench
