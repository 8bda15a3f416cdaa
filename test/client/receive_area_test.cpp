#include "cuse_binder/client/receive_area.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include "test/support/catch.h"

namespace cuse_binder::test {
namespace {

constexpr std::size_t kPage = 4096;

std::size_t allocated(const client::ReceiveArea& area) {
  struct stat attributes {};
  REQUIRE(fstat(area.fd(), &attributes) == 0);
  return static_cast<std::size_t>(attributes.st_blocks) * 512;
}

std::size_t resident() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, pages = 0;
  statm >> total >> pages;
  return pages * kPage;
}

std::unique_ptr<client::ReceiveArea> make() {
  auto area = client::ReceiveArea::create();
  REQUIRE(area.ok());
  return std::move(area.value());
}

}  // namespace

TEST_CASE("what the daemon writes is what a private read-only mapping shows") {
  const auto area = make();
  CHECK(area->size() == 4u << 20);
  auto* view = static_cast<std::byte*>(
      mmap(nullptr, area->size(), PROT_READ, MAP_PRIVATE | MAP_NORESERVE, area->fd(), 0));
  REQUIRE(view != MAP_FAILED);
  std::memcpy(area->data() + 12345, "text", 4);
  area->data()[area->size() - 1] = std::byte{9};
  CHECK(std::memcmp(view + 12345, "text", 4) == 0);
  CHECK(view[area->size() - 1] == std::byte{9});
  munmap(view, area->size());
}

TEST_CASE("the size of the memory is fixed for every holder") {
  const auto area = make();
  CHECK(ftruncate(area->fd(), 0) == -1);
  CHECK(errno == EPERM);
  CHECK(ftruncate(area->fd(), 8 << 20) == -1);
  CHECK(errno == EPERM);
  CHECK(fallocate(area->fd(), 0, 4 << 20, 4096) == -1);
  CHECK(errno == EPERM);
  CHECK(fcntl(area->fd(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
  CHECK(errno == EPERM);
  CHECK((fcntl(area->fd(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("discarded pages go back to the system and read as zero") {
  const auto area = make();
  auto* view = static_cast<std::byte*>(mmap(nullptr, area->size(), PROT_READ, MAP_PRIVATE, area->fd(), 0));
  REQUIRE(view != MAP_FAILED);
  std::memset(area->data(), 0x77, 64 * kPage);
  CHECK(allocated(*area) == 64 * kPage);
  // Bytes of pages that are only touched by the range stay.
  area->discard(kPage + 1, 10 * kPage);
  CHECK(allocated(*area) == 55 * kPage);
  CHECK(area->data()[2 * kPage - 1] == std::byte{0x77});
  CHECK(area->data()[11 * kPage] == std::byte{0x77});
  const auto zero = [](std::byte byte) { return byte == std::byte{0}; };
  CHECK(std::all_of(area->data() + 2 * kPage, area->data() + 11 * kPage, zero));
  CHECK(std::all_of(view + 2 * kPage, view + 11 * kPage, zero));
  // Nothing lies wholly inside these.
  area->discard(20 * kPage + 1, kPage);
  area->discard(20 * kPage, kPage - 1);
  area->discard(20 * kPage, 0);
  area->discard(area->size(), 0);
  CHECK(area->data()[20 * kPage] == std::byte{0x77});
  area->discard(0, area->size());
  CHECK(allocated(*area) == 0);
  area->data()[5 * kPage] = std::byte{1};
  CHECK(view[5 * kPage] == std::byte{1});
  munmap(view, area->size());
}

TEST_CASE("a seal against future writes would make discarding impossible") {
  // The reason for the choice of seals; if a kernel ever allows it, the choice can be made again.
  const int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  REQUIRE(fd >= 0);
  REQUIRE(ftruncate(fd, 16 * kPage) == 0);
  void* map = mmap(nullptr, 16 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  REQUIRE(map != MAP_FAILED);
  std::memset(map, 1, 16 * kPage);
  REQUIRE(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0);
  CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kPage) == -1);
  CHECK(errno == EPERM);
  CHECK(madvise(map, kPage, MADV_REMOVE) == -1);
  CHECK(errno == EPERM);
  munmap(map, 16 * kPage);
  close(fd);
}

TEST_CASE("a thousand areas cost little until they are used") {
  const std::size_t before = resident();
  std::vector<std::unique_ptr<client::ReceiveArea>> areas;
  for (int i = 0; i < 1000; ++i) areas.push_back(make());
  CHECK(resident() - before < 1000 * 8192);
}

}  // namespace cuse_binder::test
