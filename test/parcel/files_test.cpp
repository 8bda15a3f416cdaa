// File descriptors in parcels, and what is made of them.
#include <binder/Parcel.h>
#include <binder/ParcelFileDescriptor.h>
#include <linux/android/binder.h>
#include <sys/mman.h>
#include <utils/Flattenable.h>

#include "test/parcel/support/bytes.h"
#include "test/parcel/support/fds.h"
#include "test/parcel/support/parcel_access.h"
#include "test/support/catch.h"

using namespace android;
using base::unique_fd;

TEST_CASE("a descriptor is an object with its owner in its cookie") {
  Pipe pipe;
  const int fd = pipe.get();
  {
    Parcel parcel;
    REQUIRE(parcel.writeFileDescriptor(fd) == OK);
    CHECK(bytesOf(parcel) == Bytes().u32(BINDER_TYPE_FD).u32(0).i64(fd).i64(0).vector());
    CHECK(parcel.objectsCount() == 1);
    CHECK(parcel.hasFileDescriptors());
    parcel.setDataPosition(0);
    CHECK(parcel.readFileDescriptor() == fd);
  }
  CHECK(isOpen(fd));
  {
    Parcel parcel;
    REQUIRE(parcel.writeFileDescriptor(pipe.release(), true) == OK);
    CHECK(bytesOf(parcel) == Bytes().u32(BINDER_TYPE_FD).u32(0).i64(fd).i64(1).vector());
  }
  CHECK(pipe.closedEverywhere());
}

TEST_CASE("duplicates belong to the parcel, and those that are read to the reader") {
  Pipe pipe;
  unique_fd got;
  {
    Parcel parcel;
    REQUIRE(parcel.writeDupFileDescriptor(pipe.get()) == OK);
    REQUIRE(parcel.writeUniqueFileDescriptor(unique_fd(dup(pipe.get()))) == OK);
    pipe.close();
    CHECK(!pipe.closedEverywhere());
    parcel.setDataPosition(0);
    REQUIRE(parcel.readUniqueFileDescriptor(&got) == OK);
    CHECK((fcntl(got.get(), F_GETFD) & FD_CLOEXEC) != 0);
    unique_fd second;
    REQUIRE(parcel.readUniqueFileDescriptor(&second) == OK);
    CHECK(pipe.isSameFile(second.get()));
  }
  CHECK(!pipe.closedEverywhere());
  got.reset();
  CHECK(pipe.closedEverywhere());
}

TEST_CASE("vectors of descriptors") {
  Pipe pipes[2];
  std::vector<unique_fd> fds;
  for (Pipe& pipe : pipes) fds.emplace_back(pipe.release());
  Parcel parcel;
  REQUIRE(parcel.writeUniqueFileDescriptorVector(fds) == OK);
  REQUIRE(parcel.writeUniqueFileDescriptorVector(std::optional<std::vector<unique_fd>>()) == OK);
  parcel.setDataPosition(0);
  std::vector<unique_fd> got;
  REQUIRE(parcel.readUniqueFileDescriptorVector(&got) == OK);
  REQUIRE(got.size() == 2);
  CHECK(pipes[0].isSameFile(got[0].get()));
  CHECK(pipes[1].isSameFile(got[1].get()));
  std::optional<std::vector<unique_fd>> none(std::in_place);
  REQUIRE(parcel.readUniqueFileDescriptorVector(&none) == OK);
  CHECK(!none);
}

TEST_CASE("descriptors can be forbidden") {
  Pipe pipe;
  Parcel with;
  REQUIRE(with.writeDupFileDescriptor(pipe.get()) == OK);
  Parcel parcel;
  CHECK(parcel.allowFds());
  const bool before = parcel.pushAllowFds(false);
  CHECK(before);
  CHECK(parcel.pushAllowFds(true) == false);  // it cannot be allowed again like this
  CHECK(parcel.writeDupFileDescriptor(pipe.get()) == FDS_NOT_ALLOWED);
  CHECK(parcel.writeFileDescriptor(pipe.get()) == FDS_NOT_ALLOWED);
  CHECK(parcel.appendFrom(&with, 0, with.dataSize()) == FDS_NOT_ALLOWED);
  CHECK(parcel.dataSize() == 0);
  parcel.restoreAllowFds(before);
  CHECK(parcel.writeFileDescriptor(pipe.get()) == OK);
  CHECK(parcel.writeDupFileDescriptor(-1) == -EBADF);
}

