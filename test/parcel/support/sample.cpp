#include "test/parcel/support/sample.h"

using android::OK;
using android::Parcel;
using android::status_t;

IMPLEMENT_META_INTERFACE(Thing, "test.IThing")

// Like generated code: the size of the whole in front, so that older readers skip what they do not know.
status_t Sample::writeToParcel(Parcel* parcel) const {
  const size_t begin = parcel->dataPosition();
  status_t status = parcel->writeInt32(0);
  if (status == OK) status = parcel->writeInt32(number);
  if (status == OK) status = parcel->writeUtf8AsUtf16(text);
  if (status == OK) status = parcel->writeInt64Vector(longs);
  if (status != OK) return status;
  const size_t end = parcel->dataPosition();
  parcel->setDataPosition(begin);
  parcel->writeInt32(static_cast<int32_t>(end - begin));
  parcel->setDataPosition(end);
  return OK;
}

status_t Sample::readFromParcel(const Parcel* parcel) {
  const size_t begin = parcel->dataPosition();
  int32_t size = 0;
  status_t status = parcel->readInt32(&size);
  if (status != OK) return status;
  if (size < 4) return android::BAD_VALUE;
  if (begin > static_cast<size_t>(INT32_MAX - size)) return android::BAD_VALUE;
  status = parcel->readInt32(&number);
  if (status == OK) status = parcel->readUtf8FromUtf16(&text);
  if (status == OK) status = parcel->readInt64Vector(&longs);
  parcel->setDataPosition(begin + static_cast<size_t>(size));
  return status;
}
