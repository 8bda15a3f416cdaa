#include "test/conformance/wire.h"

#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

namespace cuse_binder::conformance {
namespace {

template <typename T>
void append(Bytes& bytes, const T& value) {
  const auto view = as_bytes_of(value);
  bytes.insert(bytes.end(), view.begin(), view.end());
}

std::string hex(std::uint64_t value) {
  std::ostringstream out;
  out << "0x" << std::hex << value;
  return out.str();
}

struct Name {
  std::uint32_t code;
  const char* name;
};

constexpr Name kReturnNames[] = {
    {BR_ERROR, "BR_ERROR"},
    {BR_OK, "BR_OK"},
    {BR_TRANSACTION, "BR_TRANSACTION"},
    {BR_TRANSACTION_SEC_CTX, "BR_TRANSACTION_SEC_CTX"},
    {BR_REPLY, "BR_REPLY"},
    {BR_DEAD_REPLY, "BR_DEAD_REPLY"},
    {BR_TRANSACTION_COMPLETE, "BR_TRANSACTION_COMPLETE"},
    {BR_INCREFS, "BR_INCREFS"},
    {BR_ACQUIRE, "BR_ACQUIRE"},
    {BR_RELEASE, "BR_RELEASE"},
    {BR_DECREFS, "BR_DECREFS"},
    {BR_NOOP, "BR_NOOP"},
    {BR_SPAWN_LOOPER, "BR_SPAWN_LOOPER"},
    {BR_DEAD_BINDER, "BR_DEAD_BINDER"},
    {BR_CLEAR_DEATH_NOTIFICATION_DONE, "BR_CLEAR_DEATH_NOTIFICATION_DONE"},
    {BR_FAILED_REPLY, "BR_FAILED_REPLY"},
    {BR_FROZEN_REPLY, "BR_FROZEN_REPLY"},
    {BR_ONEWAY_SPAM_SUSPECT, "BR_ONEWAY_SPAM_SUSPECT"},
    {kBrTransactionPendingFrozen, "BR_TRANSACTION_PENDING_FROZEN"},
    {kBrFrozenBinder, "BR_FROZEN_BINDER"},
    {kBrClearFreezeNotificationDone, "BR_CLEAR_FREEZE_NOTIFICATION_DONE"},
};

constexpr Name kCommandNames[] = {
    {BC_TRANSACTION, "BC_TRANSACTION"},
    {BC_REPLY, "BC_REPLY"},
    {BC_TRANSACTION_SG, "BC_TRANSACTION_SG"},
    {BC_REPLY_SG, "BC_REPLY_SG"},
};

}  // namespace

Bytes bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span<const char>(text.data(), text.size()));
  return Bytes(view.begin(), view.end());
}

// --- Parcel

Parcel Parcel::text(std::string_view text) {
  Parcel parcel;
  parcel.data = bytes_of(text);
  return parcel;
}

Parcel Parcel::zeros(std::size_t size) {
  return filled(size, std::byte{0});
}

Parcel Parcel::filled(std::size_t size, std::byte value) {
  Parcel parcel;
  parcel.data.assign(size, value);
  return parcel;
}

Parcel& Parcel::u32(std::uint32_t value) {
  append(data, value);
  return *this;
}

Parcel& Parcel::u64(std::uint64_t value) {
  append(data, value);
  return *this;
}

Parcel& Parcel::raw(std::span<const std::byte> bytes) {
  data.insert(data.end(), bytes.begin(), bytes.end());
  return *this;
}

Parcel& Parcel::align(std::size_t alignment) {
  while (data.size() % alignment != 0) data.push_back(std::byte{0});
  return *this;
}

Parcel& Parcel::object(std::span<const std::byte> bytes) {
  offsets.push_back(data.size());
  return raw(bytes);
}

Parcel& Parcel::offset(std::uint64_t offset) {
  offsets.push_back(offset);
  return *this;
}

Parcel& Parcel::binder(const Node& node) {
  flat_binder_object object{};
  object.hdr.type = BINDER_TYPE_BINDER;
  object.flags = node.flags;
  object.binder = node.ptr;
  object.cookie = node.cookie;
  return this->object(as_bytes_of(object));
}

Parcel& Parcel::weak_binder(const Node& node) {
  flat_binder_object object{};
  object.hdr.type = BINDER_TYPE_WEAK_BINDER;
  object.flags = node.flags;
  object.binder = node.ptr;
  object.cookie = node.cookie;
  return this->object(as_bytes_of(object));
}

