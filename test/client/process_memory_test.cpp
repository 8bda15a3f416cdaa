#include "cuse_binder/client/process_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <thread>
#include <vector>

#include "test/client/borrowed_client.h"
#include "test/support/catch.h"

namespace cuse_binder::test {
namespace {

constexpr std::size_t kPage = 4096;

// Three pages in a row as a child sees them: readable and writable, read-only, nothing.
class RemotePages {
 public:
  RemotePages()
      : start_(static_cast<std::byte*>(
            mmap(nullptr, 4 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))),
        child_([this](const auto& report) {
          mprotect(start_ + 2 * kPage, kPage, PROT_READ);
          munmap(start_ + 3 * kPage, kPage);
          report(0);
          pause();
        }) {
    REQUIRE(child_.next_report() == 0);
    for (std::size_t i = 0; i < 4 * kPage; ++i) start_[i] = static_cast<std::byte>(i * 7 + i / 256);
  }
  ~RemotePages() { munmap(start_, 4 * kPage); }
  pid_t tid() const { return child_.pid(); }
  std::uint64_t address(std::size_t offset) const {
    return reinterpret_cast<std::uintptr_t>(start_) + offset;
  }
  std::byte* seen(std::size_t offset) const { return start_ + offset; }  // the same memory, ours

 private:
  std::byte* start_;
  BorrowedClient child_;
};

}  // namespace

TEST_CASE("the count is exact to the first byte that faults, wherever it is") {
  RemotePages pages;
  client::ProcessMemory memory;
  for (const std::size_t before :
       {std::size_t{0}, std::size_t{1}, std::size_t{8}, kPage - 1, kPage, kPage + 1, 3 * kPage}) {
    for (const std::size_t after : {std::size_t{0}, std::size_t{1}, std::size_t{5000}}) {
      INFO(before << " bytes before the fault, " << after << " behind");
      std::vector<std::byte> buffer(before + after);
      const iovec local{buffer.data(), buffer.size()};
      const client::RemotePiece remote{pages.address(3 * kPage - before), before + after};
      CHECK(memory.read(pages.tid(), {&local, 1}, {&remote, 1}) == before);
      CHECK(std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(before),
                       pages.seen(3 * kPage - before)));
    }
  }
  // Writing ends where the read-only page begins.
  for (const std::size_t before : {std::size_t{0}, std::size_t{1}, kPage + 3}) {
    std::vector<std::byte> buffer(before + 10, std::byte{0x5a});
    const iovec local{buffer.data(), buffer.size()};
    const client::RemotePiece remote{pages.address(2 * kPage - before), buffer.size()};
    CHECK(memory.write(pages.tid(), {&local, 1}, {&remote, 1}) == before);
    CHECK(std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(before),
                     pages.seen(2 * kPage - before)));
    CHECK(*pages.seen(2 * kPage) == static_cast<std::byte>((2 * kPage * 7 + 2 * kPage / 256) & 0xff));
  }
}

TEST_CASE("many pieces, split differently on both sides, are copied in order") {
  RemotePages pages;
  client::ProcessMemory memory;
  for (const std::size_t count : {2, 16, 63, 64, 65, 1000, 3000}) {
    INFO(count << " pieces");
    std::vector<client::RemotePiece> remote;
    std::vector<std::byte> expected;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t offset = i * 37 % (2 * kPage), size = i % 5;  // empty ones as well
      remote.push_back({pages.address(offset), size});
      expected.insert(expected.end(), pages.seen(offset), pages.seen(offset + size));
    }
    std::vector<std::byte> buffer(expected.size());
    std::vector<iovec> local;
    for (std::size_t done = 0, i = 0; done < buffer.size(); ++i) {
      const std::size_t size = std::min(i % 4, buffer.size() - done);
      local.push_back({buffer.data() + done, size});
      done += size;
    }
    CHECK(memory.read(pages.tid(), local, remote) == expected.size());
    CHECK(buffer == expected);
  }
}

