// Load with sudden death: peers that call each other in every way are killed and replaced at random times,
// hostile ones beside them, while one client must be served throughout. At the end nothing is left in the
// driver.
//
//   stress churn|hostile      (BINDER_DEVICE, BINDER_LOGS and BINDERD_PID as test/daemon/on_mount sets them)
//
// CUSE_BINDER_LONG_TESTS=1 makes it minutes instead of seconds. CUSE_BINDER_SEED repeats a run as far as that
// is possible.
#include <dirent.h>
#include <poll.h>
#include <sys/mman.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "test/stress/children.h"
#include "test/stress/parties.h"

namespace cuse_binder::stress {
namespace {

using Clock = std::chrono::steady_clock;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) fail("%s is not set", name);
  return value;
}

bool long_tests() {
  const char* value = std::getenv("CUSE_BINDER_LONG_TESTS");
  return value != nullptr && *value == '1';
}

std::size_t entries(const std::string& directory) {
  std::size_t count = 0;
  DIR* open = ::opendir(directory.c_str());
  if (open == nullptr) fail("%s cannot be read: the daemon has ended", directory.c_str());
  while (::readdir(open) != nullptr) ++count;
  ::closedir(open);
  return count;
}

struct DaemonSize {
  std::size_t descriptors;
  std::size_t threads;
};

class Run {
 public:
  Run()
      : device_(environment("BINDER_DEVICE")),
        logs_(environment("BINDER_LOGS")),
        daemon_("/proc/" + environment("BINDERD_PID")),
        seed_(std::getenv("CUSE_BINDER_SEED") != nullptr
                  ? static_cast<std::uint32_t>(std::atoi(std::getenv("CUSE_BINDER_SEED")))
                  : std::random_device{}()),
        random_(seed_) {
    std::printf("stress: seed %u\n", seed_);
    void* shared = ::mmap(nullptr, sizeof(Pulse), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) fail("mmap failed");
    pulse_ = new (shared) Pulse;
    start_pair();
  }

  void churn(std::chrono::milliseconds duration) {
    constexpr std::size_t kPeers = 6;
    std::vector<Child> peers;
    for (std::size_t i = 0; i < kPeers; ++i) peers.push_back(peer());
    std::uint64_t killed = 0;
    const auto end = Clock::now() + duration;
    while (Clock::now() < end) {
      pass_time(random_() % 40);
      peers[random_() % kPeers] = peer();
      ++killed;
      check_pair();
    }
    std::printf("stress: %" PRIu64 " peers killed\n", killed);
  }

  void hostile(std::chrono::milliseconds duration) {
    std::vector<Child> hostile;
    Signal unreadable;
    hostile.emplace_back([&] { run_unreadable(device_, unreadable.writer()); });
    if (unreadable.await() == 'x')
      std::printf("stress: no userfaultfd, memory that never faults in is left out\n");
    Signal parked;
    hostile.emplace_back([&] { run_parked(device_, long_tests() ? 4000 : 1000, parked.writer()); });
    if (parked.await() == 'x') std::printf("stress: fewer threads than wanted\n");
    constexpr std::size_t kGarbage = 3;
    std::vector<Child> garbage;
    for (std::size_t i = 0; i < kGarbage; ++i) garbage.push_back(garbage_maker());
    const auto end = Clock::now() + duration;
    while (Clock::now() < end) {
      pass_time(random_() % 200);
      garbage[random_() % kGarbage] = garbage_maker();
      check_pair();
    }
  }

  // All clients go; what the driver still counts must go with them.
  void end() {
    const std::uint64_t calls = pulse_->calls;
    const std::uint64_t failed = pulse_->failed;
    std::printf("stress: %" PRIu64 " watched calls, %" PRIu64 " refused, slowest %" PRIu64 " us\n", calls,
                failed, pulse_->slowest_us.load());
    watchdog_.reset();
    manager_.reset();
    if (failed > calls / 2) fail("most of the watched calls failed");
    wait_until_nothing_is_active();
  }

  DaemonSize daemon_size() const { return {entries(daemon_ + "/fd"), entries(daemon_ + "/task")}; }

  void start_pair() {
    Signal ready;
    manager_.emplace([&] { run_manager(device_, ready.writer()); });
    ready.await();
    watchdog_.emplace([&] { run_watchdog(device_, *pulse_); });
  }

 private:
  Child peer() {
    return Child([this, seed = static_cast<std::uint32_t>(random_())] { run_peer(device_, seed); });
  }
  Child garbage_maker() {
    return Child([this, seed = static_cast<std::uint32_t>(random_())] { run_garbage(device_, seed); });
  }

  // The load goes on meanwhile; nothing is awaited.
  static void pass_time(unsigned milliseconds) { ::poll(nullptr, 0, static_cast<int>(milliseconds)); }

  // The watched client is served: it has made a call since the last look, soon or late within our patience.
  void check_pair() {
    const auto deadline = Clock::now() + kPatience;
    while (pulse_->calls == last_calls_) {
      if (watchdog_->ended() || manager_->ended()) fail("a well-behaved client has ended");
      if (Clock::now() > deadline) fail("the watched client is no longer served");
      pass_time(1);
    }
    last_calls_ = pulse_->calls;
    if (pulse_->wrong) fail("the watched client got a wrong answer");
  }

  void wait_until_nothing_is_active() const {
    const auto deadline = Clock::now() + kPatience;
    for (;;) {
      std::ifstream stats(logs_ + "/stats");
      std::string line;
      std::string left;
      unsigned seen = 0;
      while (std::getline(stats, line)) {
        const std::size_t at = line.find(": active ");
        if (at == std::string::npos) continue;
        ++seen;
        if (line.find(": active 0 ") == std::string::npos) left += line + "; ";
      }
      if (seen > 0 && left.empty()) return;
      if (Clock::now() > deadline)
        fail("left in the driver: %s", seen > 0 ? left.c_str() : "stats cannot be read");
      pass_time(5);
    }
  }

  const std::string device_;
  const std::string logs_;
  const std::string daemon_;
  const std::uint32_t seed_;
  std::mt19937 random_;
  Pulse* pulse_;
  std::optional<Child> manager_;
  std::optional<Child> watchdog_;
  std::uint64_t last_calls_ = 0;
};

int run(const std::string& what) {
  if (what != "churn" && what != "hostile") fail("usage: stress churn|hostile");
  const auto round = std::chrono::seconds(long_tests() ? 120 : 8);
  Run run;
  const auto load = [&](std::chrono::milliseconds duration) {
    if (what == "churn") {
      run.churn(duration);
    } else {
      run.hostile(duration);
    }
    run.end();
  };
  load(round / 4);
  const DaemonSize before = run.daemon_size();
  run.start_pair();
  load(round);
  const DaemonSize after = run.daemon_size();
  std::printf("stress: daemon had %zu descriptors and %zu threads, now %zu and %zu\n", before.descriptors,
              before.threads, after.descriptors, after.threads);
  // What a longer run holds more than a short one is a leak. Some helper threads are started when first
  // needed.
  if (after.descriptors > before.descriptors + 4 || after.threads > before.threads + 8)
    fail("the daemon has grown");
  return 0;
}

}  // namespace
}  // namespace cuse_binder::stress

int main(int argc, char** argv) {
  return cuse_binder::stress::run(argc == 2 ? argv[1] : "");
}
