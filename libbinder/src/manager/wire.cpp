#include "manager/wire.h"

#include <binder/Stability.h>
#include <linux/android/binder.h>

namespace android::manager {
namespace {

constexpr int32_t kSystemHeader = B_PACK_CHARS('S', 'Y', 'S', 'T');
constexpr int32_t kStrictModePenaltyGather = 1 << 31;
constexpr int32_t kUnsetWorkSource = -1;
constexpr int32_t kCategoryVersion = 1;
constexpr int kCategoryLevelShift = 24;
// Somebody who can hold that many entries in one transaction does not exist.
constexpr int32_t kMaxEntries = 1 << 20;

#define MANAGER_TRY(expression)                                         \
  do {                                                                  \
    if (const status_t error = (expression); error != OK) return error; \
  } while (false)

int32_t encode_stability(StabilityWord format, int32_t level) {
  return format == StabilityWord::category ? (level << kCategoryLevelShift) | kCategoryVersion : level;
}

int32_t decode_stability(StabilityWord format, int32_t word) {
  if (format == StabilityWord::level) return word;
  return static_cast<int32_t>(static_cast<uint32_t>(word) >> kCategoryLevelShift);
}

// A structured parcelable: its size, then its fields. A reader takes the fields that it knows and skips the
// rest.
class FieldWriter {
 public:
  explicit FieldWriter(Parcel& to) : to_(to), start_(to.dataPosition()) { status_ = to_.writeInt32(0); }
  status_t finish() {
    MANAGER_TRY(status_);
    const size_t end = to_.dataPosition();
    to_.setDataPosition(start_);
    MANAGER_TRY(to_.writeInt32(static_cast<int32_t>(end - start_)));
    to_.setDataPosition(end);
    return OK;
  }

 private:
  Parcel& to_;
  const size_t start_;
  status_t status_;
};

class FieldReader {
 public:
  explicit FieldReader(const Parcel& from) : from_(from), start_(from.dataPosition()) {
    int32_t size = 0;
    status_ = from_.readInt32(&size);
    if (status_ != OK) return;
    if (size < 4 || static_cast<size_t>(size) > from_.dataSize() - start_) {
      status_ = BAD_VALUE;
      return;
    }
    end_ = start_ + static_cast<size_t>(size);
  }
  status_t status() const { return status_; }
  bool more() const { return from_.dataPosition() < end_; }
  status_t finish() {
    if (from_.dataPosition() > end_) return BAD_VALUE;
    from_.setDataPosition(end_);
    return OK;
  }

