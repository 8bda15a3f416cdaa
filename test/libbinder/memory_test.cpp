// Shared memory: heaps, pieces of heaps, and peers that lie about them.
#include <binder/IMemory.h>
#include <binder/MemoryBase.h>
#include <binder/MemoryDealer.h>
#include <binder/MemoryHeapBase.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <random>

#include "memory/simple_best_fit_allocator.h"
#include "test/libbinder/lambda_binder.h"
#include "test/libbinder/party.h"
#include "test/support/catch.h"

using namespace android;
using cuse_binder::test::InProcessDriver;
using cuse_binder::test::kPatience;
using cuse_binder::test::make_binder;
using cuse_binder::test::Party;

namespace {

const size_t kPage = static_cast<size_t>(sysconf(_SC_PAGESIZE));

// How often memory of this name is mapped in the test program.
int mappings_of(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);)
    count += line.find("/memfd:" + name + " ") != std::string::npos ? 1 : 0;
  return count;
}

// Answers every call with the binder.
sp<BBinder> giver_of(const sp<IBinder>& binder) {
  return make_binder(
      [binder](uint32_t, const Parcel&, Parcel* reply) { return reply->writeStrongBinder(binder); });
}

sp<IBinder> ask_for_binder(const Party& client) {
  Parcel data;
  Parcel reply;
  REQUIRE(client.process()->getContextObject(nullptr)->transact(IBinder::FIRST_CALL_TRANSACTION, data,
                                                                &reply) == OK);
  return reply.readStrongBinder();
}

