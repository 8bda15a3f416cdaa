// What it costs to write and read a Parcel: numbers, strings, large byte vectors, binders, small calls.
//
//   build/release/bin/parcel_bench --benchmark_out=build/parcel_bench.json
#include <benchmark/benchmark.h>
#include <binder/Binder.h>
#include <binder/Parcel.h>
#include <binder/Status.h>
#include <utils/String16.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace {

using android::OK;
using android::Parcel;
using android::sp;
using android::status_t;
using android::String16;

// A benchmark of something that does not work is worth nothing.
void require(status_t status) {
  if (status != OK) std::abort();
}

void int32_write(benchmark::State& state) {
  const auto count = static_cast<int32_t>(state.range(0));
  for (auto _ : state) {
    Parcel parcel;
    for (int32_t i = 0; i < count; ++i) parcel.writeInt32(i);
    benchmark::DoNotOptimize(parcel.data());
  }
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(int32_write)->Arg(16)->Arg(16384);

void int32_read(benchmark::State& state) {
  const auto count = static_cast<int32_t>(state.range(0));
  Parcel parcel;
  for (int32_t i = 0; i < count; ++i) require(parcel.writeInt32(i));
  for (auto _ : state) {
    parcel.setDataPosition(0);
    int32_t value = 0;
    for (int32_t i = 0; i < count; ++i) {
      parcel.readInt32(&value);
      benchmark::DoNotOptimize(value);
    }
  }
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(int32_read)->Arg(16)->Arg(16384);

void string16_write(benchmark::State& state) {
  const String16 text(std::string(static_cast<size_t>(state.range(0)), 'x').c_str());
  for (auto _ : state) {
    Parcel parcel;
    parcel.writeString16(text);
    benchmark::DoNotOptimize(parcel.data());
  }
}
BENCHMARK(string16_write)->Arg(16)->Arg(256);

void string16_read(benchmark::State& state) {
  Parcel parcel;
  require(parcel.writeString16(String16(std::string(static_cast<size_t>(state.range(0)), 'x').c_str())));
  for (auto _ : state) {
    parcel.setDataPosition(0);
    String16 text;
    require(parcel.readString16(&text));
    benchmark::DoNotOptimize(text);
  }
}
BENCHMARK(string16_read)->Arg(16)->Arg(256);

void utf8_write_and_read(benchmark::State& state) {
  const std::string text(static_cast<size_t>(state.range(0)), 'x');
  std::string got;
  for (auto _ : state) {
    Parcel parcel;
    parcel.writeUtf8AsUtf16(text);
    parcel.setDataPosition(0);
    require(parcel.readUtf8FromUtf16(&got));
    benchmark::DoNotOptimize(got);
  }
}
BENCHMARK(utf8_write_and_read)->Arg(16)->Arg(256);

void byte_vector_write(benchmark::State& state) {
  const std::vector<uint8_t> bytes(static_cast<size_t>(state.range(0)), 0x5a);
  for (auto _ : state) {
    Parcel parcel;
    parcel.writeByteVector(bytes);
    benchmark::DoNotOptimize(parcel.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(byte_vector_write)->Arg(64)->Arg(64 * 1024);

void byte_vector_read(benchmark::State& state) {
  Parcel parcel;
  require(parcel.writeByteVector(std::vector<uint8_t>(static_cast<size_t>(state.range(0)), 0x5a)));
  for (auto _ : state) {
    parcel.setDataPosition(0);
    std::vector<uint8_t> bytes;
    require(parcel.readByteVector(&bytes));
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(byte_vector_read)->Arg(64)->Arg(64 * 1024);

void local_binder_write_and_read(benchmark::State& state) {
  const sp<android::IBinder> binder = new android::BBinder();
  for (auto _ : state) {
    Parcel parcel;
    parcel.writeStrongBinder(binder);
    parcel.setDataPosition(0);
    benchmark::DoNotOptimize(parcel.readStrongBinder());
  }
}
BENCHMARK(local_binder_write_and_read);

// The parcels of one small AIDL call, without the call.
void small_call(benchmark::State& state) {
  const String16 interface("com.example.IGreeter");
  const String16 text("sixteen letters.");
  for (auto _ : state) {
    Parcel data;
    Parcel reply;
    data.writeInterfaceToken(interface);
    data.writeString16(text);
    data.setDataPosition(0);
    size_t length = 0;
    if (!data.enforceInterface(interface) || data.readString16Inplace(&length) == nullptr) std::abort();
    reply.writeNoException();
    reply.writeString16(text);
    reply.setDataPosition(0);
    android::binder::Status status;
    require(status.readFromParcel(reply));
    benchmark::DoNotOptimize(reply.readString16Inplace(&length));
  }
}
BENCHMARK(small_call);

}  // namespace

BENCHMARK_MAIN();
