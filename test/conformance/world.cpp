#include "test/conformance/world.h"

#include <time.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <utility>

#include "test/conformance/environment.h"
#include "test/conformance/patience.h"
#include "test/conformance/transcript.h"

namespace cuse_binder::conformance {

World::World() : backend_(environment().make_backend()) {
  transcript_heading(Catch::getResultCapture().getCurrentTestName());
}

World::~World() {
  for (const auto& actor : actors_) {
    if (!actor->dead_) backend_->kill(actor->process_);
  }
  const bool failing = std::uncaught_exceptions() != 0;
  // Releases are asynchronous; what is left of these processes after the deadline is a leak.
  const auto deadline = std::chrono::steady_clock::now() + patience();
  std::string left = backend_->leftovers();
  while (!left.empty() && !failing && std::chrono::steady_clock::now() < deadline) {
    const timespec pause{0, 1'000'000};
    nanosleep(&pause, nullptr);
    left = backend_->leftovers();
  }
  if (!failing && !left.empty()) FAIL_CHECK("something is left of killed processes: " << left);
}

const Traits& World::traits() const {
  return environment().traits();
}

Actor& World::actor(const std::string& name) {
  actors_.push_back(std::make_unique<Actor>(*this, name, backend_->spawn(name)));
  return *actors_.back();
}

Actor& World::manager() {
  REQUIRE(manager_ != nullptr);
  return *manager_;
}

void World::note(const std::string& line) {
  if (attempting_) {
    attempt_.push_back(line);
  } else {
    transcript_line(line);
  }
}

void World::eventually(const std::string& what, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + patience();
  bool held = false;
  {
    // The record is written also when an assertion inside `holds` ends the case.
    struct Attempts {
      World& world;
      const bool nested = std::exchange(world.attempting_, true);
      ~Attempts() {
        world.attempting_ = nested;
        if (nested) return;
        for (const std::string& line : world.attempt_) transcript_line(line);
      }
    } attempts{*this};
    for (;;) {
      if (!attempts.nested) attempt_.clear();
      held = holds();
      if (held || std::chrono::steady_clock::now() >= deadline) break;
      // The effect has no event of its own that could be waited for; this only limits how often it is looked
      // at.
      const timespec pause{0, 500'000};
      nanosleep(&pause, nullptr);
    }
  }
  if (!held) FAIL("waited " << patience().count() << " ms in vain: " << what << "\n" << log("state"));
}

std::string World::explain(const Return& item, Actor& reader, int fd) {
  std::ostringstream out;
  out << return_name(item.code);
  const auto address = [&](Address value) {
    const Address base = reader.mapping_of(fd);
    std::ostringstream text;
    if (base != 0 && value >= base) {
      text << "+0x" << std::hex << value - base;
    } else {
      text << (value ? "elsewhere" : "0");
    }
    return text.str();
  };
  switch (item.code) {
    case BR_TRANSACTION:
    case BR_TRANSACTION_SEC_CTX:
    case BR_REPLY: {
      std::string sender = item.data.sender_pid ? "a stranger" : "0";
      for (const auto& actor : actors_) {
        if (item.data.sender_pid != 0 && backend_->pid(actor->process_) == item.data.sender_pid)
          sender = actor->name();
      }
      out << std::hex << "{ptr 0x" << item.data.target.ptr << ", cookie 0x" << item.data.cookie << ", code "
          << std::dec << item.data.code << std::hex << ", flags 0x" << item.data.flags << std::dec << ", pid "
          << sender << ", euid " << item.data.sender_euid << ", " << item.data.data_size << ":"
          << item.data.offsets_size << " at " << address(item.data.data.ptr.buffer) << " and "
          << address(item.data.data.ptr.offsets);
      if (item.code == BR_TRANSACTION_SEC_CTX) out << ", context at " << address(item.security_context);
      out << "}";
      break;
    }
    case BR_INCREFS:
    case BR_ACQUIRE:
    case BR_RELEASE:
    case BR_DECREFS:
      out << std::hex << "{0x" << item.ptr << ", 0x" << item.cookie << "}";
      break;
    case BR_DEAD_BINDER:
    case BR_CLEAR_DEATH_NOTIFICATION_DONE:
    case kBrClearFreezeNotificationDone:
      out << std::hex << "{0x" << item.cookie << "}";
      break;
    case kBrFrozenBinder:
      out << std::hex << "{0x" << item.cookie << ", " << item.is_frozen << "}";
      break;
    default:
      break;
  }
  return out.str();
}

namespace {

// Acknowledges the node notifications of a read.
Commands acknowledgements(const Result& result) {
  Commands commands;
  for (const Return& item : result.returns) {
    if (item.code == BR_INCREFS) commands.increfs_done(item.ptr, item.cookie);
    if (item.code == BR_ACQUIRE) commands.acquire_done(item.ptr, item.cookie);
  }
  return commands;
}

constexpr std::uint32_t kRegisterCode = 0x5245;  // of the harness's own calls to the manager
constexpr std::uint32_t kLookupCode = 0x4c4f;

}  // namespace

std::uint32_t World::introduce(Thread& owner, const Node& node, Thread& client) {
  return introduce(owner, node, client, true);
}

std::uint32_t World::introduce_weak(Thread& owner, const Node& node, Thread& client) {
  return introduce(owner, node, client, false);
}

std::uint32_t World::introduce(Thread& owner, const Node& node, Thread& client, bool strong) {
  Thread& m = manager().thread();
  // The manager gets the node and answers.
  REQUIRE(owner.write(Commands().transaction(0, kRegisterCode, 0, Parcel().binder(node))).error == 0);
  const Result registered = m.read();
  const binder_transaction_data registration = registered.transaction();
  REQUIRE(registration.code == kRegisterCode);
  const std::uint32_t held = manager().object_of(registration).handle;
  m.write(Commands().acquire(held).free_buffer(registration.data.ptr.buffer).reply());
  REQUIRE(m.read() == gets(BR_TRANSACTION_COMPLETE));
  const Result answered = owner.read();
  Commands done = acknowledgements(answered);
  owner.write(done.free_buffer(answered.reply().data.ptr.buffer));

  // The client asks for it.
  REQUIRE(client.write(Commands().transaction(0, kLookupCode)).error == 0);
  const binder_transaction_data lookup = m.read().transaction();
  REQUIRE(lookup.code == kLookupCode);
  Parcel parcel;
  if (strong) {
    parcel.handle(held);
  } else {
    parcel.weak_handle(held);
  }
  m.write(Commands().free_buffer(lookup.data.ptr.buffer).reply(0, 0, parcel));
  REQUIRE(m.read() == gets(BR_TRANSACTION_COMPLETE));
  const Result found = client.read();
  const flat_binder_object object = client.actor().object_of(found.reply());
  const std::uint32_t handle = object.handle;
  Commands keep;
  if (strong) {
    keep.acquire(handle);
  } else {
    keep.increfs(handle);
  }
  client.write(keep.free_buffer(found.reply().data.ptr.buffer));
  m.write(Commands().release(held));
  return handle;
}

void unreachable(World& world, const std::string& reason) {
  world.note("not reachable here: " + reason);
  environment().count_unreachable(Catch::getResultCapture().getCurrentTestName() + ": " + reason);
  SUCCEED("not reachable here: " << reason);
}

// --- Stage

Stage::Stage() : m(w.actor("manager")), a(w.actor("client")), b(w.actor("server")) {
  m.open().map().become_manager();
  a.open().map();
  b.open().map();
  h = w.introduce(b.thread(), n, a.thread());
}

binder_transaction_data Stage::deliver(const Commands& commands, std::uint64_t read_size) {
  const Result sent = a.thread().write(commands);
  REQUIRE(sent.error == 0);
  REQUIRE(sent.write_consumed == commands.size());
  return b.thread().read(read_size).transaction();
}

}  // namespace cuse_binder::conformance
