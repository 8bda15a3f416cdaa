// Section S of the protocol, as far as it is about mounts (and C-07, which needs several devices).
//
// Each case makes mounts of its own, with the mounter that belongs to the driver under test: mount.binder
// beside the daemon that serves BINDER_DEVICE, $BINDERFS_MOUNT, or mount(2) where the kernel has binderfs.
#include <dirent.h>
#include <fcntl.h>
#include <linux/android/binderfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "cuse_binder/base/unique_fd.h"
#include "test/conformance/environment.h"
#include "test/conformance/steps.h"

namespace cuse_binder::conformance {
namespace {

using base::UniqueFd;

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Who mounts: a program with the arguments of mount(8)'s helpers, or the kernel ("").
std::optional<std::string> mounter() {
  if (environment().device().empty()) return std::nullopt;
  if (const char* program = std::getenv("BINDERFS_MOUNT")) return program;
  if (const char* daemon = std::getenv("BINDERD_PID")) {
    char path[PATH_MAX];
    const std::string link = std::string("/proc/") + daemon + "/exe";
    const ssize_t length = readlink(link.c_str(), path, sizeof path);
    const std::string program(path, length > 0 ? static_cast<std::size_t>(length) : 0);
    const std::string helper = program.substr(0, program.rfind('/') + 1) + "mount.binder";
    if (access(helper.c_str(), X_OK) == 0) return helper;
  }
  if (contents("/proc/filesystems").find("\tbinder\n") != std::string::npos) return "";
  return std::nullopt;
}

// A binderfs mount of our own in a fresh directory; unmounted at the end.
class Mount {
 public:
  explicit Mount(const std::string& options = "") {
    char name[] = "/tmp/binderfs-case-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    dir_ = name;
    const std::string program = *mounter();
    if (program.empty()) {
      error_ = mount("binder", name, "binder", 0, options.c_str()) == 0 ? 0 : errno;
    } else {
      error_ = run_mounter(options);
    }
  }
  Mount(const Mount&) = delete;
  ~Mount() {
    if (error_ == 0) umount2(dir_.c_str(), MNT_DETACH);
    rmdir(dir_.c_str());
  }

  // 0, or why it failed: an errno of the kernel's; a helper says only that it failed (-1).
  int error() const { return error_; }
  const std::string& dir() const { return dir_; }
  std::string path(const std::string& name) const { return dir_ + "/" + name; }
  bool is_kernels() const {
    struct statfs file_system {};
    REQUIRE(statfs(dir_.c_str(), &file_system) == 0);
    return file_system.f_type != 0x65735546;  // FUSE_SUPER_MAGIC
  }

