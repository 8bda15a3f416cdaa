// A fuzz input as a program over parcels: what arrives, and what is done with it.
#pragma once

#include <cstdint>
#include <span>

namespace cuse_binder::fuzz {

// Makes a parcel as a driver would deliver it (any bytes, with null and local binders and descriptors among
// them, and an object table that is right or not) and one that is written here; then reads, writes, cuts and
// appends both as the input says. At the end every reference and descriptor must be gone and all memory given
// back; aborts otherwise. Proxies are left out: they need a device.
void run_parcel_program(std::span<const std::uint8_t> input);

}  // namespace cuse_binder::fuzz
