#include "test/fuzz/parcel_program.h"

#include <binder/Binder.h>
#include <binder/Parcel.h>
#include <binder/Stability.h>
#include <binder/Status.h>
#include <binder/WireDialect.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utils/String16.h>
#include <utils/String8.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <vector>

#include "test/fuzz/input.h"
#include "test/parcel/support/parcel_access.h"
#include "test/parcel/support/readers.h"

namespace cuse_binder::fuzz {

namespace {

using android::BBinder;
using android::Parcel;
using android::sp;
using android::String16;
using android::internal::ParcelAccess;
using android::internal::WireDialect;

constexpr std::size_t kMaxSteps = 200;
constexpr std::size_t kMaxBytes = 1 << 13;
constexpr std::size_t kMaxFds = 32;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "parcel_program: %s\n", what);
  std::abort();
}

int g_released;
void release(const std::uint8_t*, std::size_t, const binder_size_t*, std::size_t) {
  ++g_released;
}

// Binders and descriptors of one run; it ends with proof that nobody holds them any more.
class Things {
 public:
  Things() : binder_(new BBinder()) {
    require(pipe2(pipe_, O_CLOEXEC) == 0, "no pipe");
    memory_ = memfd_create("blob", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    require(memory_ >= 0 && ftruncate(memory_, 4096) == 0, "no memory");
    fcntl(memory_, F_ADD_SEALS, F_SEAL_SHRINK);
  }
  ~Things() {
    close(pipe_[1]);
    pollfd entry{pipe_[0], POLLIN, 0};
    require(poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0, "a descriptor is left open");
    close(pipe_[0]);
    close(memory_);
    require(binder_->getStrongCount() == 1, "a binder is still referenced");
  }
  const sp<BBinder>& binder() const { return binder_; }
  // The caller's; -1 if there were many already.
  int fd(bool blob) { return fds_++ < kMaxFds ? dup(blob ? memory_ : pipe_[1]) : -1; }
  int borrowed() const { return pipe_[1]; }

 private:
  sp<BBinder> binder_;
  int pipe_[2];
  int memory_;
  std::size_t fds_ = 0;
};

// What the driver delivers.
class Delivery {
 public:
  Delivery(Input* input, Things* things) {
    for (std::size_t i = input->pick(40); i > 0 && !input->done(); --i) add(input, things);
    for (std::size_t i = input->pick(4); i > 0; --i) spoil(input);
  }
  ~Delivery() {
    if (given_) require(g_released == 1, "memory was not given back exactly once");
    for (const int fd : unused_) close(fd);
  }
  void give(Parcel* parcel) {
    given_ = true;
    g_released = 0;
    ParcelAccess::receive(parcel, data_.data(), data_.size(), table_.data(), table_.size(), release);
    // The driver would never send a wrong table with descriptors in it; the parcel does not own those then.
    if (parcel->objectsCount() == 0) unused_ = fds_;
  }

