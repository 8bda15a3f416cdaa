// Steps that many cases take: send and expect acceptance, send and expect refusal, receive one call.
#pragma once

#include <cstring>

#include "test/conformance/world.h"

namespace cuse_binder::conformance {

// Reads a struct out of received bytes.
template <typename T>
T at(const Bytes& bytes, std::size_t offset) {
  REQUIRE(offset + sizeof(T) <= bytes.size());
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// The thread's next read brings one call and nothing else.
inline binder_transaction_data receive(Thread& thread) {
  const Result result = thread.read();
  REQUIRE(result == gets(BR_TRANSACTION));
  return result.transaction();
}

// A oneway call or a reply that is accepted; its completion is read.
inline void accepted(Thread& thread, const Commands& commands) {
  REQUIRE(thread.write_read(commands) == gets(BR_TRANSACTION_COMPLETE));
}

// Commands that are all executed, with nothing read.
inline void done(Thread& thread, const Commands& commands) {
  const Result result = thread.write(commands);
  REQUIRE(result.error == 0);
  REQUIRE(result.write_consumed == commands.size());
}

// A call or reply that is refused at once: the sender gets `br` alone and its extended error says why.
inline void refused(Thread& thread, const Commands& commands, int param, std::uint32_t br = BR_FAILED_REPLY) {
  CHECK(thread.write_read(commands) == gets(br));
  CHECK(thread.extended_error() == ee(br, param));
}

inline void free_buffer(Thread& thread, const binder_transaction_data& data) {
  done(thread, Commands().free_buffer(data.data.ptr.buffer));
}

// The one return of that code carries this node.
inline void names(const Result& result, std::uint32_t code, const Node& node) {
  CHECK(result.only(code).ptr == node.ptr);
  CHECK(result.only(code).cookie == node.cookie);
}

}  // namespace cuse_binder::conformance
