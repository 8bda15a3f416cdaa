#include <sys/mman.h>
#include <sys/uio.h>

#include <cstring>

#include "bench/measurements.h"
#include "bench/support/caller.h"
#include "bench/support/error.h"
#include "bench/support/live_subject.h"
#include "bench/support/placement.h"

namespace cuse_binder::bench {
namespace {

constexpr const char* kGroup = "Payload: what it adds to the 64-byte call, against one process_vm_readv";

// A process that reads another one's memory into shared memory, as a daemon does that copies only once.
class RemoteRead {
 public:
  RemoteRead()
      : source_(kMaxRequest, 1),
        owner_("owner of memory",
               [&](Channel& channel) {
                 std::memset(source_.data(), 0x5a,
                             source_.size());  // a copy of its own, at the parent's address
                 channel.say_ready();
                 channel.next_order();
               }),
        reader_("remote reader", [&](Channel& channel) { read(channel); }) {}

  Child& reader() { return reader_; }
  std::vector<pid_t> pids() const { return {owner_.pid(), reader_.pid()}; }

 private:
  [[noreturn]] void read(Channel& channel) {
    void* to = mmap(nullptr, kMaxRequest, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (to == MAP_FAILED) throw_errno("mmap");
    std::memset(to, 0, kMaxRequest);
    channel.say_ready();
    follow_orders(channel, [&](std::size_t size) {
      const iovec local{to, size}, remote{source_.data(), size};
      if (process_vm_readv(owner_.pid(), &local, 1, &remote, 1, 0) != static_cast<ssize_t>(size))
        throw_errno("process_vm_readv");
    });
  }

  std::vector<unsigned char> source_;
  Child owner_;
  Child reader_;
};

}  // namespace

void measure_payload_cost(const Settings& settings, const Subjects& subjects, Report& report) {
  auto live = start_all(subjects, kGroup, report);
  RemoteRead peer;
  std::vector<pid_t> pids = peer.pids();
  for (const auto& subject : live)
    for (const pid_t pid : subject->pids()) pids.push_back(pid);

  for (const Placement& placement : kPlacements) {
    const auto placed = placement.apply(pids, settings.cpu);
    for (const std::size_t size : {std::size_t{4096}, std::size_t{65536}, kMaxRequest}) {
      // Fewer of the large ones, so that a round stays short enough to alternate often.
      const std::uint64_t calls = size == kMaxRequest ? settings.calls / 8 : settings.calls / 2;
      std::vector<Series> ours(live.size());
      Series peers;
      for (int round = -1; round < settings.rounds; round++) {
        for (std::size_t i = 0; i < live.size(); i++) {
          const double small = live[i]->client().ask({.calls = calls}).median_us;
          const double large = live[i]->client().ask({.calls = calls, .size = size}).median_us;
          if (round >= 0) ours[i].add(large - small);
        }
        const double one_read = peer.reader().ask({.calls = calls, .size = size}).median_us;
        if (round >= 0) peers.add(one_read);
      }
      for (std::size_t i = 0; i < live.size(); i++)
        report.add({kGroup, std::to_string(size / 1024) + " KiB, " + placement.name, live[i]->name(), "µs",
                    ours[i], "remote read", peers, size >= 65536 ? "≤ 1.3" : "", ""});
    }
  }
}

}  // namespace cuse_binder::bench