 private:
  template <typename T>
  void put(const T& value) {
    const std::size_t at = data_.size();
    data_.resize(at + sizeof value);
    std::memcpy(data_.data() + at, &value, sizeof value);
  }
  void putObject(std::uint32_t type, std::uint64_t binder, std::uint64_t cookie, bool listed) {
    flat_binder_object object{};
    object.hdr.type = type;
    object.binder = binder;
    object.cookie = cookie;
    if (listed) {
      table_.push_back(data_.size());
      objects_.push_back(data_.size());
    }
    put(object);
  }
  void add(Input* input, Things* things) {
    switch (input->pick(9)) {
      case 0:
        put(input->number<std::uint32_t>());
        return;
      case 1:
        put(static_cast<std::int32_t>(input->pick(6)) - 1);
        return;
      case 2:
        put(std::uint32_t{0});
        return;
      case 3: {  // a string that is one
        const auto length = static_cast<std::int32_t>(input->pick(8));
        put(length);
        for (std::int32_t i = 0; i < (length + 2) / 2 * 2; ++i) {
          put(i < length ? input->number<char16_t>() : char16_t{0});
        }
        return;
      }
      case 4:
        putObject(BINDER_TYPE_BINDER, 0, 0, input->rarely(4));
        return;
      case 5:
        putObject(BINDER_TYPE_BINDER, reinterpret_cast<std::uintptr_t>(things->binder()->getWeakRefs()),
                  reinterpret_cast<std::uintptr_t>(things->binder().get()), !input->rarely(4));
        put(std::int32_t{android::internal::Stability::SYSTEM});
        return;
      case 6: {
        const int fd = things->fd(input->rarely(2));
        if (fd < 0) return;
        fds_.push_back(fd);
        putObject(BINDER_TYPE_FD, static_cast<std::uint64_t>(fd), input->pick(2), true);
        return;
      }
      case 7:  // a token
        put(input->number<std::uint32_t>());
        put(input->number<std::uint32_t>());
        put(B_PACK_CHARS('S', 'Y', 'S', 'T'));
        return;
      default:
        for (const std::byte byte : input->take(4 * input->pick(16)))
          data_.push_back(static_cast<std::uint8_t>(byte));
        while (data_.size() % 4 != 0) data_.push_back(0);
        return;
    }
  }
  // A table that is wrong. It must not make an object of bytes that merely look like one: that would be the
  // driver's doing, and there is no defence.
  void spoil(Input* input) {
    switch (input->pick(4)) {
      case 0: {
        const binder_size_t offset = input->number<std::uint16_t>();
        if (offset + sizeof(flat_binder_object) <= data_.size()) {
          std::uint32_t type;
          std::memcpy(&type, data_.data() + offset, sizeof type);
          if (type == BINDER_TYPE_BINDER || type == BINDER_TYPE_HANDLE || type == BINDER_TYPE_FD) return;
        }
        table_.insert(
            table_.begin() + static_cast<long>(input->pick(static_cast<unsigned>(table_.size() + 1))),
            offset);
        return;
      }
      case 1:
        table_.push_back(input->number<std::uint64_t>() | 1ull << 40);
        return;
      case 2:
        if (table_.size() > 1) std::swap(table_.front(), table_.back());
        return;
      default:
        return;
    }
  }

