#include "service.h"

#include <unistd.h>

namespace cuse_binder::test {

namespace {

// An object of no interface that is counted.
void* count_orphan(void* counter) {
  ++*static_cast<std::atomic<int32_t>*>(counter);
  return counter;
}
void discount_orphan(void* counter) {
  --*static_cast<std::atomic<int32_t>*>(counter);
}
binder_status_t answer_nothing(AIBinder*, transaction_code_t, const AParcel*, AParcel*) {
  return STATUS_UNKNOWN_TRANSACTION;
}

}  // namespace

std::atomic<int32_t> EverythingService::orphans_{0};

Record copy_of(const Record& record) {
  const ndk::ScopedAParcel parcel(AParcel_create());
  Record copy;
  if (record.writeToParcel(parcel.get()) != STATUS_OK) std::abort();
  AParcel_setDataPosition(parcel.get(), 0);
  if (copy.readFromParcel(parcel.get()) != STATUS_OK) std::abort();
  return copy;
}

ScopedAStatus EverythingService::echoRecord(const Record& value, Record* copy, Record* both, Record* result) {
  *copy = copy_of(value);
  *result = copy_of(value);
  both->number += 1;
  both->text += "!";
  both->numbers = reversed(both->numbers);
  return ScopedAStatus::ok();
}

ScopedAStatus EverythingService::makeOrphan(SpAIBinder* result) {
  static AIBinder_Class* const clazz =
      AIBinder_Class_define("cuse.test.Orphan", count_orphan, discount_orphan, answer_nothing);
  result->set(AIBinder_new(clazz, &orphans_));
  return ScopedAStatus::ok();
}

ScopedAStatus EverythingService::die() {
  _exit(0);
}

binder_status_t EverythingService::dump(int fd, const char** args, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) dprintf(fd, "[%s]", args[i]);
  return STATUS_OK;
}

binder_status_t EverythingService::handleShellCommand(int in, int out, int err, const char** argv,
                                                      uint32_t argc) {
  char buffer[64];
  const ssize_t got = read(in, buffer, sizeof(buffer));
  if (got < 0) return STATUS_UNKNOWN_ERROR;
  dprintf(out, "%.*s", static_cast<int>(got), buffer);
  for (uint32_t i = 0; i < argc; ++i) dprintf(err, "<%s>", argv[i]);
  return static_cast<binder_status_t>(argc);
}

ScopedAStatus LoggedService::join(const std::vector<std::string>& parts, int32_t count,
                                  std::vector<int32_t>* lengths, std::string* result) {
  lengths->clear();
  result->clear();
  for (int32_t i = 0; i < count; ++i) {
    for (const std::string& part : parts) *result += part;
  }
  for (const std::string& part : parts) lengths->push_back(static_cast<int32_t>(part.size()));
  return ScopedAStatus::ok();
}

}  // namespace cuse_binder::test