 private:
  const Parcel& from_;
  const size_t start_;
  size_t end_ = 0;
  status_t status_;
};

status_t expect_presence(const Parcel& from) {
  int32_t present = 0;
  MANAGER_TRY(from.readInt32(&present));
  return present != 0 ? OK : UNEXPECTED_NULL;
}

status_t read_count(const Parcel& from, int32_t& count) {
  MANAGER_TRY(from.readInt32(&count));
  if (count < 0) return UNEXPECTED_NULL;
  // Each entry takes four bytes at least: a count that promises more than is there is a lie.
  if (count > kMaxEntries || static_cast<size_t>(count) > from.dataAvail() / 4) return BAD_VALUE;
  return OK;
}

}  // namespace

status_t write_token(Parcel& to, const Dialect& dialect, std::u16string_view descriptor) {
  MANAGER_TRY(to.writeInt32(kStrictModePenaltyGather));
  if (dialect.has_work_source) MANAGER_TRY(to.writeInt32(kUnsetWorkSource));
  if (dialect.has_header) MANAGER_TRY(to.writeInt32(kSystemHeader));
  return to.writeString16(descriptor.data(), descriptor.size());
}

status_t read_token(const Parcel& from, const Dialect& dialect, std::u16string_view descriptor) {
  const status_t wrong = dialect.is_c_program ? PERMISSION_DENIED : BAD_TYPE;
  int32_t word = 0;
  if (from.readInt32(&word) != OK)
    return wrong;  // the caller's strict mode policy: nobody is called from here
  if (dialect.has_work_source && from.readInt32(&word) != OK) return wrong;
  if (dialect.has_header && (from.readInt32(&word) != OK || word != kSystemHeader)) return wrong;
  size_t length = 0;
  const char16_t* text = from.readString16Inplace(&length);
  if (text == nullptr || std::u16string_view(text, length) != descriptor) return wrong;
  return OK;
}

// Parcel writes and reads a binder in the newest form. Other forms are made of it: the binder object is
// copied from and to a parcel of one's own, so that Parcel keeps all knowledge of references.
status_t write_binder(Parcel& to, const Dialect& dialect, const sp<IBinder>& binder) {
  if (dialect.stability == StabilityWord::level) return to.writeStrongBinder(binder);
  Parcel newest;
  MANAGER_TRY(newest.writeStrongBinder(binder));
  newest.setDataPosition(0);
  const flat_binder_object* object = newest.readObject(false);
  if (object == nullptr) return BAD_TYPE;
  int32_t level = internal::Stability::UNDECLARED;
  MANAGER_TRY(newest.readInt32(&level));
  MANAGER_TRY(to.writeObject(*object, false));
  if (dialect.stability == StabilityWord::none) return OK;
  return to.writeInt32(encode_stability(dialect.stability, level));
}

status_t read_nullable_binder(const Parcel& from, const Dialect& dialect, sp<IBinder>& binder) {
  if (dialect.stability == StabilityWord::level) return from.readNullableStrongBinder(&binder);
  const flat_binder_object* object = from.readObject(false);
  if (object == nullptr) return BAD_TYPE;
  int32_t level = internal::Stability::SYSTEM;
  if (dialect.stability == StabilityWord::category) {
    int32_t word = 0;
    MANAGER_TRY(from.readInt32(&word));
    level = decode_stability(dialect.stability, word);
  }
  const bool is_null = object->hdr.type == BINDER_TYPE_BINDER && object->binder == 0;
  if (is_null) level = internal::Stability::UNDECLARED;
  Parcel newest;
  MANAGER_TRY(newest.writeObject(*object, false));
  MANAGER_TRY(newest.writeInt32(level));
  newest.setDataPosition(0);
  return newest.readNullableStrongBinder(&binder);
}

status_t read_binder(const Parcel& from, const Dialect& dialect, sp<IBinder>& binder) {
  sp<IBinder> found;
  MANAGER_TRY(read_nullable_binder(from, dialect, found));
  if (found == nullptr) return UNEXPECTED_NULL;
  binder = std::move(found);
  return OK;
}

status_t write(Parcel& to, const Dialect& dialect, const FoundUnion& value) {
  MANAGER_TRY(to.writeInt32(1));  // it is there
  MANAGER_TRY(to.writeInt32(static_cast<int32_t>(value.tag)));
  if (value.tag == FoundUnion::Tag::accessor) return write_binder(to, dialect, value.accessor);
  MANAGER_TRY(to.writeInt32(1));
  FieldWriter fields(to);
  MANAGER_TRY(write_binder(to, dialect, value.service.service));
  MANAGER_TRY(to.writeBool(value.service.is_lazy));
  return fields.finish();
}

status_t read(const Parcel& from, const Dialect& dialect, FoundUnion& value) {
  MANAGER_TRY(expect_presence(from));
  int32_t tag = 0;
  MANAGER_TRY(from.readInt32(&tag));
  FoundUnion found;
  switch (tag) {
    case static_cast<int32_t>(FoundUnion::Tag::accessor):
      found.tag = FoundUnion::Tag::accessor;
      MANAGER_TRY(read_nullable_binder(from, dialect, found.accessor));
      break;
    case static_cast<int32_t>(FoundUnion::Tag::service_with_metadata): {
      MANAGER_TRY(expect_presence(from));
      FieldReader fields(from);
      MANAGER_TRY(fields.status());
      if (fields.more()) MANAGER_TRY(read_nullable_binder(from, dialect, found.service.service));
      if (fields.more()) MANAGER_TRY(from.readBool(&found.service.is_lazy));
      MANAGER_TRY(fields.finish());
      break;
    }
    default:
      return BAD_VALUE;
  }
  value = std::move(found);
  return OK;
}

status_t write(Parcel& to, const std::optional<ConnectionInfo>& value) {
  if (!value) return to.writeInt32(0);
  MANAGER_TRY(to.writeInt32(1));
  FieldWriter fields(to);
  MANAGER_TRY(to.writeUtf8AsUtf16(value->ip_address));
  MANAGER_TRY(to.writeInt32(value->port));
  return fields.finish();
}

status_t read(const Parcel& from, std::optional<ConnectionInfo>& value) {
  int32_t present = 0;
  MANAGER_TRY(from.readInt32(&present));
  if (present == 0) {
    value.reset();
    return OK;
  }
  ConnectionInfo found;
  FieldReader fields(from);
  MANAGER_TRY(fields.status());
  if (fields.more()) MANAGER_TRY(from.readUtf8FromUtf16(&found.ip_address));
  if (fields.more()) MANAGER_TRY(from.readInt32(&found.port));
  MANAGER_TRY(fields.finish());
  value = std::move(found);
  return OK;
}

status_t write(Parcel& to, const std::vector<DebugInfo>& values) {
  MANAGER_TRY(to.writeInt32(static_cast<int32_t>(values.size())));
  for (const DebugInfo& value : values) {
    MANAGER_TRY(to.writeInt32(1));
    FieldWriter fields(to);
    MANAGER_TRY(to.writeUtf8AsUtf16(value.name));
    MANAGER_TRY(to.writeInt32(value.pid));
    MANAGER_TRY(fields.finish());
  }
  return OK;
}

status_t read(const Parcel& from, std::vector<DebugInfo>& values) {
  int32_t count = 0;
  MANAGER_TRY(read_count(from, count));
  std::vector<DebugInfo> found;
  for (int32_t i = 0; i < count; ++i) {
    DebugInfo one;
    MANAGER_TRY(expect_presence(from));
    FieldReader fields(from);
    MANAGER_TRY(fields.status());
    if (fields.more()) MANAGER_TRY(from.readUtf8FromUtf16(&one.name));
    if (fields.more()) MANAGER_TRY(from.readInt32(&one.pid));
    MANAGER_TRY(fields.finish());
    found.push_back(std::move(one));
  }
  values = std::move(found);
  return OK;
}

status_t write(Parcel& to, const CallerContext& value) {
  MANAGER_TRY(to.writeInt32(1));
  FieldWriter fields(to);
  MANAGER_TRY(to.writeUtf8AsUtf16(value.sid));
  MANAGER_TRY(to.writeInt32(value.pid));
  MANAGER_TRY(to.writeInt32(value.uid));
  return fields.finish();
}

status_t read(const Parcel& from, CallerContext& value) {
  MANAGER_TRY(expect_presence(from));
  CallerContext found;
  FieldReader fields(from);
  MANAGER_TRY(fields.status());
  if (fields.more()) MANAGER_TRY(from.readUtf8FromUtf16(&found.sid));
  if (fields.more()) MANAGER_TRY(from.readInt32(&found.pid));
  if (fields.more()) MANAGER_TRY(from.readInt32(&found.uid));
  MANAGER_TRY(fields.finish());
  value = std::move(found);
  return OK;
}

}  // namespace android::manager
