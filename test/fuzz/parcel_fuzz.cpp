// libFuzzer's entry, and that of the replay program.
#include <cstddef>
#include <cstdint>

#include "test/fuzz/parcel_program.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cuse_binder::fuzz::run_parcel_program({data, size});
  return 0;
}
