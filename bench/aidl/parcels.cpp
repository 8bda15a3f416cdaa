// Parcels by themselves, without a device.
#include <binder/Parcel.h>

#include <cstring>
#include <functional>
#include <stdexcept>
#include <vector>

#include "bench/aidl/measurements.h"
#include "bench/support/caller.h"

namespace cuse_binder::bench {
namespace {

using android::Parcel;
using android::String16;

constexpr const char* kGroup = "Parcel: writing and reading, against memcpy of the same bytes";
constexpr std::size_t kValues = 16;  // in a parcel, so that it is as small as most are
constexpr std::size_t kLargeVector = 64 * 1024;

struct Kind {
  const char* name;
  std::size_t values;  // per call of the functions
  std::function<void(Parcel&)> write;
  std::function<void(const Parcel&)> read;
};

void require(bool right) {
  if (!right) throw std::runtime_error("a parcel does not hold what was written");
}

std::vector<Kind> kinds() {
  const String16 text("sixteen letters!");
  const std::vector<uint8_t> bytes(kLargeVector, 0x5a);
  return {{"int", kValues,
           [](Parcel& parcel) {
             for (std::size_t i = 0; i < kValues; i++) parcel.writeInt32(static_cast<int32_t>(i));
           },
           [](const Parcel& parcel) {
             for (std::size_t i = 0; i < kValues; i++) require(parcel.readInt32() == static_cast<int32_t>(i));
           }},
          {"string of 16", kValues,
           [text](Parcel& parcel) {
             for (std::size_t i = 0; i < kValues; i++) parcel.writeString16(text);
           },
           [text](const Parcel& parcel) {
             String16 value;
             for (std::size_t i = 0; i < kValues; i++)
               require(parcel.readString16(&value) == android::OK && value.size() == text.size());
           }},
          {"64 KiB of bytes", 1, [bytes](Parcel& parcel) { parcel.writeByteVector(bytes); },
           [](const Parcel& parcel) {
             std::vector<uint8_t> value;
             require(parcel.readByteVector(&value) == android::OK && value.size() == kLargeVector);
           }}};
}

double nanoseconds_each(std::size_t times, std::size_t values, const std::function<void()>& body) {
  const Clock::time_point start = Clock::now();
  for (std::size_t i = 0; i < times; i++) body();
  return seconds_since(start) * 1e9 / static_cast<double>(times * values);
}

void measure(const Settings& settings, const Kind& kind, Report& report) {
  Parcel full;
  kind.write(full);
  const std::size_t size = full.dataSize();
  std::vector<unsigned char> target(size);
  const std::size_t times = kind.values == 1 ? settings.calls : settings.calls * 10;
  Series writing, reading, copying;
  for (int round = -1; round < settings.rounds; round++) {
    const double write_ns = nanoseconds_each(times, kind.values, [&] {
      Parcel parcel;
      kind.write(parcel);
    });
    const double read_ns = nanoseconds_each(times, kind.values, [&] {
      full.setDataPosition(0);
      kind.read(full);
    });
    const double copy_ns = nanoseconds_each(times, kind.values, [&] {
      std::memcpy(target.data(), full.data(), size);
      asm volatile("" : : "r"(target.data()) : "memory");  // or the compiler sees that nobody reads it
    });
    if (round < 0) continue;
    writing.add(write_ns);
    reading.add(read_ns);
    copying.add(copy_ns);
  }
  report.add(
      {kGroup, std::string("write ") + kind.name, "libbinder", "ns", writing, "memcpy", copying, "", ""});
  report.add(
      {kGroup, std::string("read ") + kind.name, "libbinder", "ns", reading, "memcpy", copying, "", ""});
}

}  // namespace

void measure_parcels(const Settings& settings, const Subjects&, Report& report) {
  for (const Kind& kind : kinds()) measure(settings, kind, report);
}

}  // namespace cuse_binder::bench
