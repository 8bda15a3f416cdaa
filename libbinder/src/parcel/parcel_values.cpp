// Parcel: numbers and raw bytes.
#include <binder/Parcel.h>

#include <climits>

namespace android {

namespace {

constexpr size_t padded(size_t size) {
  return (size + 3) & ~size_t{3};
}

}  // namespace

void* Parcel::writeInplace(size_t len) {
  if (len > INT32_MAX - 3) return nullptr;
  const size_t size = padded(len);
  if (prepareWrite(size) != OK) return nullptr;
  uint8_t* place = data_ + data_pos_;
  if (place == nullptr) {  // nothing at all: still a pointer that is not null
    static uint8_t empty;
    return &empty;
  }
  for (size_t i = len; i < size; ++i) place[i] = 0;
  finishWrite(size);
  return place;
}

status_t Parcel::write(const void* data, size_t len) {
  if (len > INT32_MAX - 3) return BAD_VALUE;
  void* place = writeInplace(len);
  if (place == nullptr) return error_ != OK ? error_ : static_cast<status_t>(BAD_VALUE);
  if (len > 0) memcpy(place, data, len);
  return OK;
}

status_t Parcel::writeUnpadded(const void* data, size_t len) {
  const status_t status = prepareWrite(len);
  if (status != OK) return status;
  if (len > 0) memcpy(data_ + data_pos_, data, len);
  finishWrite(len);
  return OK;
}

const void* Parcel::readInplace(size_t len) const {
  if (len > INT32_MAX - 3) return nullptr;
  const size_t size = padded(len);
  // Behind the end there is nothing, not even no bytes.
  if (size > dataAvail() || data_pos_ > data_size_) return nullptr;
  const bool readable = objects_size_ == 0 || validateReadData(data_pos_ + size) == OK;
  const uint8_t* place = data_ + data_pos_;
  data_pos_ += size;
  if (!readable) return nullptr;
  static const uint8_t empty = 0;
  return place != nullptr ? place : &empty;
}

status_t Parcel::read(void* outData, size_t len) const {
  if (len > INT32_MAX - 3) return BAD_VALUE;
  const size_t size = padded(len);
  if (size > dataAvail() || data_pos_ > data_size_) return NOT_ENOUGH_DATA;
  const void* place = readInplace(len);
  if (place == nullptr) return PERMISSION_DENIED;
  if (len > 0) memcpy(outData, place, len);
  return OK;
}

template <class T>
status_t Parcel::readAligned(T* pArg) const {
  static_assert(sizeof(T) % 4 == 0 && std::is_trivially_copyable_v<T>);
  if (dataAvail() < sizeof(T)) return NOT_ENOUGH_DATA;
  if (objects_size_ > 0) {
    const status_t status = validateReadData(data_pos_ + sizeof(T));
    if (status != OK) {
      data_pos_ += sizeof(T);
      return status;
    }
  }
  memcpy(pArg, data_ + data_pos_, sizeof(T));
  data_pos_ += sizeof(T);
  return OK;
}

template <class T>
T Parcel::readAligned() const {
  T value{};
  readAligned(&value);
  return value;
}

template <class T>
status_t Parcel::writeAligned(T val) {
  const status_t status = prepareWrite(sizeof(T));
  if (status != OK) return status;
  memcpy(data_ + data_pos_, &val, sizeof(T));
  finishWrite(sizeof(T));
  return OK;
}

status_t Parcel::writeInt32(int32_t val) {
  return writeAligned(val);
}
status_t Parcel::writeUint32(uint32_t val) {
  return writeAligned(val);
}
status_t Parcel::writeInt64(int64_t val) {
  return writeAligned(val);
}
status_t Parcel::writeUint64(uint64_t val) {
  return writeAligned(val);
}
status_t Parcel::writeFloat(float val) {
  return writeAligned(val);
}
status_t Parcel::writeDouble(double val) {
  return writeAligned(val);
}
status_t Parcel::writeBool(bool val) {
  return writeInt32(val ? 1 : 0);
}
status_t Parcel::writeChar(char16_t val) {
  return writeInt32(val);
}
status_t Parcel::writeByte(int8_t val) {
  return writeInt32(val);
}

status_t Parcel::writeInt32Array(size_t len, const int32_t* val) {
  if (val == nullptr) return writeInt32(kNullLength);
  if (len > INT32_MAX / sizeof(*val)) return BAD_VALUE;
  const status_t status = writeInt32(static_cast<int32_t>(len));
  return status == OK ? write(val, len * sizeof(*val)) : status;
}
status_t Parcel::writeByteArray(size_t len, const uint8_t* val) {
  if (val == nullptr) return writeInt32(kNullLength);
  if (len > INT32_MAX - 3) return BAD_VALUE;
  const status_t status = writeInt32(static_cast<int32_t>(len));
  return status == OK ? write(val, len) : status;
}

status_t Parcel::readInt32(int32_t* pArg) const {
  return readAligned(pArg);
}
int32_t Parcel::readInt32() const {
  return readAligned<int32_t>();
}
status_t Parcel::readUint32(uint32_t* pArg) const {
  return readAligned(pArg);
}
uint32_t Parcel::readUint32() const {
  return readAligned<uint32_t>();
}
status_t Parcel::readInt64(int64_t* pArg) const {
  return readAligned(pArg);
}
int64_t Parcel::readInt64() const {
  return readAligned<int64_t>();
}
status_t Parcel::readUint64(uint64_t* pArg) const {
  return readAligned(pArg);
}
uint64_t Parcel::readUint64() const {
  return readAligned<uint64_t>();
}
status_t Parcel::readFloat(float* pArg) const {
  return readAligned(pArg);
}
float Parcel::readFloat() const {
  return readAligned<float>();
}
status_t Parcel::readDouble(double* pArg) const {
  return readAligned(pArg);
}
double Parcel::readDouble() const {
  return readAligned<double>();
}
status_t Parcel::readBool(bool* pArg) const {
  int32_t word = 0;
  const status_t status = readInt32(&word);
  *pArg = word != 0;
  return status;
}
bool Parcel::readBool() const {
  return readInt32() != 0;
}
status_t Parcel::readChar(char16_t* pArg) const {
  int32_t word = 0;
  const status_t status = readInt32(&word);
  *pArg = static_cast<char16_t>(word);
  return status;
}
char16_t Parcel::readChar() const {
  return static_cast<char16_t>(readInt32());
}
status_t Parcel::readByte(int8_t* pArg) const {
  int32_t word = 0;
  const status_t status = readInt32(&word);
  *pArg = static_cast<int8_t>(word);
  return status;
}
int8_t Parcel::readByte() const {
  return static_cast<int8_t>(readInt32());
}

// An out array has no contents that would prove its length: it is limited by what a reply could carry.
status_t Parcel::readOutVectorSizeWithCheck(size_t elementSize, int32_t* size) const {
  constexpr size_t kMaxOutBytes = 1000 * 1000;
  const status_t status = readInt32(size);
  if (status != OK) return status;
  if (*size > 0 && static_cast<size_t>(*size) >= kMaxOutBytes / elementSize) return NO_MEMORY;
  return OK;
}

}  // namespace android