Parcel& Parcel::handle(std::uint32_t handle, std::uint32_t flags) {
  flat_binder_object object{};
  object.hdr.type = BINDER_TYPE_HANDLE;
  object.flags = flags;
  object.handle = handle;
  return this->object(as_bytes_of(object));
}

Parcel& Parcel::weak_handle(std::uint32_t handle, std::uint32_t flags) {
  flat_binder_object object{};
  object.hdr.type = BINDER_TYPE_WEAK_HANDLE;
  object.flags = flags;
  object.handle = handle;
  return this->object(as_bytes_of(object));
}

Parcel& Parcel::fd(int fd, std::uint64_t cookie, std::uint32_t pad_flags) {
  binder_fd_object object{};
  object.hdr.type = BINDER_TYPE_FD;
  object.pad_flags = pad_flags;
  object.fd = static_cast<std::uint32_t>(fd);
  object.cookie = cookie;
  return this->object(as_bytes_of(object));
}

Parcel& Parcel::ptr(Address buffer, std::uint64_t length) {
  binder_buffer_object object{};
  object.hdr.type = BINDER_TYPE_PTR;
  object.buffer = buffer;
  object.length = length;
  return this->object(as_bytes_of(object));
}

Parcel& Parcel::ptr_with_parent(Address buffer, std::uint64_t length, std::uint64_t parent,
                                std::uint64_t parent_offset) {
  binder_buffer_object object{};
  object.hdr.type = BINDER_TYPE_PTR;
  object.flags = BINDER_BUFFER_FLAG_HAS_PARENT;
  object.buffer = buffer;
  object.length = length;
  object.parent = parent;
  object.parent_offset = parent_offset;
  return this->object(as_bytes_of(object));
}

Parcel& Parcel::fd_array(std::uint64_t num_fds, std::uint64_t parent, std::uint64_t parent_offset) {
  binder_fd_array_object object{};
  object.hdr.type = BINDER_TYPE_FDA;
  object.num_fds = num_fds;
  object.parent = parent;
  object.parent_offset = parent_offset;
  return this->object(as_bytes_of(object));
}

// --- Commands

Commands& Commands::add(Part part) {
  size_ += part.bytes.size();
  parts_.push_back(std::move(part));
  return *this;
}

Commands& Commands::simple(std::uint32_t code, std::span<const std::byte> payload, std::string text) {
  Part part;
  append(part.bytes, code);
  part.bytes.insert(part.bytes.end(), payload.begin(), payload.end());
  part.text = std::move(text);
  return add(std::move(part));
}

Commands& Commands::with_parcel(std::uint32_t command, std::uint32_t handle, std::uint32_t code,
                                std::uint32_t flags, Parcel parcel,
                                std::optional<std::uint64_t> buffers_size) {
  binder_transaction_data data{};
  data.target.handle = handle;
  data.code = code;
  data.flags = flags;
  data.data_size = parcel.data.size();
  data.offsets_size = parcel.offsets.size() * sizeof(std::uint64_t);
  Part part;
  append(part.bytes, command);
  append(part.bytes, data);
  if (buffers_size) append(part.bytes, *buffers_size);
  std::ostringstream text;
  text << command_name(command) << "(h " << handle << ", code " << code << ", flags 0x" << std::hex << flags
       << std::dec << ", " << data.data_size << ":" << data.offsets_size;
  if (buffers_size) text << ":" << *buffers_size;
  text << ")";
  part.text = text.str();
  part.parcel = std::move(parcel);
  return add(std::move(part));
}

Commands& Commands::transaction(std::uint32_t handle, std::uint32_t code, std::uint32_t flags,
                                Parcel parcel) {
  return with_parcel(BC_TRANSACTION, handle, code, flags, std::move(parcel), std::nullopt);
}

Commands& Commands::oneway(std::uint32_t handle, std::uint32_t code, Parcel parcel) {
  return transaction(handle, code, TF_ONE_WAY, std::move(parcel));
}

Commands& Commands::reply(std::uint32_t code, std::uint32_t flags, Parcel parcel) {
  return with_parcel(BC_REPLY, 0, code, flags, std::move(parcel), std::nullopt);
}