TEST_CASE("a fault in one of many pieces ends the copy there") {
  RemotePages pages;
  client::ProcessMemory memory;
  for (const std::size_t bad : {0, 1, 63, 64, 65, 199}) {
    std::vector<client::RemotePiece> remote;
    for (std::size_t i = 0; i < 200; ++i) remote.push_back({pages.address(i * 8), 8});
    remote[bad] = {pages.address(3 * kPage - 3), 8};
    std::vector<std::byte> buffer(1600, std::byte{0xee});
    const iovec local{buffer.data(), buffer.size()};
    CHECK(memory.read(pages.tid(), {&local, 1}, remote) == bad * 8 + 3);
    CHECK(buffer[bad * 8 + 3] == std::byte{0xee});
  }
}

TEST_CASE("senseless ranges are faults") {
  RemotePages pages;
  client::ProcessMemory memory;
  std::byte byte[16]{};
  const iovec local{byte, sizeof byte};
  const std::uint64_t all = ~std::uint64_t{0};
  for (const client::RemotePiece remote : {client::RemotePiece{0, 16},
                                           {all, 16},
                                           {all - 15, 16},
                                           {1ull << 63, 16},
                                           {0, all},
                                           {all, all},
                                           {1, all},
                                           {0x7ffffffff000, 16},
                                           {all - 3, 1ull << 63}}) {
    INFO(remote.address << " " << remote.size);
    CHECK(memory.read(pages.tid(), {&local, 1}, {&remote, 1}) == 0);
    CHECK(memory.write(pages.tid(), {&local, 1}, {&remote, 1}) == 0);
  }
  // A piece that wraps around ends the copy although another one follows.
  const client::RemotePiece wrapping[] = {{pages.address(0), 4}, {all - 1, 8}, {pages.address(0), 4}};
  CHECK(memory.read(pages.tid(), {&local, 1}, wrapping) == 4);
  // A huge piece is as good as the part of it that is asked for.
  const client::RemotePiece huge{pages.address(0), 1ull << 63};
  CHECK(memory.read(pages.tid(), {&local, 1}, {&huge, 1}) == sizeof byte);
  CHECK(memory.read(pages.tid(), {}, {&huge, 1}) == 0);
  CHECK(memory.read(pages.tid(), {&local, 1}, {}) == 0);
}

TEST_CASE("a client that is gone has no memory") {
  client::ProcessMemory memory;
  std::byte byte[16]{};
  const iovec local{byte, sizeof byte};
  const client::RemotePiece remote{reinterpret_cast<std::uintptr_t>(byte), sizeof byte};
  CHECK(memory.read(0x3fffffff, {&local, 1}, {&remote, 1}) == 0);
}

TEST_CASE("any thread stands for its process", "[no-tsan]") {
  std::int64_t tid = 0;
  int value = 17, copy = 0;
  BorrowedClient client([&](const auto& report) {
    value = 18;
    std::thread([&] {
      report(gettid());
      pause();
    }).join();
  });
  tid = client.next_report();
  CHECK(tid != client.pid());
  client::ProcessMemory memory;
  const iovec local{&copy, sizeof copy};
  const client::RemotePiece remote{reinterpret_cast<std::uintptr_t>(&value), sizeof value};
  CHECK(memory.read(static_cast<pid_t>(tid), {&local, 1}, {&remote, 1}) == sizeof copy);
  CHECK(copy == 18);
}

TEST_CASE("one call is made where one is enough, and calls are counted") {
  RemotePages pages;
  client::ProcessMemory memory;
  std::byte buffer[64]{};
  const iovec local[] = {{buffer, 32}, {buffer + 32, 32}};
  const client::RemotePiece remote[] = {{pages.address(0), 16}, {pages.address(100), 48}};
  CHECK(memory.accesses() == 0);
  CHECK(memory.read(pages.tid(), local, remote) == 64);
  CHECK(memory.accesses() == 1);
}

TEST_CASE("without the permission every access is a fault and the caller is not disturbed") {
  RemotePages pages;
  BorrowedClient stranger([&](const auto& report) {
    if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) _exit(1);
    client::ProcessMemory memory;
    std::byte byte{};
    const iovec local{&byte, 1};
    const client::RemotePiece remote{pages.address(0), 1};
    report(static_cast<std::int64_t>(memory.read(pages.tid(), {&local, 1}, {&remote, 1})));
    report(static_cast<std::int64_t>(memory.accesses()));
  });
  CHECK(stranger.next_report() == 0);
  CHECK(stranger.next_report() == 1);
}

}  // namespace cuse_binder::test
