// A call with small parcels allocates no memory in libbinder once everything is warm.
//
// A program of its own, because it replaces the C library's malloc(): an allocation of any thread counts,
// except while it is in the driver, which is in this program as well.
#include <binder/Binder.h>
#include <binder/Parcel.h>
#include <binder/Status.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

#include "test/libbinder/party.h"
#include "test/support/catch.h"

namespace {

std::atomic<bool> g_counting{false};
std::atomic<unsigned> g_allocations{0};

void count() {
  if (g_counting.load(std::memory_order_relaxed) && !cuse_binder::test::InProcessDriver::is_in_driver())
    g_allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// The C library's own names of what is replaced here (glibc manual, "Replacing malloc"). free() stays.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}

void* calloc(std::size_t elements, std::size_t size) {
  count();
  return __libc_calloc(elements, size);
}

void* realloc(void* block, std::size_t size) {
  count();
  return __libc_realloc(block, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return memalign(alignment, size);
}

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  *block = memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}
}

using namespace android;
using cuse_binder::test::InProcessDriver;
using cuse_binder::test::Party;

namespace {

constexpr uint32_t kEcho = IBinder::FIRST_CALL_TRANSACTION;

const String16& descriptor() {
  static const String16 text("test.IEcho");
  return text;
}

// What generated code does, for a number and a string that is looked at where it lies.
class Echo : public BBinder {
 public:
  const String16& getInterfaceDescriptor() const override { return descriptor(); }

 protected:
  status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) override {
    if (code != kEcho) return BBinder::onTransact(code, data, reply, flags);
    if (!data.checkInterface(this)) return BAD_TYPE;
    int32_t number = 0;
    if (const status_t status = data.readInt32(&number); status != OK) return status;
    size_t length = 0;
    const char16_t* const text = data.readString16Inplace(&length);
    if (const status_t status = binder::Status::ok().writeToParcel(reply); status != OK) return status;
    reply->writeInt32(number);
    return reply->writeString16(text, length);
  }
};

// The number that came back, or an error below zero.
int32_t call(const sp<IBinder>& echo, int32_t number, const String16& text) {
  Parcel data;
  Parcel reply;
  data.markForBinder(echo);
  data.writeInterfaceToken(descriptor());
  data.writeInt32(number);
  data.writeString16(text);
  if (const status_t status = echo->transact(kEcho, data, &reply); status != OK) return status;
  binder::Status status;
  if (status.readFromParcel(reply) != OK || !status.isOk()) return UNKNOWN_ERROR;
  const int32_t answer = reply.readInt32();
  size_t length = 0;
  return reply.readString16Inplace(&length) != nullptr && length == text.size() ? answer : UNKNOWN_ERROR;
}

}  // namespace

TEST_CASE("a small call allocates nothing in libbinder") {
  InProcessDriver driver;
  Party server(driver);
  Party client(driver);
  // One thread serves; others would have to get warm first.
  server.process()->setThreadPoolMaxThreadCount(0);
  server.serve(new Echo);
  client.as([&] {
    const sp<IBinder> echo = client.process()->getContextObject(nullptr);
    REQUIRE(echo != nullptr);
    const String16 text("sixteen letters!");
    for (int32_t i = 0; i < 100; ++i) REQUIRE(call(echo, i, text) == i);

    int32_t wrong = 0;
    g_allocations = 0;
    g_counting = true;
    for (int32_t i = 0; i < 1000; ++i) wrong += call(echo, i, text) != i;
    g_counting = false;
    CHECK(wrong == 0);
    CHECK(g_allocations == 0);

    // The counter counts: so large a parcel has no kept block.
    const String16 large(std::u16string(4096, u'x').c_str());
    g_allocations = 0;
    g_counting = true;
    const int32_t answer = call(echo, 1, large);
    g_counting = false;
    CHECK(answer == 1);
    CHECK(g_allocations > 0);
  });
}
