#include "manager/wire.h"

namespace android::manager {
namespace {

// Somebody who can hold that many entries in one transaction does not exist.
constexpr int32_t kMaxEntries = 1 << 20;

#define MANAGER_TRY(expression)                                         \
  do {                                                                  \
    if (const status_t error = (expression); error != OK) return error; \
  } while (false)

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

status_t write(Parcel& to, const FoundUnion& value) {
  MANAGER_TRY(to.writeInt32(1));  // it is there
  MANAGER_TRY(to.writeInt32(static_cast<int32_t>(value.tag)));
  if (value.tag == FoundUnion::Tag::accessor) return to.writeStrongBinder(value.accessor);
  MANAGER_TRY(to.writeInt32(1));
  FieldWriter fields(to);
  MANAGER_TRY(to.writeStrongBinder(value.service.service));
  MANAGER_TRY(to.writeBool(value.service.is_lazy));
  return fields.finish();
}

status_t read(const Parcel& from, FoundUnion& value) {
  MANAGER_TRY(expect_presence(from));
  int32_t tag = 0;
  MANAGER_TRY(from.readInt32(&tag));
  FoundUnion found;
  switch (tag) {
    case static_cast<int32_t>(FoundUnion::Tag::accessor):
      found.tag = FoundUnion::Tag::accessor;
      MANAGER_TRY(from.readNullableStrongBinder(&found.accessor));
      break;
    case static_cast<int32_t>(FoundUnion::Tag::service_with_metadata): {
      MANAGER_TRY(expect_presence(from));
      FieldReader fields(from);
      MANAGER_TRY(fields.status());
      if (fields.more()) MANAGER_TRY(from.readNullableStrongBinder(&found.service.service));
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
