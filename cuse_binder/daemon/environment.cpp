#include "cuse_binder/daemon/environment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "cuse_binder/base/log.h"
#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::daemon {
namespace {

constexpr const char* kFuseDevice = "/dev/fuse";
constexpr const char* kCuseDevice = "/dev/cuse";
constexpr const char* kUringParameter = "/sys/module/fuse/parameters/enable_uring";

auto& log() {
  return base::log(base::Layer::daemon);
}

bool has_capability(unsigned capability) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (syscall(SYS_capget, &header, data) < 0) return false;
  return (data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) != 0;
}

// 'Y', 'N', or 0 when the kernel has no such parameter.
char uring_parameter() {
  std::ifstream file(kUringParameter);
  char value = 0;
  return file >> value ? value : '\0';
}

// Who has a device name, for a person.
std::string what_is_at(const std::string& path, const std::string& name) {
  struct stat found;
  if (lstat(path.c_str(), &found) != 0)
    return "a device whose node is elsewhere: another daemon's, in another container.";
  if (S_ISLNK(found.st_mode)) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(path, error).string();
    return fmt::format("a symbolic link to {}. A daemon that was started with --symlinks makes such links.",
                       target);
  }
  if (!S_ISCHR(found.st_mode)) return "a file that is not a device. Remove it, or choose another name.";
  if (access(("/sys/class/cuse/" + name).c_str(), F_OK) == 0)
    return "another CUSE device, perhaps of a daemon that runs already.";
  if (access(("/sys/class/misc/" + name).c_str(), F_OK) == 0)
    return "the kernel's own driver: this kernel has binder. Unload it ('modprobe -r binder_linux'), use it, "
           "or "
           "choose\nanother name.";
  return "another device. Choose another name.";
}

// Whether the device that a door stands on can be opened. `if_missing` is the advice where there is none, up
// to the option for containers, which follows.
std::optional<StartError> check_device(const char* path, const char* if_missing) {
  const base::UniqueFd device(open(path, O_RDWR | O_CLOEXEC));
  if (device) return std::nullopt;
  const int error = errno;
  std::string advice;
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      advice = fmt::format("{}('--device {}').", if_missing, path);
      break;
    case EACCES:
    case EPERM:
      advice = fmt::format("Run binderd as root; in a container, allow the device ('--device {}').", path);
      break;
    default:
      return StartError{ExitCode::failure, fmt::format("cannot open {}: {}", path, std::strerror(error))};
  }
  return StartError{ExitCode::not_permitted,
                    fmt::format("cannot open {}: {}.\n{}", path, std::strerror(error), advice)};
}

}  // namespace

std::optional<StartError> check_fuse() {
  if (!has_capability(CAP_SYS_ADMIN))
    return StartError{
        ExitCode::not_permitted,
        "mounting a file system needs CAP_SYS_ADMIN, which this process does not have.\n"
        "Run binderd as root ('sudo binderd …'); in a container, start that with '--privileged' or with\n"
        "'--cap-add SYS_ADMIN --cap-add SYS_PTRACE --device /dev/fuse'."};
  return check_device(kFuseDevice, "Load the module with 'modprobe fuse'; in a container, pass the device ");
}

std::optional<StartError> check_cuse() {
  return check_device(
      kCuseDevice,
      "Load the module with 'modprobe cuse' (a kernel without CONFIG_CUSE has none); in a container, pass "
      "the device\n");
}