Commands& Commands::transaction_sg(std::uint32_t handle, std::uint32_t code, std::uint32_t flags,
                                   Parcel parcel, std::uint64_t buffers_size) {
  return with_parcel(BC_TRANSACTION_SG, handle, code, flags, std::move(parcel), buffers_size);
}

Commands& Commands::reply_sg(std::uint32_t code, std::uint32_t flags, Parcel parcel,
                             std::uint64_t buffers_size) {
  return with_parcel(BC_REPLY_SG, 0, code, flags, std::move(parcel), buffers_size);
}

Commands& Commands::transaction_data(std::uint32_t code, const binder_transaction_data& data,
                                     std::uint64_t buffers_size) {
  Bytes payload;
  append(payload, data);
  if (code == BC_TRANSACTION_SG || code == BC_REPLY_SG) append(payload, buffers_size);
  std::ostringstream text;
  text << command_name(code) << "(as given, code " << data.code << ", " << data.data_size << ":"
       << data.offsets_size << ")";
  return simple(code, payload, text.str());
}

Commands& Commands::free_buffer(Address buffer) {
  return simple(BC_FREE_BUFFER, as_bytes_of(buffer), "BC_FREE_BUFFER");
}

Commands& Commands::increfs(std::uint32_t handle) {
  return simple(BC_INCREFS, as_bytes_of(handle), "BC_INCREFS(h " + std::to_string(handle) + ")");
}

Commands& Commands::acquire(std::uint32_t handle) {
  return simple(BC_ACQUIRE, as_bytes_of(handle), "BC_ACQUIRE(h " + std::to_string(handle) + ")");
}

Commands& Commands::release(std::uint32_t handle) {
  return simple(BC_RELEASE, as_bytes_of(handle), "BC_RELEASE(h " + std::to_string(handle) + ")");
}

Commands& Commands::decrefs(std::uint32_t handle) {
  return simple(BC_DECREFS, as_bytes_of(handle), "BC_DECREFS(h " + std::to_string(handle) + ")");
}

Commands& Commands::increfs_done(std::uint64_t ptr, std::uint64_t cookie) {
  const binder_ptr_cookie payload{ptr, cookie};
  return simple(BC_INCREFS_DONE, as_bytes_of(payload),
                "BC_INCREFS_DONE(" + hex(ptr) + ", " + hex(cookie) + ")");
}

Commands& Commands::acquire_done(std::uint64_t ptr, std::uint64_t cookie) {
  const binder_ptr_cookie payload{ptr, cookie};
  return simple(BC_ACQUIRE_DONE, as_bytes_of(payload),
                "BC_ACQUIRE_DONE(" + hex(ptr) + ", " + hex(cookie) + ")");
}

Commands& Commands::enter_looper() {
  return simple(BC_ENTER_LOOPER, {}, "BC_ENTER_LOOPER");
}
Commands& Commands::register_looper() {
  return simple(BC_REGISTER_LOOPER, {}, "BC_REGISTER_LOOPER");
}
Commands& Commands::exit_looper() {
  return simple(BC_EXIT_LOOPER, {}, "BC_EXIT_LOOPER");
}

namespace {
// The 12 packed bytes of {handle, cookie}.
Bytes handle_cookie(std::uint32_t handle, std::uint64_t cookie) {
  Bytes bytes;
  append(bytes, handle);
  append(bytes, cookie);
  return bytes;
}
std::string handle_cookie_text(const char* name, std::uint32_t handle, std::uint64_t cookie) {
  return std::string(name) + "(h " + std::to_string(handle) + ", " + hex(cookie) + ")";
}
}  // namespace

Commands& Commands::request_death(std::uint32_t handle, std::uint64_t cookie) {
  return simple(BC_REQUEST_DEATH_NOTIFICATION, handle_cookie(handle, cookie),
                handle_cookie_text("BC_REQUEST_DEATH_NOTIFICATION", handle, cookie));
}

Commands& Commands::clear_death(std::uint32_t handle, std::uint64_t cookie) {
  return simple(BC_CLEAR_DEATH_NOTIFICATION, handle_cookie(handle, cookie),
                handle_cookie_text("BC_CLEAR_DEATH_NOTIFICATION", handle, cookie));
}

Commands& Commands::dead_binder_done(std::uint64_t cookie) {
  return simple(BC_DEAD_BINDER_DONE, as_bytes_of(cookie), "BC_DEAD_BINDER_DONE(" + hex(cookie) + ")");
}

