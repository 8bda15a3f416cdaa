// The names of a mount: which files there are, of which kind, with which owner and mode. Knows nothing of
// FUSE.
//
// Directories other than the root never change. A device is known by its inode's number: each lookup of a
// device file makes a fresh one, because the kernel allows one backing file per inode and every open has its
// own.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cuse_binder/base/result.h"
#include "cuse_binder/frontends/device_entry.h"
#include "cuse_binder/protocol/driver.h"

namespace cuse_binder::frontends {

using InodeNumber = std::uint64_t;

enum class NodeKind { root, control, device, directory, feature, log, process_logs, process_log };

struct Node {
  NodeKind kind;
  InodeNumber number;  // stable; a device's is shown by readdir only
  mode_t mode;         // with the type bits
  uid_t uid = 0;
  gid_t gid = 0;
  std::map<std::string, std::shared_ptr<Node>> children;  // of directories, but for process_logs
  std::weak_ptr<DeviceEntry> device;
  protocol::LogFile log = protocol::LogFile::state;
  pid_t process = 0;
  std::string text;  // of a feature
};

struct DirectoryEntry {
  std::string name;
  InodeNumber number;
  mode_t mode;
};

class MountTree {
 public:
  struct Options {
    std::uint32_t max_devices = MinorNumbers::kCount;
    bool stats = true;
    mode_t device_mode = 0600;
    uid_t uid = 0;
    gid_t gid = 0;
  };
  static constexpr InodeNumber kRoot = 1, kControl = 2;

  MountTree(protocol::Driver& driver, Options options);

  // What stat says of a device: 0, as of a device node, or what can be mapped.
  void set_device_size(off_t size) { device_size_ = size; }

  // --- binder-control ---
  struct Added {
    int error = 0;                       // positive errno
    std::optional<std::uint32_t> minor;  // set once the number was assigned, even if it fails after that
  };
  Added add_device(const std::string& name);

  // --- names; a positive errno or 0 where nothing else is returned ---
  struct Found {
    InodeNumber number;
    struct stat attributes;
  };
  base::Result<Found> look_up(InodeNumber parent, std::string_view name);
  void forget(InodeNumber number, std::uint64_t lookups);
  base::Result<struct stat> attributes(InodeNumber number);
  struct Change {
    std::optional<mode_t> mode;
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
  };
  base::Result<struct stat> change(InodeNumber number, const Change& change);
  base::Result<std::vector<DirectoryEntry>> list(InodeNumber directory);
  int unlink(InodeNumber parent, const std::string& name);
  int rename(InodeNumber parent, const std::string& name, InodeNumber new_parent, const std::string& new_name,
             unsigned flags);

  // What an open of that inode opens; ENOENT if it is a device that has gone.
  struct Opened {
    NodeKind kind;
    std::shared_ptr<DeviceEntry> device;
    protocol::LogFile log;
    pid_t process;
    std::string text;
  };
  base::Result<Opened> open(InodeNumber number);

  std::vector<std::pair<std::string, std::shared_ptr<DeviceEntry>>> devices() const;

 private:
  using NodePtr = std::shared_ptr<Node>;
  NodePtr make_node(NodeKind kind, mode_t mode);
  NodePtr find(InodeNumber number) const;  // null if unknown
  bool is_root_directory(const Node& node) const { return &node == root_.get(); }
  struct stat attributes_of(const Node& node, InodeNumber number) const;
  std::vector<pid_t> logged_processes() const;

  protocol::Driver& driver_;
  const Options options_;
  const std::shared_ptr<MinorNumbers> minors_ = MinorNumbers::shared();
  const timespec made_at_;
  std::atomic<off_t> device_size_{0};

  mutable std::mutex mutex_;  // guards what follows
  NodePtr root_;
  std::unordered_map<InodeNumber, NodePtr> permanent_;
  struct Temporary {
    NodePtr node;
    std::uint64_t lookups;
  };
  std::unordered_map<InodeNumber, Temporary> temporary_;  // looked up: devices and process logs
  InodeNumber next_permanent_ = MinorNumbers::kCount + 3;
  InodeNumber next_temporary_ = 2 * static_cast<InodeNumber>(MinorNumbers::kCount);
  std::unordered_map<const Node*, std::shared_ptr<DeviceEntry>> linked_;  // devices that have a name
  mutable std::vector<std::weak_ptr<DeviceEntry>> all_devices_;           // also those that are only open
};

}  // namespace cuse_binder::frontends
