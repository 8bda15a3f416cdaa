// The people of a case: a World with Actors (processes) and their Threads.
//
//   World w;
//   Actor& m = w.actor("manager").open().map().become_manager();
//   Actor& a = w.actor("client").open().map();
//   CHECK(a.thread().write_read(Commands().oneway(0, 7)) == gets(BR_TRANSACTION_COMPLETE));
//   CHECK(m.thread().read() == gets(BR_TRANSACTION));
//
// Every step is written to the transcript with pids, addresses and ids replaced by what they stand for, so
// that two drivers can be compared line by line. A call that does not return in time fails the case with the
// driver's state.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "test/conformance/backend.h"
#include "test/conformance/traits.h"
#include "test/conformance/wire.h"
#include "test/support/catch.h"

namespace cuse_binder::conformance {

class Actor;
class Thread;
class World;

// An expectation of a whole read: success and BR_NOOP followed by exactly these returns.
struct Gets {
  std::vector<std::uint32_t> codes;
  std::uint32_t first = BR_NOOP;  // BR_SPAWN_LOOPER where one is expected
};
template <typename... Codes>
Gets gets(Codes... codes) {
  return Gets{{static_cast<std::uint32_t>(codes)...}, BR_NOOP};
}
// The same with BR_SPAWN_LOOPER over the first word.
template <typename... Codes>
Gets spawns_and_gets(Codes... codes) {
  return Gets{{static_cast<std::uint32_t>(codes)...}, BR_SPAWN_LOOPER};
}

// A success with nothing to look at but the consumed counts.
struct Fails {
  int error;
};
inline Fails fails(int error) {
  return Fails{error};
}

// What a BINDER_WRITE_READ gave.
struct Result {
  int error = 0;
  std::uint64_t write_consumed = 0;
  std::uint64_t read_consumed = 0;
  Bytes buffer;                 // the whole read buffer afterwards, whatever was consumed
  std::vector<Return> returns;  // of [0, read_consumed), or behind the initial read_consumed
  bool continued = false;       // the initial read_consumed was not 0: there is no BR_NOOP in `returns`

  // The one return with that code; fails the case if there is none.
  const Return& only(std::uint32_t code) const;
  const binder_transaction_data& transaction() const;  // of BR_TRANSACTION or BR_TRANSACTION_SEC_CTX
  const binder_transaction_data& reply() const;
  bool has(std::uint32_t code) const;
  std::uint32_t word(std::size_t index) const;  // of the buffer
};
bool operator==(const Result& result, const Gets& expected);
bool operator==(const Result& result, const Fails& expected);
std::ostream& operator<<(std::ostream& out, const Result& result);
std::ostream& operator<<(std::ostream& out, const Gets& gets);
std::ostream& operator<<(std::ostream& out, const Fails& fails);

struct ExtendedError {
  std::uint32_t id = 0;
  std::uint32_t command = 0;
  std::int32_t param = 0;
};
// An expectation without the id.
struct Ee {
  std::uint32_t command;
  std::int32_t param;
};
inline Ee ee(std::uint32_t command, std::int32_t param = 0) {
  return Ee{command, param};
}
bool operator==(const ExtendedError& error, const Ee& expected);
std::ostream& operator<<(std::ostream& out, const ExtendedError& error);
std::ostream& operator<<(std::ostream& out, const Ee& expected);

// The raw struct of a BINDER_WRITE_READ; unset fields are filled in from the commands.
struct Frame {
  std::uint64_t read_size = 1024;
  std::uint64_t write_consumed = 0;
  std::uint64_t read_consumed = 0;
  std::optional<std::uint64_t> write_size;
  std::optional<Address> write_buffer;
  std::optional<Address> read_buffer;
};

// A call that was started and may be sleeping in the driver.
class Pending {
 public:
  // Waits until the thread really sleeps in the driver (WAITING in the driver's log, the task asleep).
  // False if the call returned instead.
  bool blocked();
  // Waits for the call to return.
  Result finish();
  // Whether it has not returned yet, without waiting for anything. Only meaningful after something that would
  // have made it return was awaited.
  bool still_pending();

 private:
  friend class Thread;
  explicit Pending(Thread& thread) : thread_(&thread) {}
  Thread* thread_;
};

class Thread {
 public:
  Thread(Actor& actor, int index, int fd);

