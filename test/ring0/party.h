// Named peers for tests of the core: each is a Process with threads, and every step checks the invariants of the whole context.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cuse_binder/core/context.h"

namespace cuse_binder::core::testing {

// What a read returned, decoded.
struct Returned {
  std::uint32_t command;
  binder_transaction_data data{};  // BR_TRANSACTION, BR_REPLY
  std::uint64_t first = 0;         // ptr or cookie of the others
  std::uint64_t second = 0;
};

// A parked read of the tests: remembers whose it is.
struct TestWaiter final : Waiter {
  explicit TestWaiter(std::string name) : who(std::move(name)) {}
  std::string who;
};

class World {
 public:
  World() : context("test", ids) {}
  ~World();

  Ids ids;
  Context context;
  // Everything the core asked to be carried out since the last look, by name.
  std::vector<std::string> woken;
  void absorb(Outbox& out);
  void check() { context.check_invariants(); }
};

class Party {
 public:
  Party(World& world, pid_t pid, std::uint64_t mapping_size = 1 << 20);
  ~Party();
  void die();

  Thread& thread(pid_t tid);
  void exit_thread(pid_t tid);
  void become_manager(std::uint32_t flags = FLAT_BINDER_FLAG_ACCEPTS_FDS);
  // Sends a call; objects are put behind each other. Returns what is queued for the caller at once, if refused.
  void call(pid_t tid, std::uint32_t handle, std::uint32_t code, std::uint32_t flags = 0,
            std::vector<flat_binder_object> objects = {}, std::uint64_t data_size = 0);
  void reply(pid_t tid, std::uint32_t code = 0, std::vector<flat_binder_object> objects = {}, std::uint64_t data_size = 0);
  // A non-blocking read: nothing if it would block. BR_NOOP is left out.
  std::vector<Returned> read(pid_t tid);
  std::vector<std::uint32_t> commands(pid_t tid);
  // A blocking read that parks; false if there was something to return.
  bool park(pid_t tid);
  bool free(pid_t tid, std::uint64_t address);
  void count(pid_t tid, std::uint32_t handle, bool strong, bool increment);
  std::vector<std::byte> memory;

  World& world;
  Process* process;

 private:
  void transact(pid_t tid, CallRequest request, const std::vector<flat_binder_object>& objects);
};

flat_binder_object binder_object(std::uint64_t ptr, std::uint64_t cookie = 0);
flat_binder_object handle_object(std::uint32_t handle);

}  // namespace cuse_binder::core::testing