StartError explain_cuse_error(const frontends::CuseDoor::Failure& failure) {
  using What = frontends::CuseDoor::Failure::What;
  const char* reason = std::strerror(failure.error);
  switch (failure.what) {
    case What::cuse:
      return {ExitCode::failure, fmt::format("cannot open {}: {}.", kCuseDevice, reason)};
    case What::socket:
      return {failure.error == EADDRINUSE ? ExitCode::busy : ExitCode::failure,
              fmt::format("cannot make the socket {}: {}.", failure.name, reason)};
    case What::device:
      break;
  }
  const std::string path = "/dev/" + failure.name;
  const auto because = [&](ExitCode code, const std::string& text) {
    return StartError{code, fmt::format("cannot make the device {}: {}", path, text)};
  };
  switch (failure.error) {
    case EEXIST:
      return because(ExitCode::busy, "the name is taken, by " + what_is_at(path, failure.name));
    case EPERM:
    case EACCES:
      return because(
          ExitCode::not_permitted,
          "not permitted. The node needs CAP_CHOWN and CAP_FOWNER, and where /dev is not the kernel's "
          "own, CAP_MKNOD and a /dev that may be written.");
    case ENODEV:
      return because(ExitCode::failure, "the kernel made it and took it away again.");
    default:
      return because(ExitCode::failure, fmt::format("{}.", reason));
  }
}

StartError explain_mount_error(const std::string& mount_point, int error) {
  const auto because = [&](ExitCode code, std::string_view text) {
    return StartError{code, fmt::format("cannot mount on {}: {}", mount_point, text)};
  };
  switch (error) {
    case EBUSY:
      return because(ExitCode::busy,
                     fmt::format("another daemon serves it. Stop that one, or choose another directory; "
                                 "'umount {}' ends a daemon that serves nothing else.",
                                 mount_point));
    case ENOENT:
      return because(ExitCode::failure,
                     fmt::format("there is no such directory; 'mkdir -p {}' makes it.", mount_point));
    case ENOTDIR:
      return because(ExitCode::failure, "it is not a directory.");
    case ENOSPC:
      return because(ExitCode::usage, "--max leaves no room for the devices.");
    case EPERM:
    case EACCES:
      return because(
          ExitCode::not_permitted,
          "the kernel does not permit it. A container needs '--cap-add SYS_ADMIN --device /dev/fuse', and a "
          "security profile that permits mount (Docker: '--security-opt apparmor=unconfined').");
    case ENODEV:
      return because(ExitCode::not_permitted,
                     "this kernel has no FUSE; load the module with 'modprobe fuse'.");
    case ENOSYS:
    case EOPNOTSUPP:
      return because(
          ExitCode::not_permitted,
          "the kernel does not offer what was asked for. '--transport uring' needs Linux 6.14 with FUSE over "
          "io_uring switched on (--enable-uring does that); '--transport auto' takes what there is.");
    default:
      return because(ExitCode::failure, fmt::format("{}.", std::strerror(error)));
  }
}

void enable_fuse_over_io_uring() {
  switch (uring_parameter()) {
    case 'Y':
      return;
    case '\0':
      log().warn(
          "--enable-uring: this kernel does not have FUSE over io_uring (Linux 6.14 with "
          "CONFIG_FUSE_IO_URING)");
      return;
    default:
      break;
  }
  const base::UniqueFd parameter(open(kUringParameter, O_WRONLY | O_CLOEXEC));
  if (parameter && write(parameter.get(), "Y\n", 2) == 2)
    log().warn("switched {} on, for the whole machine; it stays on", kUringParameter);
  else
    log().warn("--enable-uring: cannot write {}: {}", kUringParameter, std::strerror(errno));
}

void suggest_fuse_over_io_uring() {
  if (uring_parameter() == 'N')
    log().info(
        "calls would be faster with FUSE over io_uring, which this kernel has, but switched off: see "
        "--enable-uring");
}

void warn_about_missing_privileges() {
  if (!has_capability(CAP_SYS_PTRACE))
    log().warn("no CAP_SYS_PTRACE: only clients whose memory this user may read can transact");
}

void raise_descriptor_limit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  std::ifstream file("/proc/sys/fs/nr_open");
  rlim_t most = 0;
  // Raising the hard limit needs a privilege; without it take what there is.
  if (file >> most && most > limit.rlim_max) {
    const rlimit wanted{most, most};
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) return;
  }
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
    log().warn("cannot raise the limit of open files: {}", std::strerror(errno));
}

}  // namespace cuse_binder::daemon
