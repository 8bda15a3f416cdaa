// os::PersistableBundle on the wire (Java's android.os.BaseBundle): the length of what follows the magic
// number, the magic number, then (key, type, value) until the length is used up. An empty bundle is the word
// 0.
#include <binder/Parcel.h>
#include <binder/PersistableBundle.h>

#include <climits>

namespace android {
namespace os {

namespace {

constexpr int32_t kMagic = 0x4c444e42;  // "BNDL"
// Deeper bundles come from nobody with good intentions; they would use up the stack.
constexpr int kMaxDepth = 64;

// Numbers of android.os.Parcel.
template <typename T>
struct TypeNumber;
#define TYPE_NUMBER(type, number)            \
  template <>                                \
  struct TypeNumber<type> {                  \
    static constexpr int32_t value = number; \
  }
TYPE_NUMBER(String16, 0);
TYPE_NUMBER(int32_t, 1);
TYPE_NUMBER(int64_t, 6);
TYPE_NUMBER(double, 8);
TYPE_NUMBER(bool, 9);
TYPE_NUMBER(std::vector<String16>, 14);
TYPE_NUMBER(std::vector<int32_t>, 18);
TYPE_NUMBER(std::vector<int64_t>, 19);
TYPE_NUMBER(std::vector<bool>, 23);
TYPE_NUMBER(PersistableBundle, 25);
TYPE_NUMBER(std::vector<double>, 28);
#undef TYPE_NUMBER

status_t writeValue(Parcel* parcel, bool value) {
  return parcel->writeBool(value);
}
status_t writeValue(Parcel* parcel, int32_t value) {
  return parcel->writeInt32(value);
}
status_t writeValue(Parcel* parcel, int64_t value) {
  return parcel->writeInt64(value);
}
status_t writeValue(Parcel* parcel, double value) {
  return parcel->writeDouble(value);
}
status_t writeValue(Parcel* parcel, const String16& value) {
  return parcel->writeString16(value);
}
status_t writeValue(Parcel* parcel, const std::vector<bool>& value) {
  return parcel->writeBoolVector(value);
}
status_t writeValue(Parcel* parcel, const std::vector<int32_t>& value) {
  return parcel->writeInt32Vector(value);
}
status_t writeValue(Parcel* parcel, const std::vector<int64_t>& value) {
  return parcel->writeInt64Vector(value);
}
status_t writeValue(Parcel* parcel, const std::vector<double>& value) {
  return parcel->writeDoubleVector(value);
}
status_t writeValue(Parcel* parcel, const std::vector<String16>& value) {
  return parcel->writeString16Vector(value);
}
status_t writeValue(Parcel* parcel, const PersistableBundle& value) {
  return parcel->writeParcelable(value);
}

template <typename T>
status_t writeMap(Parcel* parcel, const std::map<String16, T>& map) {
  for (const auto& [key, value] : map) {
    status_t status = parcel->writeString16(key);
    if (status == OK) status = parcel->writeInt32(TypeNumber<T>::value);
    if (status == OK) status = writeValue(parcel, value);
    if (status != OK) return status;
  }
  return OK;
}

}  // namespace

bool PersistableBundle::empty() const {
  return size() == 0;
}

size_t PersistableBundle::size() const {
  return std::apply([](const auto&... map) { return (map.size() + ...); }, maps_);
}

size_t PersistableBundle::erase(const String16& key) {
  return std::apply([&key](auto&... map) { return (map.erase(key) + ...); }, maps_);
}

template <typename T>
void PersistableBundle::put(const String16& key, const T& value) {
  T copy = value;  // `value` may be in this bundle
  erase(key);
  std::get<Map<T>>(maps_)[key] = std::move(copy);
}

template <typename T>
bool PersistableBundle::get(const String16& key, T* out) const {
  const auto& map = std::get<Map<T>>(maps_);
  const auto it = map.find(key);
  if (it == map.end()) return false;
  *out = it->second;
  return true;
}

template <typename T>
std::set<String16> PersistableBundle::keys() const {
  std::set<String16> result;
  for (const auto& entry : std::get<Map<T>>(maps_)) result.insert(entry.first);
  return result;
}

#define CUSE_BINDER_BUNDLE_TYPE(NAME, TYPE, PARAMETER)                      \
  void PersistableBundle::put##NAME(const String16& key, PARAMETER value) { \
    put<TYPE>(key, value);                                                  \
  }                                                                         \
  bool PersistableBundle::get##NAME(const String16& key, TYPE* out) const { \
    return get<TYPE>(key, out);                                             \
  }                                                                         \
  std::set<String16> PersistableBundle::get##NAME##Keys() const {           \
    return keys<TYPE>();                                                    \
  }