  std::vector<std::uint8_t> data_;
  std::vector<binder_size_t> table_;
  std::vector<binder_size_t> objects_;
  std::vector<int> fds_;
  std::vector<int> unused_;
  bool given_ = false;
};

void write(Input* input, Things* things, Parcel* parcel) {
  if (parcel->dataSize() > kMaxBytes) return;
  switch (input->pick(14)) {
    case 0:
      parcel->writeInt32(input->number<std::int32_t>());
      return;
    case 1:
      parcel->writeInt64(input->number<std::int64_t>());
      return;
    case 2:
      parcel->writeStrongBinder(things->binder());
      return;
    case 3:
      parcel->writeStrongBinder(sp<android::IBinder>());
      return;
    case 4: {
      const int fd = things->fd(false);
      if (fd >= 0 && parcel->writeFileDescriptor(fd, true) != android::OK) close(fd);
      return;
    }
    case 5:
      parcel->writeFileDescriptor(things->borrowed());
      return;
    case 6: {
      const auto bytes = input->take(input->byte());
      parcel->write(bytes.data(), bytes.size());
      return;
    }
    case 7: {
      const auto bytes = input->take(input->byte());
      parcel->writeUnpadded(bytes.data(), bytes.size());
      return;
    }
    case 8: {
      const auto bytes = input->take(input->byte());
      const auto* text = reinterpret_cast<const char*>(bytes.data());
      parcel->writeUtf8AsUtf16(std::string(text, bytes.size()));
      return;
    }
    case 9:
      parcel->writeInterfaceToken(String16("a.IFoo"));
      return;
    case 10: {
      Parcel::WritableBlob blob;
      const std::size_t size = input->rarely(4) ? 20000 : input->byte();
      if (parcel->writeBlob(size, input->rarely(2), &blob) == android::OK) std::memset(blob.data(), 0, size);
      return;
    }
    case 11:
      android::binder::Status::fromServiceSpecificError(input->byte(), "x").writeToParcel(parcel);
      return;
    case 12:
      parcel->writeBoolVector(std::vector<bool>(input->byte()));
      return;
    default:
      parcel->writeDupFileDescriptor(things->borrowed());
      return;
  }
}

void change(Input* input, Parcel* parcel, Parcel* other) {
  switch (input->pick(12)) {
    case 0:
      parcel->setDataSize(input->number<std::uint16_t>() % 4096);
      return;
    case 1:
      parcel->setDataCapacity(input->number<std::uint16_t>());
      return;
    case 2:
      parcel->freeData();
      parcel->setServiceFuzzing();
      return;
    case 3:
      parcel->markSensitive();
      return;
    case 4: {
      const std::size_t start = input->number<std::uint16_t>();
      const std::size_t size = input->number<std::uint16_t>();
      if (other->dataSize() < kMaxBytes) other->appendFrom(parcel, start, size);
      return;
    }
    case 5:
      if (parcel->dataSize() < kMaxBytes) parcel->appendFrom(parcel, 0, parcel->dataSize());
      return;
    case 6:
      parcel->closeFileDescriptors();
      return;
    case 7:
      parcel->restoreAllowFds(input->rarely(2));
      return;
    case 8: {
      const auto bytes = input->take(input->byte());
      parcel->setData(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      return;
    }
    case 9:
      parcel->replaceCallingWorkSourceUid(input->number<uid_t>());
      return;
    case 10:
      android::binder::Status::ok().writeOverParcel(parcel);
      return;
    default:
      parcel->setEnforceNoDataAvail(input->rarely(2));
      return;
  }
}

void look(Input* input, const Parcel& parcel, const Parcel& other) {
  bool has = false;
  int order = 0;
  const std::size_t offset = input->number<std::uint16_t>();
  const std::size_t size = input->byte();
  switch (input->pick(6)) {
    case 0:
      parcel.hasFileDescriptorsInRange(offset, size, &has);
      return;
    case 1:
      parcel.hasBindersInRange(offset, size, &has);
      return;
    case 2:
      parcel.compareDataInRange(offset, other, size, size, &order);
      return;
    case 3: {
      std::ostringstream text;
      parcel.print(text);
      return;
    }
    case 4:
      parcel.debugReadAllStrongBinders();
      parcel.debugReadAllFileDescriptors();
      parcel.getOpenAshmemSize();
      return;
    default:
      parcel.enforceNoDataAvail();
      parcel.readCallingWorkSourceUid();
      parcel.compareData(other);
      return;
  }
}

}  // namespace

void run_parcel_program(std::span<const std::uint8_t> bytes) {
  Input input(bytes);
  const std::size_t memory = Parcel::getGlobalAllocSize();
  constexpr unsigned kDialects =
      static_cast<unsigned>(WireDialect::kAndroid13) - static_cast<unsigned>(WireDialect::kAndroid9) + 1;
  android::internal::setWireDialect(
      static_cast<WireDialect>(static_cast<unsigned>(WireDialect::kAndroid9) + input.pick(kDialects)));
  {
    Things things;
    Delivery delivery(&input, &things);
    Parcel parcels[2];
    for (Parcel& parcel : parcels) parcel.setServiceFuzzing();
    delivery.give(&parcels[0]);
    parcels[0].setServiceFuzzing();
    for (std::size_t step = 0; step < kMaxSteps && !input.done(); ++step) {
      const unsigned which = input.pick(2);
      Parcel& parcel = parcels[which];
      switch (input.pick(8)) {
        case 0:
          write(&input, &things, &parcel);
          break;
        case 1:
          change(&input, &parcel, &parcels[1 - which]);
          break;
        case 2:
          look(&input, parcel, parcels[1 - which]);
          break;
        case 3:
          parcel.setDataPosition(input.number<std::uint16_t>());
          break;
        default:
          parcel_readers::kAll[input.pick(parcel_readers::kCount)].read(parcel);
          break;
      }
    }
    for (Parcel& parcel : parcels) parcel.freeData();
  }
  require(Parcel::getGlobalAllocSize() == memory, "memory is left");
}

}  // namespace cuse_binder::fuzz
