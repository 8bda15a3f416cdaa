// What a driver's log `state` says of our processes, with everything left out that differs from run to run.
//
// Ids become numbers in the order in which they are first seen, pids and tids become names, addresses of the
// kernel, ages and priorities go. Two drivers that are in the same state give the same lines.
//
// One thing is lost: printing a node makes the kernel's driver look at it anew, which queues an item for its
// owner when only the owner's buffers hold it. Such items of a process are left out, whoever queued them.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cuse_binder::differential {

class Picture {
 public:
  // Processes without a name do not appear. Names stay when a process has died: logs go on naming it.
  void name_process(pid_t pid, const std::string& name) { processes_[pid] = name; }
  void name_thread(pid_t tid, const std::string& name) { threads_[tid] = name; }

  std::vector<std::string> of(const std::string& state);

 private:
  std::string process(std::string_view pid) const;
  std::string process_and_thread(std::string_view both) const;  // "12:13"
  std::string id(std::string_view number);                      // also with a ':' at its end
  std::string line(std::string_view text);
  void leave_out_items_made_by_printing(std::vector<std::string>& lines) const;

  std::map<pid_t, std::string> processes_;
  std::map<pid_t, std::string> threads_;
  std::map<std::string, int, std::less<>> ids_;
};

}  // namespace cuse_binder::differential