CUSE_BINDER_BUNDLE_TYPE(Boolean, bool, bool)
CUSE_BINDER_BUNDLE_TYPE(Int, int32_t, int32_t)
CUSE_BINDER_BUNDLE_TYPE(Long, int64_t, int64_t)
CUSE_BINDER_BUNDLE_TYPE(Double, double, double)
CUSE_BINDER_BUNDLE_TYPE(String, String16, const String16&)
CUSE_BINDER_BUNDLE_TYPE(BooleanVector, std::vector<bool>, const std::vector<bool>&)
CUSE_BINDER_BUNDLE_TYPE(IntVector, std::vector<int32_t>, const std::vector<int32_t>&)
CUSE_BINDER_BUNDLE_TYPE(LongVector, std::vector<int64_t>, const std::vector<int64_t>&)
CUSE_BINDER_BUNDLE_TYPE(DoubleVector, std::vector<double>, const std::vector<double>&)
CUSE_BINDER_BUNDLE_TYPE(StringVector, std::vector<String16>, const std::vector<String16>&)
CUSE_BINDER_BUNDLE_TYPE(PersistableBundle, PersistableBundle, const PersistableBundle&)
#undef CUSE_BINDER_BUNDLE_TYPE

status_t PersistableBundle::writeToParcel(Parcel* parcel) const {
  if (empty()) return parcel->writeInt32(0);
  const size_t length_at = parcel->dataPosition();
  status_t status = parcel->writeInt32(1);  // the length, when it is known
  if (status == OK) status = parcel->writeInt32(kMagic);
  const size_t begin = parcel->dataPosition();
  if (status == OK) status = writeContents(parcel);
  if (status != OK) return status;
  const size_t end = parcel->dataPosition();
  parcel->setDataPosition(length_at);
  status = parcel->writeInt32(static_cast<int32_t>(end - begin));
  parcel->setDataPosition(end);
  return status;
}

status_t PersistableBundle::writeContents(Parcel* parcel) const {
  status_t status = OK;
  const auto write = [&](const auto& map) { return (status = writeMap(parcel, map)) == OK; };
  std::apply([&](const auto&... map) { return (write(map) && ...); }, maps_);
  return status;
}

status_t PersistableBundle::readFromParcel(const Parcel* parcel) {
  return readNested(parcel, 0);
}

status_t PersistableBundle::readNested(const Parcel* parcel, int depth) {
  maps_ = Maps();
  int32_t length = 0;
  status_t status = parcel->readInt32(&length);
  if (status != OK || length == 0) return status;
  int32_t magic = 0;
  status = parcel->readInt32(&magic);
  if (status != OK) return status;
  if (length < 0 || magic != kMagic || static_cast<size_t>(length) > parcel->dataAvail()) return BAD_VALUE;
  const size_t end = parcel->dataPosition() + static_cast<size_t>(length);
  while (parcel->dataPosition() < end) {
    String16 key;
    int32_t type = 0;
    status = parcel->readString16(&key);
    if (status == OK) status = parcel->readInt32(&type);
    if (status == OK) status = readValueOfType(parcel, key, type, depth);
    if (status != OK) return status;
  }
  return parcel->dataPosition() == end ? OK : BAD_VALUE;
}

template <typename T>
status_t PersistableBundle::readValue(const Parcel* parcel, const String16& key,
                                      status_t (Parcel::*read)(T*) const) {
  T value{};
  const status_t status = (parcel->*read)(&value);
  if (status == OK) put(key, value);
  return status;
}

status_t PersistableBundle::readValueOfType(const Parcel* parcel, const String16& key, int32_t type,
                                            int depth) {
  switch (type) {
    case TypeNumber<bool>::value:
      return readValue<bool>(parcel, key, &Parcel::readBool);
    case TypeNumber<int32_t>::value:
      return readValue<int32_t>(parcel, key, &Parcel::readInt32);
    case TypeNumber<int64_t>::value:
      return readValue<int64_t>(parcel, key, &Parcel::readInt64);
    case TypeNumber<double>::value:
      return readValue<double>(parcel, key, &Parcel::readDouble);
    case TypeNumber<String16>::value:
      return readValue<String16>(parcel, key, &Parcel::readString16);
    case TypeNumber<std::vector<bool>>::value:
      return readValue<std::vector<bool>>(parcel, key, &Parcel::readBoolVector);
    case TypeNumber<std::vector<int32_t>>::value:
      return readValue<std::vector<int32_t>>(parcel, key, &Parcel::readInt32Vector);
    case TypeNumber<std::vector<int64_t>>::value:
      return readValue<std::vector<int64_t>>(parcel, key, &Parcel::readInt64Vector);
    case TypeNumber<std::vector<double>>::value:
      return readValue<std::vector<double>>(parcel, key, &Parcel::readDoubleVector);
    case TypeNumber<std::vector<String16>>::value:
      return readValue<std::vector<String16>>(parcel, key, &Parcel::readString16Vector);
    case TypeNumber<PersistableBundle>::value: {
      if (depth == kMaxDepth) return BAD_VALUE;
      int32_t present = 0;
      status_t status = parcel->readInt32(&present);
      if (status != OK) return status;
      if (present != 1) return UNEXPECTED_NULL;
      PersistableBundle nested;
      status = nested.readNested(parcel, depth + 1);
      if (status == OK) put(key, nested);
      return status;
    }
    default:
      return BAD_TYPE;
  }
}

}  // namespace os
}  // namespace android