TEST_CASE("an appended descriptor is a duplicate") {
  Pipe pipe;
  Parcel target;
  {
    Parcel source;
    REQUIRE(source.writeFileDescriptor(pipe.get()) == OK);
    REQUIRE(target.appendFrom(&source, 0, source.dataSize()) == OK);
  }
  CHECK(target.hasFileDescriptors());
  bool has = false;
  REQUIRE(target.hasFileDescriptorsInRange(0, 24, &has) == OK);
  CHECK(has);
  REQUIRE(target.hasFileDescriptorsInRange(0, 23, &has) == OK);
  CHECK(!has);
  CHECK(target.hasFileDescriptorsInRange(1, 24, &has) == BAD_VALUE);
  target.setDataPosition(0);
  const int fd = target.readFileDescriptor();
  CHECK(fd != pipe.get());
  CHECK(pipe.isSameFile(fd));
  pipe.close();
  CHECK(!pipe.closedEverywhere());
  target.closeFileDescriptors();
  CHECK(pipe.closedEverywhere());
}

TEST_CASE("a binder is no descriptor, and nothing is none") {
  Parcel parcel;
  parcel.writeStrongBinder(sp<IBinder>(new BBinder()));
  parcel.setDataPosition(0);
  CHECK(parcel.readFileDescriptor() == BAD_TYPE);
  unique_fd got;
  CHECK(parcel.readUniqueFileDescriptor(&got) == BAD_TYPE);
  Parcel empty;
  CHECK(empty.readFileDescriptor() == BAD_TYPE);
  CHECK(empty.readParcelFileDescriptor() == BAD_TYPE);
}

TEST_CASE("ParcelFileDescriptor has a word in front that says that there is no second descriptor") {
  Pipe pipe;
  os::ParcelFileDescriptor file(unique_fd(pipe.release()));
  Parcel parcel;
  REQUIRE(parcel.writeParcelable(file) == OK);
  REQUIRE(parcel.dataSize() == 8 + 24);
  CHECK(std::vector<uint8_t>(parcel.data(), parcel.data() + 8) == Bytes().i32(1).i32(0).vector());
  parcel.setDataPosition(0);
  os::ParcelFileDescriptor got;
  REQUIRE(parcel.readParcelable(&got) == OK);
  CHECK(pipe.isSameFile(got.get()));
  CHECK(got != file);
  file.reset();
  got.reset();
  parcel.freeData();
  CHECK(pipe.closedEverywhere());

  std::optional<os::ParcelFileDescriptor> null;
  REQUIRE(parcel.writeNullableParcelable(null) == OK);
  REQUIRE(parcel.writeParcelable(os::ParcelFileDescriptor()) != OK);
}

TEST_CASE("the owner of a ParcelFileDescriptor is told that it was taken over") {
  Pipe pipe;
  unique_fd left;
  unique_fd right;
  REQUIRE(base::Socketpair(SOCK_STREAM, &left, &right));
  Parcel parcel;
  parcel.writeInt32(1);
  parcel.writeFileDescriptor(pipe.get());
  parcel.writeFileDescriptor(right.get());
  parcel.setDataPosition(0);
  CHECK(parcel.readParcelFileDescriptor() == pipe.get());
  uint8_t message[8];
  REQUIRE(read(left.get(), message, sizeof(message)) == 4);
  CHECK(std::vector<uint8_t>(message, message + 4) == std::vector<uint8_t>{0, 0, 0, 2});
}

TEST_CASE("a large blob is shared memory that its sender cannot take away") {
  constexpr size_t kSize = 100000;
  const bool is_mutable = GENERATE(false, true);
  CAPTURE(is_mutable);
  Parcel parcel;
  {
    Parcel::WritableBlob blob;
    REQUIRE(parcel.writeBlob(kSize, is_mutable, &blob) == OK);
    REQUIRE(blob.size() == kSize);
    memset(blob.data(), 0x5a, kSize);
  }
  CHECK(parcel.objectsCount() == 1);
  CHECK(parcel.getOpenAshmemSize() == kSize);
  parcel.setDataPosition(0);
  CHECK(parcel.readInt32() == (is_mutable ? 2 : 1));
  parcel.setDataPosition(0);
  Parcel::ReadableBlob got;
  REQUIRE(parcel.readBlob(kSize, &got) == OK);
  CHECK(got.isMutable() == is_mutable);
  CHECK((got.mutableData() != nullptr) == is_mutable);
  CHECK(static_cast<const uint8_t*>(got.data())[kSize - 1] == 0x5a);
  CHECK(ftruncate(got.fd(), 0) != 0);
  void* writable = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, got.fd(), 0);
  CHECK((writable != MAP_FAILED) == is_mutable);
  if (writable != MAP_FAILED) munmap(writable, kSize);

  Parcel forwarded;
  REQUIRE(forwarded.writeDupImmutableBlobFileDescriptor(got.fd()) == OK);
  got.release();
  parcel.freeData();
  forwarded.setDataPosition(0);
  Parcel::ReadableBlob again;
  CHECK(forwarded.readBlob(kSize + 1, &again) == BAD_VALUE);
  forwarded.setDataPosition(0);
  REQUIRE(forwarded.readBlob(kSize, &again) == OK);
  CHECK(static_cast<const uint8_t*>(again.data())[0] == 0x5a);
}

