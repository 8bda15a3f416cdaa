// A raw binder client for load: one open device, commands out, returns in. Everything that fails throws.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/uapi/binder.h"

namespace cuse_binder::stress {

inline constexpr std::size_t kMappingSize = 256 * 1024;

// What the parties say to each other.
enum Code : std::uint32_t {
  kEcho = 1,  // reply: the same bytes
  kRegister,  // an object for others to look up
  kLookUp,    // reply: a handle somebody registered, or nothing
  kCallBack,  // an object that the service calls before it replies
  kTakeFile,  // an fd
};

struct Message {
  std::uint32_t handle = 0;
  std::uint32_t code = 0;
  std::uint32_t flags = 0;
  std::vector<std::byte> data;
  std::vector<std::uint64_t> offsets;

  template <typename Object>
  Message& add(const Object& object) {
    offsets.push_back(data.size());
    const auto* from = reinterpret_cast<const std::byte*>(&object);
    data.insert(data.end(), from, from + sizeof object);
    return *this;
  }
};

flat_binder_object own_object(std::uint64_t ptr);
flat_binder_object handle_object(std::uint32_t handle);
binder_fd_object file_object(int fd);

class BinderFile {
 public:
  explicit BinderFile(const std::string& path, int flags = 0);
  ~BinderFile();
  BinderFile(const BinderFile&) = delete;
  BinderFile& operator=(const BinderFile&) = delete;

  int fd() const { return fd_.get(); }
  void become_manager();

  // Called for every incoming transaction; the reply is sent unless it was oneway. Its buffer is freed
  // afterwards.
  std::function<void(const binder_transaction_data&, Message& reply)> on_transaction;
  std::function<void(std::uint64_t cookie)> on_death;

  // Queues a command for the next write.
  template <typename... Payload>
  void command(std::uint32_t code, const Payload&... payload) {
    put(code);
    (put(payload), ...);
  }
  // Sends a call and serves others until its reply is there. False: it failed. The reply's objects are
  // dropped with it, except what `take` acquires.
  bool call(const Message& message, const std::function<void(const binder_transaction_data&)>& take = {});
  void send(const Message& message, bool reply);
  // One write and one read; false when the read was not answered (O_NONBLOCK).
  bool exchange();
  void serve_for_ever();

 private:
  enum class Outcome { pending, replied, failed };
  template <typename T>
  void put(const T& value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    out_.insert(out_.end(), from, from + sizeof value);
  }
  void handle_returns(const std::byte* at, const std::byte* end);
  void incoming(const binder_transaction_data& data);

  base::UniqueFd fd_;
  void* mapping_ = nullptr;
  std::vector<std::byte> out_;
  std::vector<Message> kept_;  // bytes that queued commands point to
  Outcome outcome_ = Outcome::pending;
  const std::function<void(const binder_transaction_data&)>* take_ = nullptr;
};

// First handle among the objects of a buffer, 0 if there is none.
std::uint32_t first_handle(const binder_transaction_data& data);

}  // namespace cuse_binder::stress
