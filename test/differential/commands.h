// Terms to what goes into the write buffer: commands, parcels, objects.
//
//   call(h,code,flags,size,…)[objects]   BC_TRANSACTION; reply(…) BC_REPLY. size: bytes before the first
//   object
//     sg=N            the _SG command with buffers_size N        fault=1 data, =2 offsets unreadable
//     odd=N           N is added to offsets_size                 tail=N bytes behind the last object
//   objects: binder(n,c,flags) wbinder handle(h) whandle(h) fd(kind) ptr(len,parent,po,fds,fault)
//   fda(n,parent,po)
//     raw(type)       an object that does not exist              skip(n) n bytes       at(offset) an offset
//     without object kind of an fd: 0 open, 1 closed, 2 O_PATH. fds=N: the buffer begins with N open
//     descriptors
//   free(k) the k-th oldest buffer held, free(at) that offset of the receive area
//   acquire(h) release(h) increfs(h) decrefs(h)    acqdone(n,c) incdone(n,c)    enter register exit
//   reqdeath(h,cookie) cleardeath(h,cookie) deaddone(cookie) reqfreeze(h,cookie) clearfreeze(h,cookie)
//   freezedone(cookie) word(v) a bare word
//
// n names a node of the sender: ptr and cookie follow from it; c gives another cookie.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "test/conformance/wire.h"
#include "test/differential/sequence.h"

namespace cuse_binder::differential {

conformance::Node node_of(std::int64_t n, std::int64_t c = 0, std::int64_t flags = 0x100);

// The sender, as far as its commands need it.
class Sender {
 public:
  virtual ~Sender() = default;
  // Places bytes in the sender's memory.
  virtual conformance::Address put(std::span<const std::byte> bytes) = 0;
  virtual conformance::Address unreadable() = 0;
  virtual conformance::Address buffer_held(
      std::size_t k) = 0;  // an address that is no buffer if there are fewer
  virtual conformance::Address at_offset(std::uint64_t offset) = 0;
  virtual int descriptor(std::int64_t kind) = 0;
};

// Appends the command to `commands`. Throws std::runtime_error for a word that is none.
void append(conformance::Commands& commands, const Term& term, Sender& sender);

}  // namespace cuse_binder::differential