  UniqueFd open_device(const std::string& name) const {
    return UniqueFd(open(path(name).c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  }
  // BINDER_CTL_ADD; the bytes of `name` go into the struct as they are.
  int add(std::string_view name, binderfs_device* written = nullptr) const {
    const UniqueFd control(open(path("binder-control").c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(control.get() >= 0);
    binderfs_device device{};
    device.major = device.minor = 0xfefefefe;
    REQUIRE(name.size() <= sizeof device.name);
    std::memcpy(device.name, name.data(), name.size());
    const int error = ioctl(control.get(), BINDER_CTL_ADD, &device) == 0 ? 0 : errno;
    if (written) *written = device;
    return error;
  }
  std::set<std::string> names(const std::string& directory = "") const {
    std::set<std::string> all;
    DIR* stream = opendir(path(directory).c_str());
    REQUIRE(stream != nullptr);
    while (const dirent* entry = readdir(stream)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") all.insert(name);
    }
    closedir(stream);
    return all;
  }
  // Runs the helper on this directory.
  int run_mounter(const std::string& options) const {
    const std::string program = *mounter();
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const int null = open("/dev/null", O_RDWR);
      for (int fd = 0; fd <= 2; ++fd) dup2(null, fd);
      const std::string all = options.empty() ? "rw" : options;
      // Words of a command line, e.g. "mount -t binder".
      execl("/bin/sh", "sh", "-c", "exec $0 \"$@\"", program.c_str(), "binder", dir_.c_str(), "-o",
            all.c_str(), nullptr);
      _exit(127);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
  }
  // The inode number that the directory shows.
  ino_t inode(const std::string& wanted) const {
    ino_t number = 0;
    DIR* stream = opendir(dir_.c_str());
    REQUIRE(stream != nullptr);
    while (const dirent* entry = readdir(stream)) {
      if (wanted == entry->d_name) number = entry->d_ino;
    }
    closedir(stream);
    return number;
  }

 private:
  std::string dir_;
  int error_ = 0;
};

bool nothing_to_mount(World& w) {
  if (geteuid() == 0 && mounter()) return false;
  unreachable(w, "nobody here can mount a binderfs of this driver");
  return true;
}

int version_of(const UniqueFd& device) {
  binder_version version{};
  return ioctl(device.get(), BINDER_VERSION, &version) == 0 ? version.protocol_version : -errno;
}

int become_manager(const UniqueFd& device) {
  std::int32_t unused = 0;
  return ioctl(device.get(), BINDER_SET_CONTEXT_MGR, &unused) == 0 ? 0 : errno;
}

// What one write and read on a non-blocking device gives behind its BR_NOOP; empty for EAGAIN.
std::vector<Return> exchange(const UniqueFd& device, const Commands& commands) {
  std::vector<std::unique_ptr<Bytes>> memory;
  Bytes stream = commands.encode([&](std::span<const std::byte> bytes, std::size_t) {
    memory.push_back(std::make_unique<Bytes>(bytes.begin(), bytes.end()));
    memory.back()->resize(bytes.size() + 1);  // has an address when it is empty, too
    return reinterpret_cast<Address>(memory.back()->data());
  });
  Bytes buffer(1024);
  binder_write_read request{};
  request.write_size = stream.size();
  request.write_buffer = reinterpret_cast<binder_uintptr_t>(stream.data());
  request.read_size = buffer.size();
  request.read_buffer = reinterpret_cast<binder_uintptr_t>(buffer.data());
  if (ioctl(device.get(), BINDER_WRITE_READ, &request) != 0) {
    REQUIRE(errno == EAGAIN);
    return {};
  }
  const auto returns = parse_returns(std::span(buffer).first(request.read_consumed));
  REQUIRE(returns.has_value());
  REQUIRE(!returns->empty());
  return {returns->begin() + 1, returns->end()};
}

TEST_CASE("S-01: a fresh mount has its control file, features and default devices", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount;
  REQUIRE(mount.error() == 0);
  const auto names = mount.names();
  for (const char* name : {"binder-control", "features", "binder", "hwbinder", "vndbinder"}) {
    INFO(name);
    CHECK(names.count(name) == 1);
  }
  CHECK(names.count("binder_logs") == 0);  // only with stats=global
  CHECK(mount.inode("binder-control") == 2);
  const mode_t type = mount.is_kernels() ? S_IFCHR : S_IFREG;
  for (const char* name : {"binder-control", "binder", "vndbinder"}) {
    struct stat attributes {};
    REQUIRE(stat(mount.path(name).c_str(), &attributes) == 0);
    CHECK(attributes.st_mode == (type | 0600));
    CHECK(attributes.st_uid == 0);
    CHECK(attributes.st_gid == 0);
  }
  struct stat root {};
  REQUIRE(stat(mount.dir().c_str(), &root) == 0);
  CHECK(root.st_mode == (S_IFDIR | 0755));
  CHECK(root.st_ino == 1);
  for (const char* name : {"oneway_spam_detection", "extended_error"}) {
    CHECK(contents(mount.path(std::string("features/") + name)) == "1\n");
  }
  for (const std::string& name : mount.names("features")) {
    struct stat attributes {};
    REQUIRE(stat(mount.path("features/" + name).c_str(), &attributes) == 0);
    CHECK(attributes.st_mode == (S_IFREG | 0444));
    CHECK(contents(mount.path("features/" + name)) == "1\n");
  }
  if (mount.is_kernels()) {
    CHECK(contents("/proc/mounts").find(" " + mount.dir() + " binder rw,") != std::string::npos);
    CHECK(contents("/proc/mounts").find("max=1048576") != std::string::npos);
  } else {
    unreachable(w, "a FUSE mount cannot show options of its own in /proc/mounts");
  }
}

TEST_CASE("S-02: bad mount options are refused", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const bool kernels = mounter()->empty();
  for (const char* options :
       {"max=1048577", "max=-1", "max=many", "max=", "foo=1", "stats=bar", "stats=global,foo"}) {
    INFO(options);
    const Mount mount(options);
    CHECK(mount.error() == (kernels ? EINVAL : -1));
  }
  const Mount full("max=2");  // three default devices
  CHECK(full.error() == (kernels ? ENOSPC : -1));
  const Mount most("max=1048576");
  CHECK(most.error() == 0);
}

TEST_CASE("S-03: remounting may change max, and must repeat the stats mode", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount with("stats=global,max=5"), without("max=5");
  REQUIRE(with.error() == 0);
  REQUIRE(without.error() == 0);
  const auto remount = [](const Mount& mount, const char* options) {
    return ::mount("binder", mount.dir().c_str(), nullptr, MS_REMOUNT, options) == 0 ? 0 : errno;
  };
  if (!with.is_kernels()) {
    // A remount never reaches the daemon, so the helper refuses it, and nothing changes.
    CHECK(with.run_mounter("remount,stats=global,max=3") != 0);
    CHECK(with.add("fourth") == 0);
    CHECK(with.add("fifth") == 0);
    CHECK(with.add("sixth") == ENOSPC);
    unreachable(w, "options of a FUSE mount cannot be changed by remounting");
    return;
  }
  CHECK(remount(with, "max=4") == EINVAL);
  CHECK(remount(with, "stats=global,max=4") == 0);
  CHECK(with.add("fourth") == 0);
  CHECK(with.add("fifth") == ENOSPC);
  CHECK(remount(without, "stats=global,max=4") == EINVAL);
  CHECK(remount(without, "") == 0);  // back to the default
  for (const char* name : {"fourth", "fifth", "sixth"}) CHECK(without.add(name) == 0);
}

TEST_CASE("S-04: BINDER_CTL_ADD makes a device", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount;
  REQUIRE(mount.error() == 0);
  binderfs_device device{};
  CHECK(mount.add("new one", &device) == 0);  // spaces are allowed
  CHECK(std::string(device.name) == "new one");
  CHECK(device.major != 0xfefefefe);
  CHECK(device.minor < 1u << 20);
  CHECK(mount.inode("new one") == device.minor + 3);
  struct stat attributes {};
  REQUIRE(stat(mount.path("new one").c_str(), &attributes) == 0);
  CHECK(attributes.st_mode == ((mount.is_kernels() ? S_IFCHR : S_IFREG) | 0600u));
  const UniqueFd opened = mount.open_device("new one");
  CHECK(version_of(opened) == 8);
  binderfs_device second{};
  CHECK(mount.add("second", &second) == 0);
  CHECK(second.major == device.major);
  CHECK(second.minor != device.minor);
}

TEST_CASE("S-05: BINDER_CTL_ADD refuses names that exist or cannot be, and more than max", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount("max=5,stats=global");
  REQUIRE(mount.error() == 0);
  for (const char* name : {"binder", "binder-control", "features", "binder_logs"})
    CHECK(mount.add(name) == EEXIST);
  for (const char* name : {"", ".", "..", "a/b", "/"}) {
    INFO("name '" << name << "'");
    CHECK(mount.add(name) == EACCES);
  }
  const UniqueFd control(open(mount.path("binder-control").c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(control.get() >= 0);
  CHECK(ioctl(control.get(), BINDER_CTL_ADD, reinterpret_cast<void*>(8)) == -1);
  CHECK(errno == EFAULT);
  binder_version version{};
  CHECK(ioctl(control.get(), BINDER_VERSION, &version) == -1);
  CHECK(errno == EINVAL);
  char byte;
  CHECK(read(control.get(), &byte, 1) == -1);
  CHECK(errno == EINVAL);
  CHECK(mount.add("fourth") == 0);
  CHECK(mount.add("fifth") == 0);
  CHECK(mount.add("sixth") == ENOSPC);
  CHECK(mount.add("binder") == ENOSPC);  // looked at first
}

TEST_CASE("S-06: names are cut at 255 bytes", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount;
  REQUIRE(mount.error() == 0);
  const std::string longest(255, 'x');
  CHECK(mount.add(longest) == 0);
  CHECK(mount.names().count(longest) == 1);
  binderfs_device device{};
  CHECK(mount.add(std::string(256, 'y'), &device) == 0);
  CHECK(mount.names().count(std::string(255, 'y')) == 1);
  CHECK(strnlen(device.name, sizeof device.name) == 255);
  CHECK(mount.add(longest + "z") == EEXIST);
}

TEST_CASE("S-07: a failed add leaves nothing behind", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount("max=5");
  REQUIRE(mount.error() == 0);
  const auto before = mount.names();
  for (int i = 0; i < 10; ++i) {
    CHECK(mount.add("binder") == EEXIST);
    CHECK(mount.add("a/b") == EACCES);
  }
  CHECK(mount.names() == before);
  CHECK(mount.add("fourth") == 0);
  CHECK(mount.add("fifth") == 0);
  CHECK(mount.add("sixth") == ENOSPC);
  CHECK(unlink(mount.path("fourth").c_str()) == 0);
  w.eventually("the place under max is free", [&] { return mount.add("sixth") == 0; });
}

TEST_CASE("S-08: devices can be unlinked and renamed, binder-control cannot", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount;
  REQUIRE(mount.error() == 0);
  CHECK(unlink(mount.path("vndbinder").c_str()) == 0);
  CHECK(mount.names().count("vndbinder") == 0);
  CHECK(mount.open_device("vndbinder").get() < 0);
  CHECK(unlink(mount.path("binder-control").c_str()) == -1);
  CHECK(errno == EPERM);
  CHECK(rename(mount.path("binder-control").c_str(), mount.path("other").c_str()) == -1);
  CHECK(errno == EPERM);
  CHECK(rename(mount.path("hwbinder").c_str(), mount.path("binder-control").c_str()) == -1);
  CHECK(errno == EPERM);
  CHECK(rename(mount.path("hwbinder").c_str(), mount.path("binder").c_str()) == 0);
  CHECK(mount.names() == std::set<std::string>{"binder", "binder-control", "features"});
  CHECK(chmod(mount.path("binder").c_str(), 0640) == 0);
  CHECK(chown(mount.path("binder").c_str(), 1, 2) == 0);
  struct stat attributes {};
  REQUIRE(stat(mount.path("binder").c_str(), &attributes) == 0);
  CHECK((attributes.st_mode & 07777) == 0640);
  CHECK(attributes.st_uid == 1);
  CHECK(attributes.st_gid == 2);
}

TEST_CASE("S-09: nothing else can be made or removed", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount("stats=global");
  REQUIRE(mount.error() == 0);
  const auto fails_with = [](int result, int error) {
    CHECK(result == -1);
    CHECK(errno == error);
  };
  fails_with(mkdir(mount.path("d").c_str(), 0755), EPERM);
  fails_with(mknod(mount.path("n").c_str(), S_IFCHR | 0600, 0), EPERM);
  fails_with(mknod(mount.path("f").c_str(), S_IFIFO | 0600, 0), EPERM);
  fails_with(symlink("binder", mount.path("l").c_str()), EPERM);
  fails_with(link(mount.path("binder").c_str(), mount.path("h").c_str()), EPERM);
  fails_with(rmdir(mount.path("features").c_str()), EPERM);
  fails_with(open(mount.path("new").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600), EACCES);
  fails_with(unlink(mount.path("features/extended_error").c_str()), EPERM);
  fails_with(unlink(mount.path("binder_logs/state").c_str()), EPERM);
  fails_with(rename(mount.path("features/extended_error").c_str(), mount.path("features/x").c_str()), EPERM);
  CHECK(mount.names() == std::set<std::string>{"binder", "binder-control", "binder_logs", "features",
                                               "hwbinder", "vndbinder"});
}

TEST_CASE("S-10: an unlinked device goes on working for those who have it open", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount;
  REQUIRE(mount.error() == 0);
  const UniqueFd old = mount.open_device("binder");
  REQUIRE(become_manager(old) == 0);
  REQUIRE(unlink(mount.path("binder").c_str()) == 0);
  CHECK(version_of(old) == 8);
  REQUIRE(mount.add("binder") == 0);
  const UniqueFd fresh = mount.open_device("binder");
  CHECK(version_of(fresh) == 8);
  CHECK(become_manager(fresh) == 0);  // a context of its own
  CHECK(become_manager(old) == EBUSY);
}

TEST_CASE("S-11: an unlinked device gives its place under max back", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount("max=3");
  REQUIRE(mount.error() == 0);
  CHECK(mount.add("fourth") == ENOSPC);
  REQUIRE(unlink(mount.path("vndbinder").c_str()) == 0);
  w.eventually("a device can be added", [&] { return mount.add("fourth") == 0; });
  CHECK(mount.add("fifth") == ENOSPC);
  // One that is still open keeps its place.
  UniqueFd open = mount.open_device("fourth");
  REQUIRE(unlink(mount.path("fourth").c_str()) == 0);
  CHECK(mount.add("fifth") == ENOSPC);
  open.reset();
  w.eventually("a device can be added", [&] { return mount.add("fifth") == 0; });
}

// The blocks of a log that begin with "proc <pid>" of this process.
std::string own_block(const std::string& log) {
  const std::string heading = "proc " + std::to_string(getpid()) + "\n";
  const auto begin = log.find("\n" + heading);
  if (begin == std::string::npos) return "";
  const auto end = log.find("\nproc ", begin + 1);
  return log.substr(begin + 1, end == std::string::npos ? end : end - begin);
}

TEST_CASE("S-12: a renamed device keeps its context's name in the logs", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount("stats=global");
  REQUIRE(mount.error() == 0);
  REQUIRE(mount.add("first-name") == 0);
  REQUIRE(rename(mount.path("first-name").c_str(), mount.path("second-name").c_str()) == 0);
  const UniqueFd device = mount.open_device("second-name");
  REQUIRE(version_of(device) == 8);
  const std::string block = own_block(contents(mount.path("binder_logs/state")));
  CHECK(block.find("context first-name\n") != std::string::npos);
  CHECK(block.find("second-name") == std::string::npos);
}

TEST_CASE("S-13: binder_logs has its files, and one per process while its first device is open",
          "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount("stats=global");
  REQUIRE(mount.error() == 0);
  for (const char* name :
       {"state", "stats", "transactions", "transaction_log", "failed_transaction_log", "proc"}) {
    INFO(name);
    CHECK(mount.names("binder_logs").count(name) == 1);
  }
  const std::string pid = std::to_string(getpid());
  const auto listed = [&] { return mount.names("binder_logs/proc").count(pid) == 1; };
  CHECK_FALSE(listed());
  UniqueFd first = mount.open_device("binder");
  CHECK(listed());
  CHECK(contents(mount.path("binder_logs/proc/" + pid)).find("proc " + pid + "\ncontext binder\n") !=
        std::string::npos);
  UniqueFd second = mount.open_device("hwbinder");
  first.reset();
  w.eventually("the entry of the first device is gone", [&] { return !listed(); });
  CHECK(version_of(second) == 8);
  UniqueFd third = mount.open_device("binder");  // does not bring it back
  CHECK_FALSE(listed());
  second.reset();
  third.reset();
  w.eventually("all devices are released",
               [&] { return own_block(contents(mount.path("binder_logs/state"))).empty(); });
  UniqueFd fourth = mount.open_device("binder");
  CHECK(listed());
}

TEST_CASE("S-14: open devices go on working after a lazy unmount", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount;
  REQUIRE(mount.error() == 0);
  const UniqueFd manager = mount.open_device("binder"), client = mount.open_device("binder");
  REQUIRE(become_manager(manager) == 0);
  REQUIRE(umount2(mount.dir().c_str(), MNT_DETACH) == 0);
  CHECK(mount.open_device("binder").get() < 0);
  for (int i = 0; i < 10; ++i) {
    CHECK(version_of(manager) == 8);
    CHECK(version_of(client) == 8);
  }
  CHECK(become_manager(client) == EBUSY);
  // A call of a process to its own manager is refused: the context still works.
  const auto returns = exchange(client, Commands().oneway(0, 1));
  REQUIRE(returns.size() == 1);
  CHECK(returns[0].code == BR_FAILED_REPLY);
}

TEST_CASE("S-19: nothing of one context is visible in another", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount, other;
  REQUIRE(mount.error() == 0);
  REQUIRE(other.error() == 0);
  const UniqueFd manager = mount.open_device("binder");
  REQUIRE(become_manager(manager) == 0);
  const UniqueFd sibling = mount.open_device("hwbinder"), stranger = other.open_device("binder");
  for (const UniqueFd* device : {&sibling, &stranger}) {
    REQUIRE(version_of(*device) == 8);
    const auto returns = exchange(*device, Commands().oneway(0, 1));  // no manager here
    REQUIRE(returns.size() == 1);
    CHECK(returns[0].code == BR_DEAD_REPLY);
    CHECK(become_manager(*device) == 0);
  }
  CHECK(become_manager(manager) == EBUSY);
}

TEST_CASE("C-07: each device has a manager of its own, a re-created one too", "[binderfs]") {
  World w;
  if (nothing_to_mount(w)) return;
  const Mount mount;
  REQUIRE(mount.error() == 0);
  const UniqueFd binder = mount.open_device("binder"), hwbinder = mount.open_device("hwbinder");
  CHECK(become_manager(binder) == 0);
  CHECK(become_manager(hwbinder) == 0);
  CHECK(become_manager(hwbinder) == EBUSY);
  REQUIRE(unlink(mount.path("hwbinder").c_str()) == 0);
  REQUIRE(mount.add("hwbinder") == 0);
  const UniqueFd again = mount.open_device("hwbinder");
  CHECK(become_manager(again) == 0);
  CHECK(become_manager(hwbinder) == EBUSY);
}

}  // namespace
}  // namespace cuse_binder::conformance
