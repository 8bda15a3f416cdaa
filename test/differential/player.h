// Plays steps on a driver, one at a time, and writes down everything that its clients can see of each.
//
//   actor(size,blocking,process,unmapped)   before all other steps: opens the device and maps it. blocking:
//   reads sleep.
//                                           process=K: the process of actor K-1, so that both have one pid
//   wr(a,t,rs,…)[commands]   BINDER_WRITE_READ of thread t of actor a; commands.h. rs: bytes to read (1024;
//   0: none)
//     rfault, wfault         the read or write buffer cannot be touched        rc, wc  initial consumed
//     counts
//   exit(a,t) max(v) poll ee version spam(v) manager(flags,n,c,plain) nodedebug(n) noderef(h,r)
//   freeze(who,enable) frozen(who) ioctl(req,null)       the other ioctls
//   kill(a) close(a) open(a,size) signal(a,t) fds(a)
//
// A thread that sleeps in a read is left alone until it returns: steps for it do nothing. After each step the
// threads that sleep are looked at until it is certain for each of them that it has returned or goes on
// sleeping.
#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "test/differential/cast.h"
#include "test/differential/commands.h"
#include "test/differential/picture.h"
#include "test/differential/sequence.h"

namespace cuse_binder::differential {

// What an actor has seen so far; the generator makes its choices from it.
struct Held {
  std::uint64_t offset;  // in the receive area
  bool has_fds;
};

struct Seen {
  std::vector<Held> held;                // buffers received and not freed
  std::set<std::uint32_t> handles;       // received
  std::vector<Term> announcements;       // BR_INCREFS, BR_ACQUIRE as the command that acknowledges them
  std::vector<std::uint64_t> deaths;     // cookies of BR_DEAD_BINDER
  std::vector<std::uint64_t> freezes;    // cookies of BR_FROZEN_BINDER
  std::array<int, kThreads> incoming{};  // synchronous calls read by that thread
};

class Player {
 public:
  enum class Pictures { none, at_end, each_step };

  Player(Cast& cast, Pictures pictures);
  ~Player();
  Player(const Player&) = delete;

  // The step and what came of it, as lines.
  std::vector<std::string> play(const Term& step);
  // Ends all actors; lines about what is left.
  std::vector<std::string> finish();

  int actors() const { return static_cast<int>(actors_.size()); }
  const Seen& seen(int actor) const { return actors_[static_cast<std::size_t>(actor)].seen; }
  bool alive(int actor) const;
  bool open(int actor) const { return actors_[static_cast<std::size_t>(actor)].fd >= 0; }
  bool busy(int actor, int thread) const;
  // Whether one step ended the sleep of several threads of a process. Which of them got what depends on how
  // fast they run, on any driver.
  bool raced() const { return raced_; }

 private:
  struct Process {
    int number = -1;  // of the backend
    std::string name;
    bool dead = false;
    std::uint64_t used = 0;  // of the arena, in this step
    std::array<bool, kThreads> busy{};
    int highest_fd = 2;
    int pipe_end = -1;
    int path = -1;
    int files = 0;  // open device files
  };
  struct Reading {  // a BINDER_WRITE_READ that has not returned
    bool active = false;
    std::uint64_t read_consumed = 0;
    std::uint64_t read_size = 0;
    bool readable = true;
    std::vector<std::pair<std::uint64_t, Held>> frees;  // ends of the commands that free buffers
  };
  struct Actor {
    std::size_t process = 0;
    int fd = -1;
    conformance::Address mapping = 0;
    std::uint64_t size = 0;
    bool blocking = false;
    Seen seen;
    std::array<Reading, kThreads> reading;
  };
  class Voice;  // the Sender of one step

  conformance::Backend& backend() { return cast_->backend(); }
  Process& process_of(const Actor& actor) { return processes_[actor.process]; }
  std::string name_of(const Actor& actor, int thread) const;
  void say(const std::string& line) { lines_.push_back("  " + line); }

  conformance::Outcome call(Actor& actor, int thread, const conformance::Call& call);
  conformance::Address place(Process& process, std::span<const std::byte> bytes);
  std::vector<std::byte> peek(Actor& actor, conformance::Address address, std::uint64_t size);
  int ioctl(Actor& actor, int thread, std::uint32_t request, std::span<std::byte> argument);

  void enter(const Term& step);
  void open_file(Actor& actor, const Term& step);
  void start_process(Process& process);
  void die(std::size_t process);
  void close(Actor& actor);
  void write_read(Actor& actor, int thread, const Term& step);
  // True if the call has returned, which is then written down; false if it sleeps for certain.
  bool settle(Actor& actor, int thread);
  void returned(Actor& actor, int thread, const conformance::Outcome& outcome);
  std::string explain(Actor& actor, int thread, const conformance::Return& item);
  std::string contents(Actor& actor, const binder_transaction_data& data, Held& held);
  std::string address(const Actor& actor, conformance::Address address) const;
  std::string pid_name(pid_t pid);
  void other(Actor& actor, int thread, const Term& step);
  void list_descriptors(Actor& actor);
  void take_picture();

  Cast* cast_;
  Pictures pictures_;
  Picture picture_;
  std::vector<Process> processes_;
  std::vector<Actor> actors_;
  std::vector<std::string> lines_;
  long active_before_ = 0;
  long open_files_ = 0;
  std::vector<std::size_t> woken_;  // processes, one entry for each thread that returned in this step
  bool raced_ = false;
  bool lost_ = false;  // the driver did not do what must happen: nothing more is played
};

}  // namespace cuse_binder::differential
