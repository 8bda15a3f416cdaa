// The one table of declared differences between the drivers a case may meet.
//
// A case asserts what the traits of its driver declare; it never asks which driver it is. The reference is
// the C driver of Linux 7.2; every other line is a deviation and says where it comes from.
#pragma once

#include <string>

namespace cuse_binder::conformance {

struct Traits {
  std::string name;

  // --- the device file (section F) ---
  bool is_file =
      true;  // false: ring 1, no file below the session: open modes, read, mmap rules are the door's
  bool refuses_writable_mapping = true;  // EPERM, mprotect EACCES
  bool refuses_seek = true;              // lseek is ESPIPE; a regular file seeks
  bool ignores_mmap_offset = true;       // any offset gives the same receive area
  bool counts_mappings = true;           // second mmap EBUSY, mmap in a fork EINVAL
  bool unused_pages_fault = true;        // SIGBUS on a page that never held a buffer; else it reads as zero
  bool sees_munmap = true;               // munmap makes senders get BR_DEAD_REPLY/ESRCH
  bool mapping_keeps_file = true;        // close() with the mapping kept leaves the proc alive
  bool reads_bad_pointer =
      true;  // argument faults are answered by the driver (EINVAL in three ioctls), else EFAULT
  bool sees_nonblock_set_later = true;  // O_NONBLOCK set by fcntl after a blocking open is noticed
  bool flushes = true;                  // every close wakes sleeping readers
  bool closes_fd_arrays = true;         // BC_FREE_BUFFER closes the fds of an FDA
  bool stops_processes = true;          // actors are real processes that SIGSTOP stops
  bool notices_thread_end = false;      // a Linux thread that ends counts as THREAD_EXIT (T-47)

  // --- frame (section W, R) ---
  bool reads_past_write_size = true;  // W-19, W-20: a command may stick out of write_size
  bool tid_euid = true;  // sender_euid is the calling thread's (7.2); else the main thread's (6.x)
  // errno (negative) of a transaction to a node that wants a security context which nobody can provide; 0: it
  // succeeds
  int security_context_error = -22;

  // --- freezer and spam (other sections) ---
  bool freeze_notifications = true;
  bool pending_frozen = true;    // BR_TRANSACTION_PENDING_FROZEN for a oneway to a frozen proc
  bool spam_counts_own = false;  // 6.1: the new buffer counts (51st instead of 52nd)
  bool update_releases_files =
      true;  // TF_UPDATE_TXN: files of the replaced oneway are released (6.x leaks them)
  // Log lines: 6.1 ends transactions in "data <address>" and shows buffers by address.
  bool logs_offsets = true;
  bool logs_are_complete = true;  // transaction lines have a and r as 7.2
};

// Traits of a driver by name: in_process, fuse, cuse, kernel-6.1, kernel-6.12, kernel-7.2. Throws if unknown.
Traits traits_of(const std::string& driver);
// The driver's name by looking at the device: its file system, else the kernel's version.
std::string probe_driver(const std::string& device);

}  // namespace cuse_binder::conformance
