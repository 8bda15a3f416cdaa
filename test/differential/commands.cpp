#include "test/differential/commands.h"

#include <cstring>
#include <stdexcept>

namespace cuse_binder::differential {
namespace {

using conformance::Address;
using conformance::Bytes;
using conformance::Commands;
using conformance::Node;
using conformance::Parcel;

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(1 + (seed * 7 + i) % 120);
  return bytes;
}

Address pointed_to(const Term& term, Sender& sender) {
  if (term.get("fault") != 0) return sender.unreadable();
  Bytes bytes = pattern(static_cast<std::size_t>(term.get("len")), 3);
  for (std::int64_t i = 0; i < term.get("fds"); ++i) {
    const int fd = sender.descriptor(0);
    if (static_cast<std::size_t>(4 * i + 4) > bytes.size()) break;
    std::memcpy(bytes.data() + 4 * i, &fd, 4);
  }
  return sender.put(bytes);
}

void append_object(Parcel& parcel, const Term& term, Sender& sender) {
  const auto number = [&](const char* name, std::int64_t otherwise = 0) {
    return static_cast<std::uint64_t>(term.get(name, otherwise));
  };
  const auto small = [&](const char* name) { return static_cast<std::uint32_t>(term.get(name)); };
  const Node node = node_of(term.get("n"), term.get("c"), term.get("flags", 0x100));
  if (term.word == "binder") {
    parcel.binder(node);
  } else if (term.word == "wbinder") {
    parcel.weak_binder(node);
  } else if (term.word == "handle") {
    parcel.handle(small("h"), small("flags"));
  } else if (term.word == "whandle") {
    parcel.weak_handle(small("h"), small("flags"));
  } else if (term.word == "fd") {
    parcel.fd(sender.descriptor(term.get("kind")), 0xfd, 5);
  } else if (term.word == "ptr") {
    const Address source = pointed_to(term, sender);
    const std::uint64_t length = number("claim", term.get("len"));
    if (term.has("parent")) {
      parcel.ptr_with_parent(source, length, number("parent"), number("po"));
    } else {
      parcel.ptr(source, length);
    }
  } else if (term.word == "fda") {
    parcel.fd_array(number("n"), number("parent"), number("po"));
  } else if (term.word == "raw") {
    flat_binder_object object{};
    object.hdr.type = small("type");
    parcel.object(conformance::as_bytes_of(object));
  } else if (term.word == "skip") {
    parcel.raw(pattern(number("n"), 9));
  } else if (term.word == "at") {
    parcel.offset(number("offset"));
  } else {
    throw std::runtime_error("no object: " + term.text());
  }
}

void append_transaction(Commands& commands, const Term& term, bool reply, Sender& sender) {
  Parcel parcel;
  parcel.raw(pattern(static_cast<std::size_t>(term.get("size")), static_cast<unsigned>(term.get("code"))));
  for (const Term& object : term.inside) append_object(parcel, object, sender);
  parcel.raw(pattern(static_cast<std::size_t>(term.get("tail")), 11));
  binder_transaction_data data{};
  data.target.handle = static_cast<std::uint32_t>(term.get("h"));
  data.code = static_cast<std::uint32_t>(term.get("code"));
  data.flags = static_cast<std::uint32_t>(term.get("flags"));
  data.data_size =
      static_cast<std::uint64_t>(term.get("claim", static_cast<std::int64_t>(parcel.data.size())));
  data.offsets_size = parcel.offsets.size() * 8 + static_cast<std::uint64_t>(term.get("odd"));
  // What `odd` claims more of the offsets is there to be read.
  parcel.offsets.resize(parcel.offsets.size() + static_cast<std::size_t>(term.get("odd") + 7) / 8);
  data.data.ptr.buffer = term.get("fault") == 1 ? sender.unreadable() : sender.put(parcel.data);
  data.data.ptr.offsets =
      term.get("fault") == 2 ? sender.unreadable() : sender.put(std::as_bytes(std::span(parcel.offsets)));
  const bool sg = term.has("sg");
  const std::uint32_t command =
      reply ? (sg ? BC_REPLY_SG : BC_REPLY) : (sg ? BC_TRANSACTION_SG : BC_TRANSACTION);
  commands.transaction_data(command, data, static_cast<std::uint64_t>(term.get("sg")));
}

}  // namespace

Node node_of(std::int64_t n, std::int64_t c, std::int64_t flags) {
  return Node{static_cast<std::uint64_t>(n) * 0x1000,
              0xc000 + static_cast<std::uint64_t>(n) + (static_cast<std::uint64_t>(c) << 20),
              static_cast<std::uint32_t>(flags)};
}

void append(Commands& commands, const Term& term, Sender& sender) {
  const auto handle = static_cast<std::uint32_t>(term.get("h"));
  const auto cookie = static_cast<std::uint64_t>(term.get("cookie"));
  const Node node = node_of(term.get("n"), term.get("c"));
  const std::string& word = term.word;
  if (word == "call") {
    append_transaction(commands, term, false, sender);
  } else if (word == "reply") {
    append_transaction(commands, term, true, sender);
  } else if (word == "free") {
    commands.free_buffer(term.has("at") ? sender.at_offset(static_cast<std::uint64_t>(term.get("at")))
                                        : sender.buffer_held(static_cast<std::size_t>(term.get("k"))));
  } else if (word == "acquire") {
    commands.acquire(handle);
  } else if (word == "release") {
    commands.release(handle);
  } else if (word == "increfs") {
    commands.increfs(handle);
  } else if (word == "decrefs") {
    commands.decrefs(handle);
  } else if (word == "acqdone") {
    commands.acquire_done(node.ptr, node.cookie);
  } else if (word == "incdone") {
    commands.increfs_done(node.ptr, node.cookie);
  } else if (word == "enter") {
    commands.enter_looper();
  } else if (word == "register") {
    commands.register_looper();
  } else if (word == "exit") {
    commands.exit_looper();
  } else if (word == "reqdeath") {
    commands.request_death(handle, cookie);
  } else if (word == "cleardeath") {
    commands.clear_death(handle, cookie);
  } else if (word == "deaddone") {
    commands.dead_binder_done(cookie);
  } else if (word == "reqfreeze") {
    commands.request_freeze(handle, cookie);
  } else if (word == "clearfreeze") {
    commands.clear_freeze(handle, cookie);
  } else if (word == "freezedone") {
    commands.freeze_done(cookie);
  } else if (word == "word") {
    commands.word(static_cast<std::uint32_t>(term.get("v")));
  } else {
    throw std::runtime_error("no command: " + term.text());
  }
}

}  // namespace cuse_binder::differential