Commands& Commands::request_freeze(std::uint32_t handle, std::uint64_t cookie) {
  return simple(kBcRequestFreezeNotification, handle_cookie(handle, cookie),
                handle_cookie_text("BC_REQUEST_FREEZE_NOTIFICATION", handle, cookie));
}

Commands& Commands::clear_freeze(std::uint32_t handle, std::uint64_t cookie) {
  return simple(kBcClearFreezeNotification, handle_cookie(handle, cookie),
                handle_cookie_text("BC_CLEAR_FREEZE_NOTIFICATION", handle, cookie));
}

Commands& Commands::freeze_done(std::uint64_t cookie) {
  return simple(kBcFreezeNotificationDone, as_bytes_of(cookie),
                "BC_FREEZE_NOTIFICATION_DONE(" + hex(cookie) + ")");
}

Commands& Commands::word(std::uint32_t value) {
  return simple(value, {}, hex(value));
}

Commands& Commands::raw(std::span<const std::byte> bytes) {
  Part part;
  part.bytes.assign(bytes.begin(), bytes.end());
  part.text = "[" + std::to_string(bytes.size()) + " bytes]";
  return add(std::move(part));
}

Bytes Commands::encode(
    const std::function<Address(std::span<const std::byte>, std::size_t alignment)>& put) const {
  Bytes stream;
  for (const Part& part : parts_) {
    const std::size_t start = stream.size();
    stream.insert(stream.end(), part.bytes.begin(), part.bytes.end());
    if (!part.parcel) continue;
    binder_transaction_data data;
    std::memcpy(&data, stream.data() + start + 4, sizeof data);
    data.data.ptr.buffer = put(part.parcel->data, 8);
    data.data.ptr.offsets = put(std::as_bytes(std::span(part.parcel->offsets)), 8);
    std::memcpy(stream.data() + start + 4, &data, sizeof data);
  }
  return stream;
}

std::string Commands::text() const {
  std::string text;
  for (const Part& part : parts_) text += (text.empty() ? "" : " ") + part.text;
  return text;
}

// --- Returns

std::optional<std::vector<Return>> parse_returns(std::span<const std::byte> buffer) {
  std::vector<Return> returns;
  while (!buffer.empty()) {
    Return item;
    if (buffer.size() < 4) return std::nullopt;
    std::memcpy(&item.code, buffer.data(), 4);
    buffer = buffer.subspan(4);
    // BR_ERROR has a size in its code and yet no payload (see binder.h's comment and the driver).
    const std::size_t size = item.code == BR_ERROR ? 0 : _IOC_SIZE(item.code);
    if (buffer.size() < size) return std::nullopt;
    switch (item.code) {
      case BR_TRANSACTION:
      case BR_REPLY:
        std::memcpy(&item.data, buffer.data(), sizeof item.data);
        break;
      case BR_TRANSACTION_SEC_CTX:
        std::memcpy(&item.data, buffer.data(), sizeof item.data);
        std::memcpy(&item.security_context, buffer.data() + sizeof item.data, 8);
        break;
      case BR_INCREFS:
      case BR_ACQUIRE:
      case BR_RELEASE:
      case BR_DECREFS:
        std::memcpy(&item.ptr, buffer.data(), 8);
        std::memcpy(&item.cookie, buffer.data() + 8, 8);
        break;
      case BR_DEAD_BINDER:
      case BR_CLEAR_DEATH_NOTIFICATION_DONE:
      case kBrClearFreezeNotificationDone:
        std::memcpy(&item.cookie, buffer.data(), 8);
        break;
      case kBrFrozenBinder:
        std::memcpy(&item.cookie, buffer.data(), 8);
        std::memcpy(&item.is_frozen, buffer.data() + 8, 4);
        break;
      default:
        if (size != 0 || return_name(item.code).starts_with("0x")) return std::nullopt;
    }
    buffer = buffer.subspan(size);
    returns.push_back(item);
  }
  return returns;
}

std::string return_name(std::uint32_t code) {
  for (const Name& name : kReturnNames) {
    if (name.code == code) return name.name;
  }
  return hex(code);
}

std::string command_name(std::uint32_t code) {
  for (const Name& name : kCommandNames) {
    if (name.code == code) return name.name;
  }
  return hex(code);
}

std::string errno_name(int error) {
  if (error == 0) return "0";
  const char* name = ::strerrorname_np(error);
  return name ? name : std::to_string(error);
}

}  // namespace cuse_binder::conformance
