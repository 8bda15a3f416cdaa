#include "cuse_binder/frontends/mount_tree.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

namespace cuse_binder::frontends {
namespace {

timespec now() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

// Features whose files say that they exist. There is no transaction_report: that is a netlink interface.
constexpr const char* kFeatures[] = {"oneway_spam_detection", "extended_error", "freeze_notification"};

constexpr std::pair<const char*, protocol::LogFile> kLogs[] = {
    {"state", protocol::LogFile::state},
    {"state_hashed", protocol::LogFile::state_hashed},
    {"stats", protocol::LogFile::stats},
    {"transactions", protocol::LogFile::transactions},
    {"transactions_hashed", protocol::LogFile::transactions_hashed},
    {"transaction_log", protocol::LogFile::transaction_log},
    {"failed_transaction_log", protocol::LogFile::failed_transaction_log},
};

bool is_bad_name(const std::string& name) {
  return name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos;
}

}  // namespace

std::shared_ptr<MinorNumbers> MinorNumbers::shared() {
  static const auto numbers = std::make_shared<MinorNumbers>();
  return numbers;
}

std::optional<std::uint32_t> MinorNumbers::take() {
  const std::lock_guard lock(mutex_);
  if (!returned_.empty()) return returned_.extract(returned_.begin()).value();
  if (next_ == kCount) return std::nullopt;
  return next_++;
}

void MinorNumbers::give_back(std::uint32_t minor) {
  const std::lock_guard lock(mutex_);
  returned_.insert(minor);
}

MountTree::MountTree(protocol::Driver& driver, Options options)
    : driver_(driver), options_(options), made_at_(now()) {
  root_ = std::make_shared<Node>(Node{NodeKind::root, kRoot, S_IFDIR | 0755, 0, 0, {}, {}, {}, 0, {}});
  permanent_[kRoot] = root_;
  auto control =
      std::make_shared<Node>(Node{NodeKind::control, kControl, S_IFREG | 0600, 0, 0, {}, {}, {}, 0, {}});
  permanent_[kControl] = control;
  root_->children["binder-control"] = control;

  auto features = make_node(NodeKind::directory, S_IFDIR | 0755);
  for (const char* name : kFeatures) {
    auto feature = make_node(NodeKind::feature, S_IFREG | 0444);
    feature->text = "1\n";
    features->children[name] = std::move(feature);
  }
  root_->children["features"] = std::move(features);

  if (!options_.stats) return;
  auto logs = make_node(NodeKind::directory, S_IFDIR | 0755);
  for (const auto& [name, which] : kLogs) {
    auto log = make_node(NodeKind::log, S_IFREG | 0444);
    log->log = which;
    logs->children[name] = std::move(log);
  }
  logs->children["proc"] = make_node(NodeKind::process_logs, S_IFDIR | 0755);
  root_->children["binder_logs"] = std::move(logs);
}

MountTree::NodePtr MountTree::make_node(NodeKind kind, mode_t mode) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->number = next_permanent_++;
  node->mode = mode;
  permanent_[node->number] = node;
  return node;
}

MountTree::Added MountTree::add_device(const std::string& name) {
  const std::lock_guard lock(mutex_);
  // Devices that are unlinked but open count as well.
  std::erase_if(all_devices_, [](const auto& device) { return device.expired(); });
  if (all_devices_.size() >= options_.max_devices) return {ENOSPC, std::nullopt};
  const auto minor = minors_->take();
  if (!minor) return {ENOSPC, std::nullopt};
  if (is_bad_name(name) || root_->children.count(name) > 0) {
    minors_->give_back(*minor);
    return {is_bad_name(name) ? EACCES : EEXIST, minor};
  }
  auto entry = std::make_shared<DeviceEntry>(driver_.create_device(name), *minor, minors_);
  auto node = std::make_shared<Node>();
  node->kind = NodeKind::device;
  node->number = *minor + 3;
  node->mode = S_IFREG | (options_.device_mode & 07777);
  node->uid = options_.uid;
  node->gid = options_.gid;
  node->device = entry;
  all_devices_.push_back(entry);
  linked_[node.get()] = std::move(entry);
  root_->children[name] = std::move(node);
  return {0, minor};
}

MountTree::NodePtr MountTree::find(InodeNumber number) const {
  if (auto known = permanent_.find(number); known != permanent_.end()) return known->second;
  if (auto known = temporary_.find(number); known != temporary_.end()) return known->second.node;
  return nullptr;
}

struct stat MountTree::attributes_of(const Node& node, InodeNumber number) const {
  struct stat attributes {};
  attributes.st_ino = number;
  attributes.st_mode = node.mode;
  attributes.st_uid = node.uid;
  attributes.st_gid = node.gid;
  attributes.st_nlink = S_ISDIR(node.mode) ? 2 : 1;
  if (node.kind == NodeKind::device && linked_.count(&node) == 0) attributes.st_nlink = 0;
  attributes.st_size = static_cast<off_t>(node.text.size());
  if (node.kind == NodeKind::device) attributes.st_size = device_size_;
  attributes.st_blksize = 4096;
  attributes.st_atim = attributes.st_mtim = attributes.st_ctim = made_at_;
  return attributes;
}