base::unique_fd memory_file(size_t size) {
  base::unique_fd fd(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(fd.get() >= 0);
  REQUIRE(ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
  return fd;
}

// One that is in no file system's list any more, and cannot be sealed.
base::unique_fd disk_file(size_t size) {
  FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  base::unique_fd fd(fcntl(fileno(file), F_DUPFD_CLOEXEC, 0));
  std::fclose(file);
  REQUIRE(ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
  return fd;
}

// Of binders that have ended.
class Count {
 public:
  void watch(const sp<IBinder>& binder) {
    binder->attachObject(this, this, nullptr, [](const void*, void* count, void*) {
      auto* const self = static_cast<Count*>(count);
      const std::lock_guard lock(self->mutex_);
      ++self->ended_;
      self->changed_.notify_all();
    });
  }
  bool reaches(int number) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return ended_ >= number; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int ended_ = 0;
};

// A heap that says what the test wants.
sp<BBinder> lying_heap(int fd, uint64_t size, int64_t offset, uint32_t flags) {
  return make_binder([=](uint32_t, const Parcel&, Parcel* reply) {
    reply->writeDupFileDescriptor(fd);
    reply->writeUint64(size);
    reply->writeInt64(offset);
    return reply->writeUint32(flags);
  });
}

}  // namespace

TEST_CASE("a heap is the same memory in both processes") {
  InProcessDriver driver;
  Party server(driver);
  const sp<MemoryHeapBase> heap(new MemoryHeapBase(3 * kPage - 5, 0, "same_memory"));
  REQUIRE(heap->getHeapID() >= 0);
  CHECK(heap->getSize() == 3 * kPage);
  server.serve(giver_of(heap));
  Party client(driver);
  client.as([&] {
    const sp<IMemoryHeap> remote = interface_cast<IMemoryHeap>(ask_for_binder(client));
    REQUIRE(remote != nullptr);
    REQUIRE(remote->getBase() != MAP_FAILED);
    CHECK(remote->getBase() != heap->getBase());
    CHECK(remote->getSize() == 3 * kPage);
    CHECK(remote->getFlags() == 0);
    CHECK(remote->getOffset() == 0);
    std::memcpy(heap->getBase(), "from the owner", 15);
    CHECK(std::strcmp(static_cast<char*>(remote->getBase()), "from the owner") == 0);
    static_cast<char*>(remote->getBase())[3 * kPage - 1] = 'x';
    CHECK(static_cast<char*>(heap->getBase())[3 * kPage - 1] == 'x');
  });
}

TEST_CASE("a heap is mapped once for all its proxies, and until the last one goes") {
  InProcessDriver driver;
  Party server(driver);
  server.serve(giver_of(sp<MemoryHeapBase>(new MemoryHeapBase(kPage, 0, "mapped_once"))));
  Party client(driver);
  client.as([&] {
    const sp<IBinder> binder = ask_for_binder(client);
    CHECK(mappings_of("mapped_once") == 1);  // its owner's
    sp<IMemoryHeap> first = interface_cast<IMemoryHeap>(binder);
    sp<IMemoryHeap> second = interface_cast<IMemoryHeap>(binder);
    CHECK(first != second);
    CHECK(mappings_of("mapped_once") == 1);
    CHECK(first->getBase() == second->getBase());
    CHECK(first->getHeapID() == second->getHeapID());
    CHECK(mappings_of("mapped_once") == 2);
    first = nullptr;
    CHECK(mappings_of("mapped_once") == 2);
    second = nullptr;
    CHECK(mappings_of("mapped_once") == 1);
    // And again.
    first = interface_cast<IMemoryHeap>(binder);
    CHECK(first->getBase() != MAP_FAILED);
    CHECK(mappings_of("mapped_once") == 2);
  });
}

TEST_CASE("threads that ask at the same time get one mapping") {
  InProcessDriver driver;
  Party server(driver);
  server.serve(giver_of(sp<MemoryHeapBase>(new MemoryHeapBase(kPage, 0, "at_once"))));
  Party client(driver);
  const sp<IBinder> binder = client.as([&] { return ask_for_binder(client); });
  sp<IMemoryHeap> shared = client.as([&] { return interface_cast<IMemoryHeap>(binder); });
  std::vector<std::future<void*>> bases;
  for (int i = 0; i < 8; ++i) {
    bases.push_back(client.async([shared] { return shared->getBase(); }));
    bases.push_back(client.async([binder, shared] {
      // Kept meanwhile: without a proxy that has it, the mapping would go and come anew.
      const sp<IMemoryHeap> other = interface_cast<IMemoryHeap>(binder);
      void* const base = other->getBase();
      return base == shared->getBase() ? base : nullptr;
    }));
  }
  for (auto& base : bases) CHECK(base.get() == client.as([&] { return shared->getBase(); }));
  CHECK(mappings_of("at_once") == 2);
  bases.clear();
  client.as([&] {
    shared = nullptr;
    const_cast<sp<IBinder>&>(binder) = nullptr;
  });
  CHECK(mappings_of("at_once") == 1);
}

TEST_CASE("memory outlives the process that made it") {
  InProcessDriver driver;
  Party client(driver);
  auto server = std::make_unique<Party>(driver);
  {
    const sp<MemoryHeapBase> heap(new MemoryHeapBase(kPage, 0, "outlives"));
    std::memcpy(heap->getBase(), "testament", 10);
    server->serve(giver_of(heap));
  }
  client.as([&] {
    const sp<IBinder> binder = ask_for_binder(client);
    sp<IMemoryHeap> remote = interface_cast<IMemoryHeap>(binder);
    REQUIRE(remote->getBase() != MAP_FAILED);
    server->die();
    CHECK(binder->pingBinder() == DEAD_OBJECT);
    CHECK(std::strcmp(static_cast<char*>(remote->getBase()), "testament") == 0);
    // Another proxy of what is mapped still finds it.
    CHECK(interface_cast<IMemoryHeap>(binder)->getBase() == remote->getBase());
    remote = nullptr;
    CHECK(mappings_of("outlives") == 0);
    CHECK(interface_cast<IMemoryHeap>(binder)->getBase() == MAP_FAILED);
    CHECK(interface_cast<IMemoryHeap>(binder)->getHeapID() == -1);
    CHECK(interface_cast<IMemoryHeap>(binder)->getSize() == 0);
  });
}

TEST_CASE("a read-only heap is written by its owner only") {
  InProcessDriver driver;
  Party server(driver);
  const sp<MemoryHeapBase> heap(new MemoryHeapBase(kPage, MemoryHeapBase::READ_ONLY));
  REQUIRE(heap->getHeapID() >= 0);
  server.serve(giver_of(heap));
  Party client(driver);
  client.as([&] {
    const sp<IMemoryHeap> remote = interface_cast<IMemoryHeap>(ask_for_binder(client));
    REQUIRE(remote->getBase() != MAP_FAILED);
    CHECK(remote->getFlags() == IMemoryHeap::READ_ONLY);
    static_cast<char*>(heap->getBase())[7] = 'o';
    CHECK(static_cast<char*>(remote->getBase())[7] == 'o');
    CHECK(mprotect(remote->getBase(), kPage, PROT_READ | PROT_WRITE) != 0);
    CHECK(mmap(nullptr, kPage, PROT_WRITE, MAP_SHARED, remote->getHeapID(), 0) == MAP_FAILED);
    CHECK(pwrite(remote->getHeapID(), "p", 1, 0) < 0);
  });
}

TEST_CASE("a heap has the seals that its flags say") {
  constexpr int kFixed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  const auto seals = [](uint32_t flags) {
    return fcntl(sp<MemoryHeapBase>(new MemoryHeapBase(kPage, flags))->getHeapID(), F_GET_SEALS);
  };
  CHECK(seals(0) == kFixed);
  CHECK(seals(MemoryHeapBase::FORCE_MEMFD) == kFixed);
  CHECK(seals(MemoryHeapBase::READ_ONLY) == (kFixed | F_SEAL_FUTURE_WRITE));
  CHECK(seals(MemoryHeapBase::MEMFD_ALLOW_SEALING) == 0);
  CHECK(seals(MemoryHeapBase::MEMFD_ALLOW_SEALING | MemoryHeapBase::READ_ONLY) == F_SEAL_FUTURE_WRITE);
}

TEST_CASE("what is mapped cannot be shrunk any more") {
  InProcessDriver driver;
  Party server(driver);
  const sp<MemoryHeapBase> heap(new MemoryHeapBase(2 * kPage, MemoryHeapBase::MEMFD_ALLOW_SEALING));
  server.serve(giver_of(heap));
  Party client(driver);
  client.as([&] {
    const sp<IMemoryHeap> remote = interface_cast<IMemoryHeap>(ask_for_binder(client));
    REQUIRE(remote->getBase() != MAP_FAILED);
    CHECK(ftruncate(heap->getHeapID(), 0) != 0);
    CHECK(static_cast<volatile char*>(remote->getBase())[kPage] == 0);
  });
}

TEST_CASE("a heap that is only for others is not mapped by its owner") {
  InProcessDriver driver;
  Party server(driver);
  const sp<MemoryHeapBase> heap(new MemoryHeapBase(kPage, MemoryHeapBase::DONT_MAP_LOCALLY, "for_others"));
  CHECK(heap->getHeapID() >= 0);
  CHECK(heap->getBase() == nullptr);
  CHECK(heap->getSize() == kPage);
  CHECK(sp<MemoryBase>(new MemoryBase(heap, 8, 8))->unsecurePointer() == nullptr);
  CHECK(mappings_of("for_others") == 0);
  server.serve(giver_of(heap));
  Party client(driver);
  client.as([&] {
    const sp<IMemoryHeap> remote = interface_cast<IMemoryHeap>(ask_for_binder(client));
    REQUIRE(remote->getBase() != MAP_FAILED);
    std::memcpy(remote->getBase(), "abc", 4);
    char text[4] = {};
    CHECK(pread(heap->getHeapID(), text, 4, 0) == 4);
    CHECK(std::string(text) == "abc");
  });
}

TEST_CASE("a heap is made of a file") {
  InProcessDriver driver;
  const auto file = disk_file(3 * kPage);
  REQUIRE(pwrite(file.get(), "second page", 12, static_cast<off_t>(kPage)) == 12);
  Party server(driver);
  const sp<MemoryHeapBase> heap(new MemoryHeapBase(file.get(), kPage, 0, static_cast<off_t>(kPage)));
  REQUIRE(heap->getHeapID() >= 0);
  CHECK(heap->getHeapID() != file.get());
  CHECK(heap->getDevice() == nullptr);
  server.serve(giver_of(heap));
  Party client(driver);
  client.as([&] {
    const sp<IMemoryHeap> remote = interface_cast<IMemoryHeap>(ask_for_binder(client));
    REQUIRE(remote->getBase() != MAP_FAILED);
    CHECK(remote->getOffset() == static_cast<off_t>(kPage));
    CHECK(std::strcmp(static_cast<char*>(remote->getBase()), "second page") == 0);
  });
  // All of it, and by its path.
  CHECK(sp<MemoryHeapBase>(new MemoryHeapBase(file.get(), 0))->getSize() == 3 * kPage);
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  const sp<MemoryHeapBase> named(new MemoryHeapBase(path.c_str()));
  CHECK(named->getSize() == 3 * kPage);
  CHECK(std::string(named->getDevice()) == path);
  const sp<MemoryHeapBase> none(new MemoryHeapBase("/no/such/device"));
  CHECK(none->getHeapID() == -1);
  CHECK(none->getBase() == MAP_FAILED);
  CHECK(none->getDevice() == nullptr);
  CHECK(sp<MemoryHeapBase>(new MemoryHeapBase(std::numeric_limits<size_t>::max()))->getHeapID() == -1);
}

TEST_CASE("a heap that is not what it says is not mapped") {
  struct Lie {
    const char* what;
    base::unique_fd fd;
    uint64_t size;
    int64_t offset;
  };
  const auto page = static_cast<uint64_t>(kPage);
  const auto offset = static_cast<int64_t>(kPage);
  std::vector<Lie> lies;
  lies.push_back({"larger than the file", memory_file(kPage), 2 * page, 0});
  lies.push_back({"one byte larger", memory_file(kPage), page + 1, 0});
  lies.push_back({"larger than a file that cannot be sealed", disk_file(kPage), 2 * page, 0});
  lies.push_back({"behind its end", memory_file(2 * kPage), 2 * page, offset});
  lies.push_back({"all behind its end", memory_file(kPage), page, 16 * offset});
  lies.push_back({"an empty file", memory_file(0), page, 0});
  lies.push_back({"nothing", memory_file(kPage), 0, 0});
  lies.push_back({"a negative size", memory_file(kPage), std::numeric_limits<uint64_t>::max(), 0});
  lies.push_back(
      {"a size that wraps", memory_file(kPage), std::numeric_limits<uint64_t>::max() - page + 2, offset});
  lies.push_back({"a negative offset", memory_file(kPage), page, -offset});
  lies.push_back({"an offset that wraps", memory_file(kPage), page, std::numeric_limits<int64_t>::max() - 1});
  lies.push_back({"an offset within a page", memory_file(2 * kPage), page, 1});
  lies.push_back({"a directory", base::unique_fd(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), page, 0});
  lies.push_back(
      {"something without memory", base::unique_fd(open("/dev/null", O_RDWR | O_CLOEXEC)), page, 0});
  lies.push_back(
      {"writable, but it is not", base::unique_fd(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), page, 0});
  for (const Lie& lie : lies) {
    INFO(lie.what);
    REQUIRE(lie.fd.get() >= 0);
    InProcessDriver driver;
    Party server(driver);
    const sp<BBinder> heap = lying_heap(lie.fd.get(), lie.size, lie.offset, 0);
    server.serve(make_binder([&](uint32_t code, const Parcel&, Parcel* reply) -> status_t {
      reply->writeStrongBinder(heap);
      if (code == 1) return OK;
      reply->writeInt64(0);
      return reply->writeUint64(1);
    }));
    Party client(driver);
    client.as([&] {
      const sp<IMemoryHeap> remote = interface_cast<IMemoryHeap>(ask_for_binder(client));
      CHECK(remote->getBase() == MAP_FAILED);
      CHECK(remote->getSize() == 0);
      CHECK(remote->getHeapID() == -1);
      const sp<IMemory> memory = interface_cast<IMemory>(client.process()->getContextObject(nullptr));
      CHECK(memory->unsecurePointer() == nullptr);
      CHECK(memory->size() == 0);
    });
  }
}

TEST_CASE("answers that are no heap are refused") {
  InProcessDriver driver;
  Party server(driver);
  server.serve(make_binder([](uint32_t, const Parcel&, Parcel* reply) -> status_t {
    // Numbers where the file is to be.
    for (int i = 0; i < 8; ++i) reply->writeInt32(i);
    return OK;
  }));
  Party client(driver);
  client.as([&] {
    const sp<IBinder> binder = client.process()->getContextObject(nullptr);
    CHECK(interface_cast<IMemoryHeap>(binder)->getBase() == MAP_FAILED);
    CHECK(interface_cast<IMemory>(binder)->getMemory() == nullptr);
  });
}

TEST_CASE("a piece of memory is where its owner says, within its heap") {
  const auto size = static_cast<int64_t>(2 * kPage);
  struct Piece {
    int64_t offset;
    uint64_t size;
    bool inside;
  };
  const Piece pieces[] = {
      {0, 2 * kPage, true},
      {100, 28, true},
      {size - 1, 1, true},
      {0, 2 * kPage + 1, false},
      {size, 1, false},
      {1, 2 * kPage, false},
      {-1, 1, false},
      {std::numeric_limits<int64_t>::min(), 8, false},
      {std::numeric_limits<int64_t>::max(), 8, false},
      {8, std::numeric_limits<uint64_t>::max(), false},
      {8, std::numeric_limits<uint64_t>::max() - 4, false},
      {8, 0, false},
  };
  for (const Piece& piece : pieces) {
    INFO(piece.size << " bytes at " << piece.offset);
    InProcessDriver driver;
    Party server(driver);
    const sp<MemoryHeapBase> heap(new MemoryHeapBase(2 * kPage));
    server.serve(make_binder([&](uint32_t, const Parcel&, Parcel* reply) {
      reply->writeStrongBinder(heap);
      reply->writeInt64(piece.offset);
      return reply->writeUint64(piece.size);
    }));
    Party client(driver);
    client.as([&] {
      const sp<IMemory> memory = interface_cast<IMemory>(client.process()->getContextObject(nullptr));
      ssize_t offset = -1;
      size_t length = 7;
      const sp<IMemoryHeap> found = memory->getMemory(&offset, &length);
      if (piece.inside) {
        REQUIRE(found != nullptr);
        CHECK(offset == piece.offset);
        CHECK(length == piece.size);
        CHECK(memory->unsecurePointer() == static_cast<char*>(found->getBase()) + offset);
        CHECK(memory->fastPointer(IInterface::asBinder(found), offset) == memory->unsecurePointer());
        CHECK(memory->fastPointer(IInterface::asBinder(found), size) == nullptr);
        CHECK(memory->fastPointer(IInterface::asBinder(found), -1) == nullptr);
      } else {
        CHECK(found == nullptr);
        CHECK(length == 0);
        // Even of nothing there may be a place.
        if (piece.size != 0) CHECK(offset == 0);
      }
    });
  }
}

TEST_CASE("a heap that cannot be had is asked for again") {
  InProcessDriver driver;
  Party server(driver);
  const auto file = memory_file(kPage);
  std::atomic<bool> ready{false};
  server.serve(make_binder([&](uint32_t, const Parcel&, Parcel* reply) -> status_t {
    if (!ready) return INVALID_OPERATION;
    reply->writeDupFileDescriptor(file.get());
    reply->writeUint64(kPage);
    reply->writeInt64(0);
    return reply->writeUint32(0);
  }));
  Party client(driver);
  client.as([&] {
    const sp<IMemoryHeap> heap = interface_cast<IMemoryHeap>(client.process()->getContextObject(nullptr));
    CHECK(heap->getBase() == MAP_FAILED);
    ready = true;
    CHECK(heap->getBase() != MAP_FAILED);
  });
}

TEST_CASE("a piece of a dealer is another process's memory and comes back when that drops it") {
  InProcessDriver driver;
  Party server(driver);
  const sp<MemoryDealer> dealer(new MemoryDealer(2 * kPage, "dealer"));
  Count gone;
  server.serve(make_binder([&](uint32_t, const Parcel&, Parcel* reply) {
    const sp<IBinder> piece = IInterface::asBinder(dealer->allocate(kPage));
    if (piece != nullptr) gone.watch(piece);
    return reply->writeStrongBinder(piece);
  }));
  Party client(driver);
  client.as([&] {
    const auto ask = [&] { return interface_cast<IMemory>(ask_for_binder(client)); };
    const sp<IMemory> first = ask();
    const sp<IMemory> second = ask();
    REQUIRE(first != nullptr);
    REQUIRE(second != nullptr);
    CHECK(first->size() == kPage);
    CHECK(first->offset() == 0);
    CHECK(second->offset() == static_cast<ssize_t>(kPage));
    CHECK(static_cast<char*>(second->unsecurePointer()) ==
          static_cast<char*>(first->unsecurePointer()) + kPage);
    CHECK(mappings_of("dealer") == 2);
    CHECK(ask() == nullptr);
  });
  client.die();
  CHECK(gone.reaches(2));
  server.as([&] { CHECK(dealer->allocate(2 * kPage) != nullptr); });
}

TEST_CASE("a dealer gives what is free, and no more") {
  const sp<MemoryDealer> dealer(new MemoryDealer(kPage, "dealer"));
  CHECK(MemoryDealer::getAllocationAlignment() == 32);
  CHECK(dealer->getMemoryHeap()->getSize() == kPage);
  const sp<IMemory> small = dealer->allocate(1);
  const sp<IMemory> next = dealer->allocate(33);
  REQUIRE(small != nullptr);
  REQUIRE(next != nullptr);
  CHECK(small->size() == 1);
  CHECK(next->offset() == 32);
  CHECK(next->size() == 33);
  CHECK(dealer->allocate(kPage) == nullptr);
  CHECK(dealer->allocate(kPage - 96 + 1) == nullptr);
  const sp<IMemory> rest = dealer->allocate(kPage - 96);
  REQUIRE(rest != nullptr);
  CHECK(rest->offset() == 96);
  CHECK(dealer->allocate(1) == nullptr);
  // Nothing is always there, and giving it back frees nothing.
  CHECK(dealer->allocate(0) != nullptr);
  CHECK(dealer->allocate(1) == nullptr);
  dealer->dump("as the log shows it");
}

TEST_CASE("a dealer whose heap others cannot write gives pieces, too") {
  const sp<MemoryDealer> dealer(new MemoryDealer(4 * kPage, "dealer", MemoryHeapBase::READ_ONLY));
  for (int i = 0; i < 3; ++i) {
    const sp<IMemory> memory = dealer->allocate(4 * kPage);
    REQUIRE(memory != nullptr);
    std::memset(memory->unsecurePointer(), i, memory->size());
  }
}

TEST_CASE("returned pages go back to the kernel") {
  const sp<MemoryDealer> dealer(new MemoryDealer(64 * kPage, "dealer"));
  const auto used = [&] {
    struct stat file;
    REQUIRE(fstat(dealer->getMemoryHeap()->getHeapID(), &file) == 0);
    return static_cast<size_t>(file.st_blocks) * 512;
  };
  size_t peak = 0;
  const sp<IMemory> stays = dealer->allocate(100);
  std::memset(stays->unsecurePointer(), 'x', 100);
  {
    const sp<IMemory> memory = dealer->allocate(32 * kPage);
    std::memset(memory->unsecurePointer(), 'y', memory->size());
    peak = used();
    CHECK(peak >= 32 * kPage);
  }
  CHECK(used() + 31 * kPage <= peak);
  CHECK(static_cast<char*>(stays->unsecurePointer())[99] == 'x');
}

TEST_CASE("the best place is the smallest, and of equals the first") {
  SimpleBestFitAllocator allocator(kPage);
  CHECK(allocator.size() == kPage);
  // Holes of 64 at 32, 32 at 128, 64 at 192.
  CHECK(allocator.allocate(32) == 0);
  CHECK(allocator.allocate(64) == 32);
  CHECK(allocator.allocate(32) == 96);
  CHECK(allocator.allocate(32) == 128);
  CHECK(allocator.allocate(32) == 160);
  CHECK(allocator.allocate(64) == 192);
  CHECK(allocator.allocate(32) == 256);
  for (const size_t hole : {size_t{32}, size_t{128}, size_t{192}}) CHECK(allocator.deallocate(hole) == OK);
  CHECK(allocator.deallocate(32) == NAME_NOT_FOUND);
  CHECK(allocator.deallocate(33) == NAME_NOT_FOUND);
  CHECK(allocator.allocate(20) == 128);
  CHECK(allocator.allocate(33) == 32);
  CHECK(allocator.allocate(64) == 192);
  CHECK(allocator.allocate(96) == 288);
  // Neighbours become one: from the front, from behind, and both.
  CHECK(allocator.deallocate(32) == OK);
  CHECK(allocator.deallocate(128) == OK);
  CHECK(allocator.deallocate(96) == OK);
  CHECK(allocator.allocate(128) == 32);
  CHECK(allocator.allocate(std::numeric_limits<size_t>::max()) == NO_MEMORY);
  const std::string text = allocator.dump("heading");
  CHECK(text.find("  heading (") == 0);
  CHECK(text.find("| 0x00000020 | 0x00000080 | A \n") != std::string::npos);
  CHECK(text.find("  size allocated: 384 (0 KB)\n") != std::string::npos);
}

TEST_CASE("whatever is allocated and freed, pieces do not overlap and nothing is lost") {
  std::mt19937 random(GENERATE(1u, 2u, 3u));
  SimpleBestFitAllocator allocator(8 * kPage);
  std::map<size_t, size_t> pieces;  // by offset
  for (int step = 0; step < 4000; ++step) {
    if (!pieces.empty() && random() % 2 == 0) {
      auto piece = pieces.begin();
      std::advance(piece, random() % pieces.size());
      REQUIRE(allocator.deallocate(piece->first) == OK);
      pieces.erase(piece);
      continue;
    }
    const size_t size = 1 + random() % (random() % 8 == 0 ? 2 * kPage : 200);
    const size_t rounded = (size + 31) / 32 * 32;
    const ssize_t offset = allocator.allocate(size);
    // The model: the smallest gap that is large enough.
    size_t best = std::numeric_limits<size_t>::max();
    size_t where = 0;
    size_t end = 0;
    const auto gap = [&](size_t begin, size_t next) {
      if (next - begin >= rounded && next - begin < best) best = next - begin, where = begin;
    };
    for (const auto& [begin, length] : pieces) {
      gap(end, begin);
      end = begin + length;
    }
    gap(end, 8 * kPage);
    if (best == std::numeric_limits<size_t>::max()) {
      REQUIRE(offset == NO_MEMORY);
    } else {
      REQUIRE(offset == static_cast<ssize_t>(where));
      pieces[where] = rounded;
    }
  }
  for (const auto& piece : pieces) REQUIRE(allocator.deallocate(piece.first) == OK);
  CHECK(allocator.allocate(8 * kPage) == 0);
}
