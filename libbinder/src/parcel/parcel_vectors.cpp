// Parcel: the names of writeData() and readData() for vectors, nullable strings and parcelables.
#include <binder/Parcel.h>

namespace android {

status_t Parcel::writeParcelable(const Parcelable& parcelable) {
  const status_t status = writeInt32(kNonNullParcelable);
  return status == OK ? parcelable.writeToParcel(this) : status;
}

status_t Parcel::writeRawNullableParcelable(const Parcelable* parcelable) {
  return parcelable == nullptr ? writeInt32(kNullParcelable) : writeParcelable(*parcelable);
}

status_t Parcel::readParcelable(Parcelable* parcelable) const {
  int32_t present = 0;
  const status_t status = readInt32(&present);
  if (status != OK) return status;
  return present == kNonNullParcelable ? parcelable->readFromParcel(this)
                                       : static_cast<status_t>(UNEXPECTED_NULL);
}

status_t Parcel::writeByteVector(const std::vector<int8_t>& val) {
  return writeData(val);
}
status_t Parcel::writeByteVector(const std::optional<std::vector<int8_t>>& val) {
  return writeData(val);
}
status_t Parcel::writeByteVector(const std::unique_ptr<std::vector<int8_t>>& val) {
  return writeData(val);
}
status_t Parcel::readByteVector(std::vector<int8_t>* val) const {
  return readData(val);
}
status_t Parcel::readByteVector(std::optional<std::vector<int8_t>>* val) const {
  return readData(val);
}
status_t Parcel::readByteVector(std::unique_ptr<std::vector<int8_t>>* val) const {
  return readData(val);
}
status_t Parcel::writeByteVector(const std::vector<uint8_t>& val) {
  return writeData(val);
}
status_t Parcel::writeByteVector(const std::optional<std::vector<uint8_t>>& val) {
  return writeData(val);
}
status_t Parcel::writeByteVector(const std::unique_ptr<std::vector<uint8_t>>& val) {
  return writeData(val);
}
status_t Parcel::readByteVector(std::vector<uint8_t>* val) const {
  return readData(val);
}
status_t Parcel::readByteVector(std::optional<std::vector<uint8_t>>* val) const {
  return readData(val);
}
status_t Parcel::readByteVector(std::unique_ptr<std::vector<uint8_t>>* val) const {
  return readData(val);
}
status_t Parcel::writeInt32Vector(const std::vector<int32_t>& val) {
  return writeData(val);
}
status_t Parcel::writeInt32Vector(const std::optional<std::vector<int32_t>>& val) {
  return writeData(val);
}
status_t Parcel::writeInt32Vector(const std::unique_ptr<std::vector<int32_t>>& val) {
  return writeData(val);
}
status_t Parcel::readInt32Vector(std::vector<int32_t>* val) const {
  return readData(val);
}
status_t Parcel::readInt32Vector(std::optional<std::vector<int32_t>>* val) const {
  return readData(val);
}
status_t Parcel::readInt32Vector(std::unique_ptr<std::vector<int32_t>>* val) const {
  return readData(val);
}
status_t Parcel::writeInt64Vector(const std::vector<int64_t>& val) {
  return writeData(val);
}
status_t Parcel::writeInt64Vector(const std::optional<std::vector<int64_t>>& val) {
  return writeData(val);
}
status_t Parcel::writeInt64Vector(const std::unique_ptr<std::vector<int64_t>>& val) {
  return writeData(val);
}
status_t Parcel::readInt64Vector(std::vector<int64_t>* val) const {
  return readData(val);
}
status_t Parcel::readInt64Vector(std::optional<std::vector<int64_t>>* val) const {
  return readData(val);
}
status_t Parcel::readInt64Vector(std::unique_ptr<std::vector<int64_t>>* val) const {
  return readData(val);
}
status_t Parcel::writeUint64Vector(const std::vector<uint64_t>& val) {
  return writeData(val);
}
status_t Parcel::writeUint64Vector(const std::optional<std::vector<uint64_t>>& val) {
  return writeData(val);
}
status_t Parcel::writeUint64Vector(const std::unique_ptr<std::vector<uint64_t>>& val) {
  return writeData(val);
}
status_t Parcel::readUint64Vector(std::vector<uint64_t>* val) const {
  return readData(val);
}
status_t Parcel::readUint64Vector(std::optional<std::vector<uint64_t>>* val) const {
  return readData(val);
}
status_t Parcel::readUint64Vector(std::unique_ptr<std::vector<uint64_t>>* val) const {
  return readData(val);
}
status_t Parcel::writeFloatVector(const std::vector<float>& val) {
  return writeData(val);
}
status_t Parcel::writeFloatVector(const std::optional<std::vector<float>>& val) {
  return writeData(val);
}
status_t Parcel::writeFloatVector(const std::unique_ptr<std::vector<float>>& val) {
  return writeData(val);
}
status_t Parcel::readFloatVector(std::vector<float>* val) const {
  return readData(val);
}
status_t Parcel::readFloatVector(std::optional<std::vector<float>>* val) const {
  return readData(val);
}
status_t Parcel::readFloatVector(std::unique_ptr<std::vector<float>>* val) const {
  return readData(val);
}
status_t Parcel::writeDoubleVector(const std::vector<double>& val) {
  return writeData(val);
}
status_t Parcel::writeDoubleVector(const std::optional<std::vector<double>>& val) {
  return writeData(val);
}
status_t Parcel::writeDoubleVector(const std::unique_ptr<std::vector<double>>& val) {
  return writeData(val);
}
status_t Parcel::readDoubleVector(std::vector<double>* val) const {
  return readData(val);
}
status_t Parcel::readDoubleVector(std::optional<std::vector<double>>* val) const {
  return readData(val);
}
status_t Parcel::readDoubleVector(std::unique_ptr<std::vector<double>>* val) const {
  return readData(val);
}
status_t Parcel::writeBoolVector(const std::vector<bool>& val) {
  return writeData(val);
}
status_t Parcel::writeBoolVector(const std::optional<std::vector<bool>>& val) {
  return writeData(val);
}
status_t Parcel::writeBoolVector(const std::unique_ptr<std::vector<bool>>& val) {
  return writeData(val);
}
status_t Parcel::readBoolVector(std::vector<bool>* val) const {
  return readData(val);
}
status_t Parcel::readBoolVector(std::optional<std::vector<bool>>* val) const {
  return readData(val);
}
status_t Parcel::readBoolVector(std::unique_ptr<std::vector<bool>>* val) const {
  return readData(val);
}
status_t Parcel::writeCharVector(const std::vector<char16_t>& val) {
  return writeData(val);
}
status_t Parcel::writeCharVector(const std::optional<std::vector<char16_t>>& val) {
  return writeData(val);
}
status_t Parcel::writeCharVector(const std::unique_ptr<std::vector<char16_t>>& val) {
  return writeData(val);
}
status_t Parcel::readCharVector(std::vector<char16_t>* val) const {
  return readData(val);
}
status_t Parcel::readCharVector(std::optional<std::vector<char16_t>>* val) const {
  return readData(val);
}
status_t Parcel::readCharVector(std::unique_ptr<std::vector<char16_t>>* val) const {
  return readData(val);
}
status_t Parcel::writeString16Vector(const std::vector<String16>& val) {
  return writeData(val);
}
status_t Parcel::writeString16Vector(const std::optional<std::vector<std::optional<String16>>>& val) {
  return writeData(val);
}
status_t Parcel::writeString16Vector(const std::unique_ptr<std::vector<std::unique_ptr<String16>>>& val) {
  return writeData(val);
}
status_t Parcel::readString16Vector(std::vector<String16>* val) const {
  return readData(val);
}
status_t Parcel::readString16Vector(std::optional<std::vector<std::optional<String16>>>* val) const {
  return readData(val);
}
status_t Parcel::readString16Vector(std::unique_ptr<std::vector<std::unique_ptr<String16>>>* val) const {
  return readData(val);
}
status_t Parcel::writeUtf8VectorAsUtf16Vector(const std::vector<std::string>& val) {
  return writeData(val);
}
status_t Parcel::writeUtf8VectorAsUtf16Vector(
    const std::optional<std::vector<std::optional<std::string>>>& val) {
  return writeData(val);
}
status_t Parcel::writeUtf8VectorAsUtf16Vector(
    const std::unique_ptr<std::vector<std::unique_ptr<std::string>>>& val) {
  return writeData(val);
}
status_t Parcel::readUtf8VectorFromUtf16Vector(std::vector<std::string>* val) const {
  return readData(val);
}
status_t Parcel::readUtf8VectorFromUtf16Vector(
    std::optional<std::vector<std::optional<std::string>>>* val) const {
  return readData(val);
}
status_t Parcel::readUtf8VectorFromUtf16Vector(
    std::unique_ptr<std::vector<std::unique_ptr<std::string>>>* val) const {
  return readData(val);
}
status_t Parcel::writeUniqueFileDescriptorVector(const std::vector<base::unique_fd>& val) {
  return writeData(val);
}
status_t Parcel::writeUniqueFileDescriptorVector(const std::optional<std::vector<base::unique_fd>>& val) {
  return writeData(val);
}
status_t Parcel::writeUniqueFileDescriptorVector(const std::unique_ptr<std::vector<base::unique_fd>>& val) {
  return writeData(val);
}
status_t Parcel::readUniqueFileDescriptorVector(std::vector<base::unique_fd>* val) const {
  return readData(val);
}
status_t Parcel::readUniqueFileDescriptorVector(std::optional<std::vector<base::unique_fd>>* val) const {
  return readData(val);
}
status_t Parcel::readUniqueFileDescriptorVector(std::unique_ptr<std::vector<base::unique_fd>>* val) const {
  return readData(val);
}
status_t Parcel::writeStrongBinderVector(const std::vector<sp<IBinder>>& val) {
  return writeData(val);
}
status_t Parcel::writeStrongBinderVector(const std::optional<std::vector<sp<IBinder>>>& val) {
  return writeData(val);
}
status_t Parcel::writeStrongBinderVector(const std::unique_ptr<std::vector<sp<IBinder>>>& val) {
  return writeData(val);
}
status_t Parcel::readStrongBinderVector(std::vector<sp<IBinder>>* val) const {
  return readData(val);
}
status_t Parcel::readStrongBinderVector(std::optional<std::vector<sp<IBinder>>>* val) const {
  return readData(val);
}
status_t Parcel::readStrongBinderVector(std::unique_ptr<std::vector<sp<IBinder>>>* val) const {
  return readData(val);
}
status_t Parcel::writeString16(const std::optional<String16>& str) {
  return writeData(str);
}
status_t Parcel::readString16(std::optional<String16>* str) const {
  return readData(str);
}
status_t Parcel::writeString16(const std::unique_ptr<String16>& str) {
  return writeData(str);
}
status_t Parcel::readString16(std::unique_ptr<String16>* str) const {
  return readData(str);
}
status_t Parcel::writeUtf8AsUtf16(const std::optional<std::string>& str) {
  return writeData(str);
}
status_t Parcel::readUtf8FromUtf16(std::optional<std::string>* str) const {
  return readData(str);
}
status_t Parcel::writeUtf8AsUtf16(const std::unique_ptr<std::string>& str) {
  return writeData(str);
}
status_t Parcel::readUtf8FromUtf16(std::unique_ptr<std::string>* str) const {
  return readData(str);
}

}  // namespace android