std::vector<pid_t> MountTree::logged_processes() const {
  std::vector<pid_t> all;
  for (const auto& weak : all_devices_) {
    const auto device = weak.lock();
    if (device == nullptr) continue;
    const auto some = device->device->log_entries();
    all.insert(all.end(), some.begin(), some.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

base::Result<MountTree::Found> MountTree::look_up(InodeNumber parent, std::string_view name) {
  const std::lock_guard lock(mutex_);
  const NodePtr directory = find(parent);
  if (directory == nullptr) return base::Errno{ESTALE};
  if (!S_ISDIR(directory->mode)) return base::Errno{ENOTDIR};
  NodePtr node;
  if (directory->kind == NodeKind::process_logs) {
    pid_t process = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process);
    const auto known = logged_processes();
    if (error != std::errc() || end != name.data() + name.size() || name.front() == '0' ||
        !std::binary_search(known.begin(), known.end(), process)) {
      return base::Errno{ENOENT};
    }
    node = std::make_shared<Node>();
    node->kind = NodeKind::process_log;
    node->mode = S_IFREG | 0444;
    node->process = process;
  } else {
    const auto child = directory->children.find(std::string(name));
    if (child == directory->children.end()) return base::Errno{ENOENT};
    node = child->second;
  }
  InodeNumber number = node->number;
  if (node->kind == NodeKind::device || node->kind == NodeKind::process_log) {
    number = next_temporary_++;
    temporary_[number] = {node, 1};
  }
  return Found{number, attributes_of(*node, number)};
}

void MountTree::forget(InodeNumber number, std::uint64_t lookups) {
  const std::lock_guard lock(mutex_);
  const auto known = temporary_.find(number);
  if (known == temporary_.end()) return;
  if (known->second.lookups > lookups) {
    known->second.lookups -= lookups;
  } else {
    temporary_.erase(known);
  }
}

base::Result<struct stat> MountTree::attributes(InodeNumber number) {
  const std::lock_guard lock(mutex_);
  const NodePtr node = find(number);
  if (node == nullptr) return base::Errno{ESTALE};
  return attributes_of(*node, number);
}

base::Result<struct stat> MountTree::change(InodeNumber number, const Change& change) {
  const std::lock_guard lock(mutex_);
  const NodePtr node = find(number);
  if (node == nullptr) return base::Errno{ESTALE};
  if (change.mode) node->mode = (node->mode & S_IFMT) | (*change.mode & 07777);
  if (change.uid) node->uid = *change.uid;
  if (change.gid) node->gid = *change.gid;
  return attributes_of(*node, number);
}

base::Result<std::vector<DirectoryEntry>> MountTree::list(InodeNumber number) {
  const std::lock_guard lock(mutex_);
  const NodePtr directory = find(number);
  if (directory == nullptr) return base::Errno{ESTALE};
  if (!S_ISDIR(directory->mode)) return base::Errno{ENOTDIR};
  std::vector<DirectoryEntry> entries{{".", directory->number, S_IFDIR}, {"..", kRoot, S_IFDIR}};
  for (const auto& [name, node] : directory->children) entries.push_back({name, node->number, node->mode});
  if (directory->kind == NodeKind::process_logs) {
    for (const pid_t process : logged_processes()) {
      entries.push_back({std::to_string(process), static_cast<InodeNumber>(process), S_IFREG});
    }
  }
  return entries;
}

int MountTree::unlink(InodeNumber parent, const std::string& name) {
  std::shared_ptr<DeviceEntry> removed;  // dies after the lock is released
  const std::lock_guard lock(mutex_);
  const NodePtr directory = find(parent);
  if (directory == nullptr) return ESTALE;
  if (!is_root_directory(*directory)) return EPERM;
  const auto child = directory->children.find(name);
  if (child == directory->children.end()) return ENOENT;
  if (child->second->kind != NodeKind::device) return EPERM;
  removed = std::move(linked_[child->second.get()]);
  linked_.erase(child->second.get());
  directory->children.erase(child);
  return 0;
}

int MountTree::rename(InodeNumber parent, const std::string& name, InodeNumber new_parent,
                      const std::string& new_name, unsigned flags) {
  std::shared_ptr<DeviceEntry> replaced;
  const std::lock_guard lock(mutex_);
  const NodePtr directory = find(parent);
  if (directory == nullptr || find(new_parent) == nullptr) return ESTALE;
  if (!is_root_directory(*directory) || new_parent != parent) return EPERM;
  if (flags & ~static_cast<unsigned>(RENAME_NOREPLACE | RENAME_EXCHANGE)) return EINVAL;
  auto& children = directory->children;
  const auto from = children.find(name);
  if (from == children.end()) return ENOENT;
  const auto to = children.find(new_name);
  if (from->second->kind == NodeKind::control) return EPERM;
  if (to != children.end() && to->second->kind == NodeKind::control) return EPERM;
  if (from == to) return 0;
  if (flags & RENAME_EXCHANGE) {
    if (to == children.end()) return ENOENT;
    std::swap(from->second, to->second);
    return 0;
  }
  if (to != children.end()) {
    if (flags & RENAME_NOREPLACE) return EEXIST;
    if (S_ISDIR(to->second->mode)) return S_ISDIR(from->second->mode) ? ENOTEMPTY : EISDIR;
    if (S_ISDIR(from->second->mode)) return ENOTDIR;
    replaced = std::move(linked_[to->second.get()]);
    linked_.erase(to->second.get());
    to->second = from->second;
  } else {
    children[new_name] = from->second;
  }
  children.erase(name);
  return 0;
}

base::Result<MountTree::Opened> MountTree::open(InodeNumber number) {
  const std::lock_guard lock(mutex_);
  const NodePtr node = find(number);
  if (node == nullptr) return base::Errno{ESTALE};
  Opened opened{node->kind, node->device.lock(), node->log, node->process, node->text};
  if (node->kind == NodeKind::device && opened.device == nullptr) return base::Errno{ENOENT};
  return opened;
}

std::vector<std::pair<std::string, std::shared_ptr<DeviceEntry>>> MountTree::devices() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::shared_ptr<DeviceEntry>>> all;
  for (const auto& [name, node] : root_->children) {
    if (auto device = node->device.lock()) all.emplace_back(name, std::move(device));
  }
  return all;
}

}  // namespace cuse_binder::frontends