TEST_CASE("without descriptors a large blob is among the bytes") {
  Parcel parcel;
  parcel.pushAllowFds(false);
  Parcel::WritableBlob blob;
  REQUIRE(parcel.writeBlob(100000, false, &blob) == OK);
  CHECK(parcel.objectsCount() == 0);
  CHECK(parcel.dataSize() == 100004);
}

TEST_CASE("a blob is not read from memory that could vanish") {
  unique_fd fd(memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(ftruncate(fd.get(), 100000) == 0);
  Pipe pipe;
  for (const int bad : {fd.get(), pipe.get()}) {
    Parcel parcel;
    REQUIRE(parcel.writeDupImmutableBlobFileDescriptor(bad) == OK);
    parcel.setDataPosition(0);
    Parcel::ReadableBlob blob;
    CHECK(parcel.readBlob(100000, &blob) == BAD_VALUE);
    CHECK(blob.data() == nullptr);
  }
  Parcel parcel;
  Bytes().i32(3).fill(&parcel);
  Parcel::ReadableBlob blob;
  CHECK(parcel.readBlob(0, &blob) == BAD_VALUE);
}

TEST_CASE("native handles") {
  Pipe pipe;
  struct {
    native_handle_t head{sizeof(native_handle_t), 1, 2, {}};
    int data[3];
  } handle;
  handle.data[0] = pipe.get();
  handle.data[1] = 11;
  handle.data[2] = 12;
  Parcel parcel;
  REQUIRE(parcel.writeNativeHandle(&handle.head) == OK);
  CHECK(parcel.writeNativeHandle(nullptr) == BAD_TYPE);
  parcel.setDataPosition(0);
  native_handle_t* got = parcel.readNativeHandle();
  REQUIRE(got != nullptr);
  CHECK(got->numFds == 1);
  CHECK(got->numInts == 2);
  CHECK(pipe.isSameFile(got->data[0]));
  CHECK(got->data[2] == 12);
  close(got->data[0]);
  free(got);

  for (const Bytes& bad :
       {Bytes().i32(-1).i32(0), Bytes().i32(0).i32(-1), Bytes().i32(1).i32(0), Bytes().i32(1025).i32(0),
        Bytes().i32(0).i32(1025), Bytes().i32(0).i32(2).i32(0)}) {
    bad.fill(&parcel);
    CHECK(parcel.readNativeHandle() == nullptr);
  }
}

namespace {

class Flat : public Flattenable<Flat> {
 public:
  std::string text;
  unique_fd fd;
  size_t getFlattenedSize() const { return text.size(); }
  size_t getFdCount() const { return fd.get() >= 0 ? 1 : 0; }
  status_t flatten(void*& buffer, size_t& size, int*& fds, size_t& count) const {
    if (size < text.size()) return NO_MEMORY;
    memcpy(buffer, text.data(), text.size());
    if (count > 0) fds[0] = fd.get();
    return OK;
  }
  status_t unflatten(const void*& buffer, size_t& size, const int*& fds, size_t& count) {
    text.assign(static_cast<const char*>(buffer), size);
    if (count > 0) fd.reset(fds[0]);
    return OK;
  }
};

class LightFlat : public LightFlattenable<LightFlat> {
 public:
  std::string text;
  bool isFixedSize() const { return false; }
  size_t getFlattenedSize() const { return text.size(); }
  status_t flatten(void* buffer, size_t size) const {
    memcpy(buffer, text.data(), size);
    return OK;
  }
  status_t unflatten(const void* buffer, size_t size) {
    text.assign(static_cast<const char*>(buffer), size);
    return OK;
  }
};

}  // namespace

TEST_CASE("flattened objects") {
  Pipe pipe;
  Flat flat;
  flat.text = "hello";
  flat.fd.reset(dup(pipe.get()));
  LightFlat light;
  light.text = "abc";
  Parcel parcel;
  REQUIRE(parcel.write(flat) == OK);
  REQUIRE(parcel.write(light) == OK);
  CHECK(std::vector<uint8_t>(parcel.data(), parcel.data() + 16) ==
        Bytes().i32(5).i32(1).raw({'h', 'e', 'l', 'l', 'o', 0, 0, 0}).vector());
  parcel.setDataPosition(0);
  Flat got;
  REQUIRE(parcel.read(got) == OK);
  CHECK(got.text == "hello");
  CHECK(pipe.isSameFile(got.fd.get()));
  LightFlat got_light;
  REQUIRE(parcel.read(got_light) == OK);
  CHECK(got_light.text == "abc");

  for (const Bytes& bad : {Bytes().i32(-1).i32(0), Bytes().i32(8).i32(0).i32(0), Bytes().i32(0).i32(-1),
                           Bytes().i32(0).i32(1), Bytes().i32(0).i32(2000)}) {
    bad.fill(&parcel);
    CHECK(parcel.read(got) != OK);
  }
  Bytes().i32(-5).fill(&parcel);
  CHECK(parcel.read(got_light) != OK);
  Bytes().i32(5).i32(0).fill(&parcel);
  CHECK(parcel.read(got_light) != OK);
}