  // BINDER_WRITE_READ with commands and a read of `read_size` bytes (0: no read).
  Result write_read(const Commands& commands, std::uint64_t read_size = 1024);
  Result write(const Commands& commands) { return write_read(commands, 0); }
  Result read(std::uint64_t read_size = 1024) { return write_read({}, read_size); }
  Result write_read(const Commands& commands, const Frame& frame);
  // Reads until one return has `code`, collecting all; for asynchronous effects. Fails after the deadline.
  Result await(std::uint32_t code);
  // Reads until a read does not fail with EAGAIN, and gives that one.
  Result read_eventually();

  Pending start(const Commands& commands, std::uint64_t read_size = 1024);
  Pending start_read(std::uint64_t read_size = 1024) { return start({}, read_size); }

  // Any ioctl. `argument` is copied into the client's memory and back; the errno (0: success) is returned.
  template <typename T>
  int ioctl(std::uint32_t request, T& argument) {
    return ioctl_bytes(request, std::as_writable_bytes(std::span<T, 1>(&argument, 1)));
  }
  int ioctl_bytes(std::uint32_t request, std::span<std::byte> argument);
  int ioctl_at(std::uint32_t request, Address argument);  // with that very pointer
  Outcome call(const Call& call);                         // any system call, waiting for it
  void start_call(const Call& call);
  std::optional<Outcome> try_finish_call();  // without waiting
  Outcome finish_call();

  // One ioctl that does nothing but create the thread state and clear must-return.
  Thread& touch();
  ExtendedError extended_error();
  short poll(short events = 0x43 /* POLLIN|POLLPRI|POLLRDNORM */, int timeout_ms = 0);
  int set_max_threads(std::uint32_t count);
  int thread_exit();           // BINDER_THREAD_EXIT, with a valid pointer
  void exit_without_a_word();  // the Linux thread ends
  void signal();
  int set_euid(uid_t euid);
  bool sleeps();

  // The thread's looper flags as the driver's log shows them.
  unsigned looper_flags();
  pid_t tid();
  Actor& actor() { return *actor_; }
  int index() const { return index_; }
  int fd() const { return fd_; }
  // The same thread on another descriptor of the process.
  Thread on(int fd) const { return Thread(*actor_, index_, fd); }

 private:
  friend class Pending;
  Address own_memory();
  Address encode_frame(const Commands& commands, const Frame& frame);
  Result decode_frame(const Outcome& outcome);
  std::string name() const;

  Actor* actor_;
  int index_;
  int fd_;
  Frame frame_;       // of the call in progress
  std::string text_;  // of the call in progress, for the transcript
  Address frame_address_ = 0, read_address_ = 0;
};

// A process. Descriptors are numbers in that process; -1 is "none".
class Actor {
 public:
  Actor(World& world, std::string name, int process);
  Actor(const Actor&) = delete;

  // Opens the device non-blocking (unless told otherwise), O_RDWR|O_CLOEXEC, and lets thread 0 make one
  // ioctl. The last opened descriptor is the one that threads use.
  Actor& open();
  Actor& open_blocking();
  int open_flags(int flags);                 // bare: returns the fd or -errno, changes nothing else
  Actor& map(std::uint64_t size = 1 << 20);  // receive area of the current descriptor
  // The address or -errno. Threads see addresses relative to the last mapping of a descriptor in the
  // transcript.
  std::int64_t mmap(int fd, std::uint64_t size, int prot, int flags, std::uint64_t offset = 0);
  int munmap(Address address, std::uint64_t size);
  int mprotect(Address address, std::uint64_t size, int prot);  // the errno, 0 for success
  Actor& become_manager(std::uint32_t flags = 0x100, std::uint64_t ptr = 0, std::uint64_t cookie = 0);
  Actor& become_plain_manager();
  void use(int fd) {
    fd_ = fd;
    threads_.clear();
  }

  // Thread `index`, started on demand; 0 is the main thread.
  Thread& thread(int index = 0);
  Result read(std::uint64_t read_size = 1024) { return thread().read(read_size); }

  int fd() const { return fd_; }
  Address mapping() const;  // of the current descriptor
  Address mapping_of(int fd) const;
  std::uint64_t mapping_size() const;
  pid_t pid();

