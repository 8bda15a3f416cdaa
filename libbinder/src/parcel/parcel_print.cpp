// Parcel: for people to read.
#include <binder/Parcel.h>
#include <binder/TextOutput.h>
#include <string.h>

#include <ostream>
#include <sstream>

#include "parcel/hex_dump.h"
#include "parcel/parcel_object.h"

namespace android {

void Parcel::print(std::ostream& o, uint32_t /*flags*/) const {
  o << "Parcel(";
  if (error_ != OK) {
    o << "Error: " << error_ << " \"" << strerror(-error_) << "\"";
  } else if (data_size_ == 0) {
    o << "NULL";
  } else {
    for (const char c : internal::hexDumpText(HexDump(data_, data_size_))) {
      o << c;
      if (c == '\n') o << "  ";
    }
    for (size_t i = 0; i < objects_size_; ++i) {
      const flat_binder_object object = internal::loadObject(data_, objects_[i]);
      // The last character of a type is not printable, and says nothing.
      o << "\nObject #" << i << " @ 0x" << std::hex << objects_[i] << std::dec << ": "
        << internal::typeCodeText(object.hdr.type & 0x7f7f7f00) << " = " << object.binder;
    }
  }
  o << ")";
}

void Parcel::print(TextOutput& to, uint32_t flags) const {
  std::ostringstream text;
  print(text, flags);
  to << text.str();
}

TextOutput& operator<<(TextOutput& to, const Parcel& parcel) {
  parcel.print(to);
  return to;
}

}  // namespace android
