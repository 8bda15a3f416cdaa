// Where a case runs: real processes before a device file, or fake ones before the protocol layer.
//
// A backend offers processes with threads and a memory arena, and executes one system call at a time on each
// thread. Everything above (World, Actor, Thread) is the same for all backends. Used from one thread only.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace cuse_binder::conformance {

enum class Sys : std::uint32_t {
  open_device,   // flags
  close,         // fd
  ioctl,         // fd, request, argument
  mmap,          // fd, length, prot, flags, offset
  munmap,        // address, length
  mprotect,      // address, length, prot
  poll,          // fd, events, timeout in ms (-1: for ever) → revents
  read,          // fd, address, count
  write,         // fd, address, count
  lseek,         // fd, offset, whence
  dup,           // fd
  pipe,          // address of int[2]
  open_path,     // O_PATH descriptor of "/"
  fcntl,         // fd, command, argument
  set_fd_limit,  // RLIMIT_NOFILE → previous soft limit
  set_euid,      // of the calling thread alone
  peek,          // from, to, length: copies in the process; EFAULT if `from` faults (SIGBUS, SIGSEGV)
  same_file,     // fd, fd of the same process: 1 if both are the same open file description
  exit_thread,   // ends the thread without telling the driver; never answers
};

struct Call {
  Sys sys;
  std::array<std::uint64_t, 6> args{};
};

struct Outcome {
  std::int64_t value = -1;
  int error = 0;  // positive errno
};

struct ThreadRef {
  int process;
  int thread;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // A new process; its thread 0 exists. The number names it here.
  virtual int spawn(const std::string& name) = 0;
  // The child that process `parent` gets by fork(): same descriptors, same arena, no device mapping.
  virtual int fork_child(int parent, const std::string& name) = 0;
  virtual void kill(int process) = 0;  // SIGKILL, and waits until it is gone
  virtual pid_t pid(int process) = 0;
  virtual pid_t tid(ThreadRef thread) = 0;  // starts the thread if it does not exist
  // Shared memory of the case and the process, at the same address in both. An unmapped page follows it.
  virtual std::span<std::byte> arena(int process) = 0;

  virtual void start(ThreadRef thread, const Call& call) = 0;
  // The outcome of the call that was started, waiting at most `patience`; nullopt if it has not come.
  virtual std::optional<Outcome> outcome(ThreadRef thread, std::chrono::milliseconds patience) = 0;
  // Whether the thread sleeps in a call that it started. An in-process backend knows, a device backend looks.
  virtual bool sleeps(ThreadRef thread) = 0;

  virtual void signal(ThreadRef thread) = 0;        // a signal with a handler that has SA_RESTART
  virtual void stop_and_continue(int process) = 0;  // SIGSTOP, wait until stopped, SIGCONT

  virtual std::string log(
      const std::string& file) = 0;  // "state", "stats", "proc/<pid>" …; empty if there is none
  // Makes the security module offer this label for every process; false where the machine decides.
  virtual bool set_security_label(const std::string& label) = 0;
  // What the driver still shows of the processes of this backend after they were killed; empty if nothing.
  virtual std::string leftovers() = 0;
  // False if blocked calls never answer by themselves, so that waiting for an effect can end at once.
  virtual bool asynchronous() const = 0;
};

std::unique_ptr<Backend> make_device_backend(const std::string& device, const std::string& logs);
std::unique_ptr<Backend> make_in_process_backend();

}  // namespace cuse_binder::conformance
