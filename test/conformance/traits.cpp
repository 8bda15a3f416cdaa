#include "test/conformance/traits.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace cuse_binder::conformance {
namespace {

// Lines 7.2, 6.12 and 6.1 of the C driver: docs of the differences in §13 of the behaviour's description.
Traits kernel_7_2() {
  Traits traits;
  traits.name = "kernel-7.2";
  return traits;
}

Traits kernel_6_12() {
  Traits traits;
  traits.name = "kernel-6.12";
  traits.tid_euid = false;
  traits.logs_are_complete = false;
  traits.update_releases_files = false;
  return traits;
}

Traits kernel_6_1() {
  Traits traits = kernel_6_12();
  traits.name = "kernel-6.1";
  traits.freeze_notifications = false;
  traits.pending_frozen = false;
  traits.spam_counts_own = true;
  traits.logs_offsets = false;
  return traits;
}

// Our driver behaves as 7.2 except where reading or writing outside the client's sizes would be copied.
Traits ours() {
  Traits traits;
  traits.reads_past_write_size = false;
  return traits;
}

// Ring 1: sessions without any file.
Traits in_process() {
  Traits traits = ours();
  traits.name = "in_process";
  traits.is_file = false;
  traits.stops_processes = false;
  traits.refuses_writable_mapping = false;
  traits.counts_mappings = false;
  traits.unused_pages_fault = false;
  traits.sees_munmap = false;
  return traits;
}

// What a file system in user space is not asked, or told too late.
Traits fuse() {
  Traits traits = ours();
  traits.name = "fuse";
  traits.refuses_seek = false;
  traits.refuses_writable_mapping = false;
  traits.counts_mappings = false;
  traits.unused_pages_fault = false;
  traits.sees_munmap = false;
  traits.mapping_keeps_file = false;
  traits.reads_bad_pointer = false;
  traits.notices_thread_end = true;
  return traits;
}

// What a character device in user space is not asked. Where mmap is refused, the receive area comes from the
// daemon, which then sees more of it than a file system does; and arguments come as the caller's pointers.
Traits cuse() {
  Traits traits = ours();
  traits.name = "cuse";
  traits.flushes = false;
  traits.refuses_seek = false;  // CUSE's own lseek succeeds and does nothing
  traits.unused_pages_fault = false;
  traits.sees_munmap = false;
  traits.mapping_keeps_file = false;
  return traits;
}

// What the security modules answer is a property of the machine, not of the driver: without any there is no
// label (EOPNOTSUPP), AppArmor has none for binder (EINVAL), SELinux has one even without a policy.
int security_context_error() {
  std::ifstream file("/proc/self/attr/current");
  std::string label;
  if (!std::getline(file, label) || label.empty()) return -EOPNOTSUPP;
  return label.starts_with("unconfined") || label.find(" (") != std::string::npos ? -EINVAL : 0;
}

}  // namespace

Traits traits_of(const std::string& driver) {
  for (Traits traits : {kernel_7_2(), kernel_6_12(), kernel_6_1(), in_process(), fuse(), cuse()}) {
    if (traits.name != driver) continue;
    if (traits.name != "in_process") traits.security_context_error = security_context_error();
    return traits;
  }
  throw std::runtime_error("unknown driver " + driver);
}

namespace {

bool is_cuse(const std::string& device) {
  struct stat node {};
  if (stat(device.c_str(), &node) != 0 || !S_ISCHR(node.st_mode)) return false;
  std::error_code error;
  const auto subsystem =
      std::filesystem::canonical("/sys/dev/char/" + std::to_string(major(node.st_rdev)) + ":" +
                                     std::to_string(minor(node.st_rdev)) + "/subsystem",
                                 error);
  return !error && subsystem.filename() == "cuse";
}

}  // namespace

std::string probe_driver(const std::string& device) {
  constexpr long kFuseMagic = 0x65735546;
  struct statfs file_system {};
  if (statfs(device.c_str(), &file_system) != 0) throw std::runtime_error("statfs of " + device + " fails");
  if (file_system.f_type == kFuseMagic) return "fuse";
  if (is_cuse(device)) return "cuse";
  utsname kernel{};
  uname(&kernel);
  int major = 0, minor = 0;
  char* rest = kernel.release;
  major = static_cast<int>(std::strtol(rest, &rest, 10));
  if (*rest == '.') minor = static_cast<int>(std::strtol(rest + 1, nullptr, 10));
  if (major < 6 || (major == 6 && minor < 6)) return "kernel-6.1";
  if (major < 7) return "kernel-6.12";
  return "kernel-7.2";
}

}  // namespace cuse_binder::conformance