  void close(int fd);
  void close() { close(fd_); }
  int dup(int fd);
  int fcntl(int fd, int command, std::uint64_t argument = 0);
  std::pair<int, int> pipe();  // read end, write end
  int open_path();
  bool is_open(int fd);
  bool is_cloexec(int fd);
  int write_text(int fd, std::string_view text);  // bytes or -errno
  std::string read_text(int fd, std::size_t size = 256);
  std::uint64_t set_fd_limit(std::uint64_t limit);  // RLIMIT_NOFILE; returns the old one
  void kill();
  void stop_and_continue();
  Actor& fork_child(const std::string& name);

  // Memory of the process that a case may fill and read.
  Address put(std::span<const std::byte> bytes, std::size_t alignment = 8);
  Address put_text(std::string_view text);
  Address reserve(std::size_t size, std::size_t alignment = 8);
  std::byte* at(Address address);  // in the arena
  Address unmapped();              // nothing is mapped here
  Address arena_begin();
  std::uint64_t arena_left(Address address);  // bytes from there to the end, 0 if it lies outside
  Address arena_end();                        // the first byte that faults
  // Bytes of the process, mappings included; nullopt if they fault there.
  std::optional<Bytes> peek(Address address, std::size_t size);
  Bytes data_of(const binder_transaction_data& data);
  std::string text_of(const binder_transaction_data& data);
  // Object `index` of a received buffer.
  flat_binder_object object_of(const binder_transaction_data& data, std::size_t index = 0);
  // Address in a buffer of the current descriptor, from the mapping's start.
  std::uint64_t offset_of(Address address) const { return address - mapping(); }

  const std::string& name() const { return name_; }
  World& world() { return *world_; }

 private:
  friend class Thread;
  friend class World;
  Thread& helper();  // makes the system calls of this class; never touches the driver by itself

  World* world_;
  std::string name_;
  int process_;
  int fd_ = -1;
  bool dead_ = false;
  std::map<int, std::pair<Address, std::uint64_t>> mappings_;  // by fd
  std::map<int, std::unique_ptr<Thread>> threads_;
  std::size_t first_thread_memory_ =
      0;                    // index of the first part of the arena that threads of this process use
  std::uint64_t used_ = 0;  // of the arena
};

class World {
 public:
  World();
  ~World();
  World(const World&) = delete;

  Actor& actor(const std::string& name);
  const Traits& traits() const;
  Backend& backend() { return *backend_; }

  std::string log(const std::string& file) { return backend_->log(file); }
  // Waits for an asynchronous effect: asks `holds` again and again until it does, or fails the case with
  // `what`.
  void eventually(const std::string& what, const std::function<bool()>& holds);

  // Lets `client` have a strong handle on `node` of `owner` through the manager: acquired, everything
  // acknowledged, no buffers held, nothing left at the manager. All three read without sleeping.
  std::uint32_t introduce(Thread& owner, const Node& node, Thread& client);
  // The same, for a weak-only handle.
  std::uint32_t introduce_weak(Thread& owner, const Node& node, Thread& client);
  Actor& manager();

  void note(const std::string& line);  // to the transcript
  // One return with pids and addresses replaced by what they stand for to `reader`.
  std::string explain(const Return& item, Actor& reader, int fd);

 private:
  friend class Actor;
  std::uint32_t introduce(Thread& owner, const Node& node, Thread& client, bool strong);
  std::unique_ptr<Backend> backend_;
  std::vector<std::unique_ptr<Actor>> actors_;
  Actor* manager_ = nullptr;
  // Inside eventually(): only the steps of the last attempt are recorded, so that records can be compared.
  bool attempting_ = false;
  std::vector<std::string> attempt_;
};

// Says in the transcript, and on the terminal, that this driver cannot be asked; the reason is part of the
// record.
void unreachable(World& world, const std::string& reason);

// The conventions of most cases: a manager m, a client a and a server b with node {P, C}, and a's handle on
// it.
struct Stage {
  World w;
  Actor& m;
  Actor& a;
  Actor& b;
  Node n{0x1000, 0xc0de, 0x100};
  std::uint32_t h = 0;

  Stage();
  // a sends `commands` and b reads: returns b's BR_TRANSACTION.
  binder_transaction_data deliver(const Commands& commands, std::uint64_t read_size = 1024);
};

}  // namespace cuse_binder::conformance
