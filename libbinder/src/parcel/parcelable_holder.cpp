#include <binder/ParcelableHolder.h>

namespace android {
namespace os {

namespace {

std::unique_ptr<Parcel> copyOf(const Parcel* bytes) {
  if (bytes == nullptr) return nullptr;
  auto copy = std::make_unique<Parcel>();
  // Without memory the copy is empty: the same as a holder that nothing was put into.
  return copy->appendFrom(bytes, 0, bytes->dataSize()) == OK ? std::move(copy) : nullptr;
}

}  // namespace

ParcelableHolder::~ParcelableHolder() = default;

ParcelableHolder::ParcelableHolder(const ParcelableHolder& other) : Parcelable(other) {
  std::lock_guard<std::mutex> lock(other.lock_);
  object_ = other.object_;
  name_ = other.name_;
  bytes_ = copyOf(other.bytes_.get());
  stability_ = other.stability_;
}

ParcelableHolder::ParcelableHolder(ParcelableHolder&& other) noexcept
    : object_(std::move(other.object_)),
      name_(std::move(other.name_)),
      bytes_(std::move(other.bytes_)),
      stability_(other.stability_) {
  other.reset();
}

ParcelableHolder& ParcelableHolder::operator=(const ParcelableHolder& other) {
  if (this != &other) *this = ParcelableHolder(other);
  return *this;
}

ParcelableHolder& ParcelableHolder::operator=(ParcelableHolder&& other) noexcept {
  if (this == &other) return *this;
  object_ = std::move(other.object_);
  name_ = std::move(other.name_);
  bytes_ = std::move(other.bytes_);
  stability_ = other.stability_;
  other.reset();
  return *this;
}

void ParcelableHolder::reset() {
  object_ = nullptr;
  name_.reset();
  bytes_ = nullptr;
}

std::tuple<const Parcelable*, const Parcel*, Parcelable::Stability> ParcelableHolder::key() const {
  std::lock_guard<std::mutex> lock(lock_);
  return {object_.get(), bytes_.get(), stability_};
}

status_t ParcelableHolder::setObject(std::shared_ptr<Parcelable> object, const String16& name) {
  if (getStability() > object->getStability()) return BAD_VALUE;
  object_ = std::move(object);
  name_ = name;
  bytes_ = nullptr;
  return OK;
}

status_t ParcelableHolder::getObject(const String16& name, std::shared_ptr<Parcelable>* object,
                                     std::shared_ptr<Parcelable> (*make)()) const {
  std::lock_guard<std::mutex> lock(lock_);
  *object = nullptr;
  if (bytes_ == nullptr) {
    if (object_ == nullptr) return OK;
    if (!name_ || *name_ != name) return BAD_VALUE;
    *object = object_;
    return OK;
  }
  bytes_->setDataPosition(0);
  String16 received;
  status_t status = bytes_->readString16(&received);
  if (status != OK) return status;
  if (received != name) return BAD_VALUE;
  std::shared_ptr<Parcelable> made = make();
  status = made->readFromParcel(bytes_.get());
  if (status != OK) return status;
  object_ = made;
  name_ = received;
  bytes_ = nullptr;
  *object = std::move(made);
  return OK;
}

status_t ParcelableHolder::writeToParcel(Parcel* parcel) const {
  std::lock_guard<std::mutex> lock(lock_);
  status_t status = parcel->writeInt32(static_cast<int32_t>(stability_));
  if (status != OK) return status;
  if (bytes_ != nullptr) {
    status = parcel->writeInt32(static_cast<int32_t>(bytes_->dataSize()));
    return status == OK ? parcel->appendFrom(bytes_.get(), 0, bytes_->dataSize()) : status;
  }
  const size_t size_at = parcel->dataPosition();
  status = parcel->writeInt32(0);
  if (status != OK || object_ == nullptr) return status;
  const size_t begin = parcel->dataPosition();
  status = parcel->writeString16(*name_);
  if (status == OK) status = object_->writeToParcel(parcel);
  if (status != OK) return status;
  const size_t end = parcel->dataPosition();
  parcel->setDataPosition(size_at);
  status = parcel->writeInt32(static_cast<int32_t>(end - begin));
  parcel->setDataPosition(end);
  return status;
}

status_t ParcelableHolder::readFromParcel(const Parcel* parcel) {
  reset();
  int32_t stability = 0;
  int32_t size = 0;
  status_t status = parcel->readInt32(&stability);
  if (status != OK) return status;
  if (stability != static_cast<int32_t>(stability_)) return BAD_VALUE;
  status = parcel->readInt32(&size);
  if (status != OK) return status;
  if (size < 0) return BAD_VALUE;
  if (size == 0) return OK;
  const auto length = static_cast<size_t>(size);
  if (length > parcel->dataAvail()) return BAD_VALUE;
  auto bytes = std::make_unique<Parcel>();
  const size_t begin = parcel->dataPosition();
  status = bytes->appendFrom(parcel, begin, length);
  if (status != OK) return status;
  parcel->setDataPosition(begin + length);
  bytes_ = std::move(bytes);
  return OK;
}

}  // namespace os
}  // namespace android
