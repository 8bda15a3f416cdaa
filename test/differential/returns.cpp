// What a Player writes down of returns: names instead of pids, offsets instead of addresses, and every byte
// delivered.
#include <fcntl.h>

#include <algorithm>
#include <cstring>

#include "test/differential/player.h"

namespace cuse_binder::differential {

using conformance::Address;
using conformance::Return;
using conformance::Sys;

namespace {

std::string hex(std::uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  do {
    digits.insert(digits.begin(), kDigits[value % 16]);
    value /= 16;
  } while (value != 0);
  return "0x" + digits;
}

std::string hex_bytes(std::span<const std::byte> bytes) {
  if (bytes.size() > 64) {
    std::uint64_t sum = 0xcbf29ce484222325;
    for (const std::byte byte : bytes) sum = (sum ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3;
    return std::to_string(bytes.size()) + " bytes " + hex(sum);
  }
  std::string out;
  for (const std::byte byte : bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    out += kDigits[static_cast<unsigned>(byte) >> 4];
    out += kDigits[static_cast<unsigned>(byte) & 15];
  }
  return out;
}

}  // namespace

std::string Player::address(const Actor& actor, Address value) const {
  if (actor.mapping != 0 && value >= actor.mapping && value < actor.mapping + actor.size) {
    return "+" + hex(value - actor.mapping);
  }
  return value == 0 ? "0" : "elsewhere";
}

std::string Player::pid_name(pid_t pid) {
  if (pid == 0) return "0";
  for (const Process& process : processes_) {
    if (backend().pid(process.number) == pid) return process.name;
  }
  return "?";
}

std::string Player::explain(Actor& actor, int thread, const Return& item) {
  std::string out = conformance::return_name(item.code);
  Seen& seen = actor.seen;
  const auto number = [](std::uint64_t ptr) { return static_cast<std::int64_t>(ptr / 0x1000); };
  switch (item.code) {
    case BR_TRANSACTION:
    case BR_TRANSACTION_SEC_CTX:
    case BR_REPLY: {
      const binder_transaction_data& data = item.data;
      out += "{" + hex(data.target.ptr) + "," + hex(data.cookie) + " code " + std::to_string(data.code) +
             " flags " + hex(data.flags) + " from " + pid_name(data.sender_pid) + "," +
             std::to_string(data.sender_euid) + " " + std::to_string(data.data_size) + ":" +
             std::to_string(data.offsets_size) + " at " + address(actor, data.data.ptr.buffer) + "," +
             address(actor, data.data.ptr.offsets);
      Held held{data.data.ptr.buffer - actor.mapping, false};
      out += contents(actor, data, held) + "}";
      seen.held.push_back(held);
      if (item.code != BR_REPLY && (data.flags & TF_ONE_WAY) == 0)
        ++seen.incoming[static_cast<std::size_t>(thread)];
      break;
    }
    case BR_INCREFS:
    case BR_ACQUIRE:
      seen.announcements.push_back(
          Term(item.code == BR_INCREFS ? "incdone" : "acqdone").set("n", number(item.ptr)));
      seen.announcements.back().set("c", static_cast<std::int64_t>(item.cookie >> 20));
      [[fallthrough]];
    case BR_RELEASE:
    case BR_DECREFS:
      out += "{" + hex(item.ptr) + "," + hex(item.cookie) + "}";
      break;
    case BR_DEAD_BINDER:
      seen.deaths.push_back(item.cookie);
      out += "{" + hex(item.cookie) + "}";
      break;
    case conformance::kBrFrozenBinder:
      seen.freezes.push_back(item.cookie);
      out += "{" + hex(item.cookie) + "," + std::to_string(item.is_frozen) + "}";
      break;
    case BR_CLEAR_DEATH_NOTIFICATION_DONE:
    case conformance::kBrClearFreezeNotificationDone:
      out += "{" + hex(item.cookie) + "}";
      break;
    default:
      break;
  }
  return out;
}

// The delivered bytes: objects taken apart, pointers into the receive area as offsets, the rest in hex.
std::string Player::contents(Actor& actor, const binder_transaction_data& data, Held& held) {
  if (data.data_size == 0 && data.offsets_size == 0) return "";
  const auto bytes = peek(actor, data.data.ptr.buffer, data.data_size);
  const auto offset_bytes = peek(actor, data.data.ptr.offsets, data.offsets_size);
  std::vector<std::uint64_t> offsets(offset_bytes.size() / 8);
  if (!offsets.empty()) std::memcpy(offsets.data(), offset_bytes.data(), offsets.size() * 8);
  std::string out = " [";
  std::uint64_t shown = 0;
  const auto raw_until = [&](std::uint64_t end) {
    end = std::min<std::uint64_t>(end, bytes.size());
    if (end > shown) out += " " + hex_bytes(std::span(bytes).subspan(shown, end - shown));
    shown = std::max(shown, end);
  };
  const auto word = [&](std::uint64_t at) {
    std::uint64_t value = 0;
    if (at + 8 <= bytes.size()) std::memcpy(&value, bytes.data() + at, 8);
    return value;
  };
  const auto descriptor = [&](std::uint64_t fd) {
    held.has_fds = true;
    Process& process = process_of(actor);
    if (fd < 400) process.highest_fd = std::max(process.highest_fd, static_cast<int>(fd));
    const auto flags = call(actor, kHelperThread, {Sys::fcntl, {fd, F_GETFD, 0}});
    return std::to_string(fd) + (flags.value < 0 ? " closed" : flags.value == FD_CLOEXEC ? "" : " inherited");
  };
  std::vector<std::vector<std::byte>> pointed(offsets.size());
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const std::uint64_t at = offsets[i];
    if (at + 16 > bytes.size()) continue;
    raw_until(at);
    const auto type = static_cast<std::uint32_t>(word(at));
    const std::uint64_t flags = word(at) >> 32;
    switch (type) {
      case BINDER_TYPE_BINDER:
      case BINDER_TYPE_WEAK_BINDER:
        out += (type == BINDER_TYPE_BINDER ? " binder " : " weak binder ") + hex(word(at + 8)) + "," +
               hex(word(at + 16)) + "," + hex(flags);
        shown = at + 24;
        break;
      case BINDER_TYPE_HANDLE:
      case BINDER_TYPE_WEAK_HANDLE:
        actor.seen.handles.insert(static_cast<std::uint32_t>(word(at + 8)));
        out += (type == BINDER_TYPE_HANDLE ? " handle " : " weak handle ") + hex(word(at + 8)) + "," +
               hex(word(at + 16)) + "," + hex(flags);
        shown = at + 24;
        break;
      case BINDER_TYPE_FD:
        out += " fd " + descriptor(word(at + 8)) + "," + hex(word(at + 16)) + "," + hex(flags);
        shown = at + 24;
        break;
      case BINDER_TYPE_PTR: {
        const std::uint64_t length = word(at + 16);
        out += " ptr " + address(actor, word(at + 8)) + "," + std::to_string(length) + "," + hex(flags);
        if ((flags & 1) != 0)
          out += "," + std::to_string(word(at + 24)) + "," + std::to_string(word(at + 32));
        auto copy = peek(actor, word(at + 8), length);
        pointed[i] = copy;
        for (std::size_t k = 0; k + 8 <= copy.size(); k += 4) {
          std::uint64_t value = 0;
          std::memcpy(&value, copy.data() + k, 8);
          if (value < actor.mapping || value >= actor.mapping + actor.size) continue;
          value -= actor.mapping;
          std::memcpy(copy.data() + k, &value, 8);
          out += " >" + std::to_string(k);
        }
        out += " (" + hex_bytes(copy) + ")";
        shown = at + 40;
        break;
      }
      case BINDER_TYPE_FDA: {
        const std::uint64_t count = word(at + 8), parent = word(at + 16), start = word(at + 24);
        out += " fda " + std::to_string(count) + "," + std::to_string(parent) + "," + std::to_string(start) +
               " (";
        for (std::uint64_t k = 0; k < count && parent < i && start + 4 * k + 4 <= pointed[parent].size();
             ++k) {
          std::uint32_t fd = 0;
          std::memcpy(&fd, pointed[parent].data() + start + 4 * k, 4);
          out += (k != 0 ? " " : "") + descriptor(fd);
        }
        out += ")";
        shown = at + 32;
        break;
      }
      default:
        break;
    }
  }
  raw_until(bytes.size());
  return out + "]";
}

void Player::list_descriptors(Actor& actor) {
  std::string line = "open:";
  for (int fd = 3; fd <= process_of(actor).highest_fd; ++fd) {
    if (call(actor, kHelperThread, {Sys::fcntl, {static_cast<std::uint64_t>(fd), F_GETFD, 0}}).value >= 0) {
      line += " " + std::to_string(fd);
    }
  }
  say(line);
}

void Player::take_picture() {
  for (const std::string& line : picture_.of(backend().log("state"))) lines_.push_back("  | " + line);
}

std::vector<std::string> Player::finish() {
  lines_.clear();
  try {
    if (!lost_ && pictures_ != Pictures::none) {
      lines_.push_back("at the end");
      take_picture();
    }
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      Process& process = processes_[i];
      const bool sleeping = std::find(process.busy.begin(), process.busy.end(), true) != process.busy.end();
      if (process.dead || process.number < 0) continue;
      if (lost_ || sleeping) {
        die(i);
        continue;
      }
      Actor* last = nullptr;
      for (Actor& actor : actors_) {
        if (actor.process != i) continue;
        last = &actor;
        close(actor);
      }
      for (int fd = 3; fd <= process.highest_fd; ++fd) {
        (void)call(*last, kHelperThread, {Sys::close, {static_cast<std::uint64_t>(fd)}});
      }
      process.dead = true;
      cast_->give_back(process.number);
    }
    if (!cast_->await_active(active_before_)) say("something is left: " + backend().leftovers());
  } catch (const std::runtime_error& error) {
    say(error.what());
  }
  return std::exchange(lines_, {});
}

}  // namespace cuse_binder::differential
