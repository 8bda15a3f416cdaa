// A program under test: started, listened to, signalled, awaited. Whatever does not come in time fails the
// test.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::test {

// How long anything may take; generous, because sanitizers and loaded machines are slow.
inline constexpr int kPatienceMilliseconds = 60'000;

class Program {
 public:
  // Standard output and standard error go into one pipe. `in_child` runs before exec (drop privileges, set
  // variables).
  explicit Program(std::vector<std::string> arguments, const std::function<void()>& in_child = {});
  // Kills what still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // Reads on until `text` has appeared behind what earlier calls have found; everything up to the end of its
  // line.
  std::string expect(const std::string& text);
  // Exit status, or 128 + signal. Reads all output first.
  int wait();
  // All that was read so far.
  const std::string& output() const { return output_; }

 private:
  bool read_more();  // false at the end

  pid_t pid_ = -1;
  bool reaped_ = false;
  base::UniqueFd pipe_;
  std::string output_;
  std::size_t searched_ = 0;
};

// Waits until a process that is not our child has ended.
void wait_for_end_of(pid_t pid);
// The process with `argument` among its arguments, -1 if there is none.
pid_t find_process(const std::string& argument);
// Waits until the file, which need not exist yet, contains `text`.
void wait_for_text(const std::string& path, const std::string& text);
std::string contents(const std::string& path);

}  // namespace cuse_binder::test
