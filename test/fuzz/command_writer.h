// Builds the write half of a BINDER_WRITE_READ from a fuzz input: mostly plausible commands, now and then
// wrong ones.
#pragma once

#include <cstdint>
#include <vector>

#include "test/fuzz/fuzz_client.h"
#include "test/fuzz/input.h"

namespace cuse_binder::fuzz {

class CommandWriter {
 public:
  CommandWriter(Input& input, FuzzThread& thread) : input_(input), thread_(thread), client_(*thread.client) {}

  // Appends one command.
  void command();
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  template <typename T>
  void put(T value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), from, from + sizeof value);
  }
  std::uint32_t handle();
  std::uint64_t pointer();
  std::uint64_t cookie();
  std::uint64_t buffer_address();
  void transaction(bool reply);
  // Writes objects and offsets to the thread's arena; the size of the data.
  std::uint64_t objects(unsigned count);
  std::uint64_t object(std::byte* at, std::uint64_t scatter);

  Input& input_;
  FuzzThread& thread_;
  FuzzClient& client_;
  std::vector<std::byte> bytes_;
  std::uint64_t scatter_used_ = 0;
};

}  // namespace cuse_binder::fuzz
