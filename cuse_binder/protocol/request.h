// One ioctl of a client thread that has not been answered yet.
//
// Created by a door, handed to Session::ioctl, answered exactly once, from any thread, without locks held. While
// it is unanswered its thread cannot run, so its pid cannot be reused and its memory stays where it is.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cuse_binder::protocol {

class Request {
 public:
  virtual ~Request() = default;

  pid_t tid = 0;               // caller's thread, in the daemon's pid namespace
  uid_t euid = 0;              // caller's file-system uid (device-file doors see no other)
  std::uint32_t command = 0;   // whole ioctl request number
  // The argument struct by value (_IOC_SIZE bytes if the command's direction includes a write); belongs to the request.
  std::span<const std::byte> argument;
  // Doors that are given the caller's pointer, whatever it is, leave `argument` empty and set this instead: the session then
  // copies the struct in and out itself, and a fault is answered as the kernel's driver does (protocol/argument.h).
  std::optional<std::uint64_t> argument_address;
  // Room for `argument`; all structs of the driver fit.
  std::array<std::byte, 64> argument_room;
  // Identifies the request for Session::interrupt; unique among the unanswered requests of the session.
  std::uint64_t id = 0;

  // Ends the ioctl: error 0 or a positive errno, and the bytes to copy out to the argument struct (empty: none; they
  // are copied out even if error is set). A second answer is ignored. Never waits for client memory: with an
  // `argument_address` the door lets the kernel copy, which is dear; so a session writes such bytes itself where it may wait.
  virtual void answer(int error, std::span<const std::byte> out) noexcept = 0;

  // Called around every access to client memory made for this request: from these a door can tell that a worker
  // is stuck in a client's memory (and which request to give up if its thread is being killed).
  virtual void client_access_begins() noexcept {}
  virtual void client_access_ends() noexcept {}
  // The door has answered the request itself because its worker was stuck: what is in progress must be undone.
  virtual bool abandoned() const noexcept { return false; }
};

}  // namespace cuse_binder::protocol
