#include "cuse_binder/daemon/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cuse_binder/base/log.h"
#include "cuse_binder/daemon/environment.h"

namespace cuse_binder::daemon {
namespace {

constexpr const char* kLinkDirectory = "/dev";
// The driver trims what was idle between two calls, so traffic makes two calls due.
constexpr unsigned kTrimsAfterTraffic = 2;

auto& log() {
  return base::log(base::Layer::daemon);
}

}  // namespace

Server::Server(std::function<void()> on_lost) : on_lost_(std::move(on_lost)) {}

Server::~Server() {
  stop();
}

std::optional<StartError> Server::start(const Options& options) {
  services_ = ClientServices::create();
  driver_ = protocol::Driver::create(*services_.memory, *services_.files, *services_.identity);
  for (const auto& mount_point : options.fuse_directories) {
    if (auto error = open_door(options, mount_point)) {
      stop();
      return error;
    }
  }
  if (!options.cuse_devices.empty()) {
    if (auto error = open_cuse(options)) {
      stop();
      return error;
    }
  }
  if (options.symlinks) {
    links_ = std::make_unique<DeviceLinks>();
    links_->make(kLinkDirectory, options.fuse_directories.front(), options.devices);
  }
  return std::nullopt;
}

std::optional<StartError> Server::open_door(const Options& options, const std::string& mount_point) {
  frontends::FuseMount::Options mount_options;
  mount_options.mount_point = mount_point;
  mount_options.devices = options.devices;
  mount_options.mode = options.mode;
  mount_options.uid = options.owner;
  mount_options.gid = options.group;
  mount_options.max_devices = options.max_devices;
  mount_options.stats = options.logs;
  mount_options.transport = options.transport;
  mount_options.workers = options.workers;

  auto mount = frontends::FuseMount::mount(*driver_, std::move(mount_options));
  if (!mount) return explain_mount_error(mount_point, mount.error());
  auto door = std::make_unique<Door>();
  door->mount_point = mount_point;
  door->mount = std::move(mount.value());
  log().info("serving {} (transport {}, mmap {})", mount_point, door->mount->transport(),
             door->mount->passthrough() ? "native" : "by copies");
  door->mount->on_lost([this, raw = door.get()] {
    raw->lost = true;
    on_lost_();
  });
  doors_.push_back(std::move(door));
  return std::nullopt;
}

std::optional<StartError> Server::open_cuse(const Options& options) {
  frontends::CuseDoor::Options door;
  door.mode = options.mode;
  door.uid = options.owner;
  door.gid = options.group;
  door.workers = options.workers;
  door.area_socket = options.cuse_socket;
  const auto mounted =
      doors_.empty() ? std::vector<frontends::FuseMount::NamedDevice>{} : doors_.front()->mount->devices();
  for (const auto& name : options.cuse_devices) {
    const auto same =
        std::find_if(mounted.begin(), mounted.end(), [&](const auto& device) { return device.name == name; });
    door.devices.push_back({name, same != mounted.end() ? same->device : driver_->create_device(name)});
  }
  frontends::CuseDoor::Failure failure;
  cuse_ = frontends::CuseDoor::open(*driver_, std::move(door), failure);
  if (cuse_ == nullptr) return explain_cuse_error(failure);
  cuse_names_ = options.cuse_devices;
  for (const auto& name : cuse_names_) log().info("serving /dev/{}", name);
  cuse_->on_lost([this] {
    cuse_lost_ = true;
    on_lost_();
  });
  return std::nullopt;
}

void Server::stop() {
  // Before anything else: a program that opens the old name now should find nothing, not a dead file.
  links_.reset();
  if (driver_) driver_->shut_down();
  for (auto& door : doors_) {
    door->mount->unmount();
    log().info("unmounted {}", door->mount_point);
  }
  if (cuse_) {
    cuse_->close();
    for (const auto& name : cuse_names_) log().info("removed /dev/{}", name);
  }
  doors_.clear();
  cuse_.reset();
  driver_.reset();
  services_ = {};
}

std::size_t Server::collect_lost() {
  std::erase_if(doors_, [](const std::unique_ptr<Door>& door) {
    if (!door->lost) return false;
    log().warn("{} was unmounted by somebody else", door->mount_point);
    return true;
  });
  if (cuse_ && cuse_lost_) {
    log().warn("a character device was aborted by somebody else: closing all of them");
    cuse_.reset();
  }
  return doors_.size() + (cuse_ ? 1 : 0);
}

void Server::trim() {
  const auto transactions = driver_->counters().transactions;
  if (std::exchange(transactions_at_trim_, transactions) != transactions) trims_due_ = kTrimsAfterTraffic;
  if (trims_due_ == 0) return;
  --trims_due_;
  driver_->trim();
}

void Server::log_counters() {
  const auto c = driver_->counters();
  log().info("counters: transactions={} payload_copies={} payload_bytes={} client_accesses={}",
             c.transactions, c.payload_copies, c.payload_bytes, c.client_accesses);
  log().info(
      "objects: processes={} threads={} nodes={} references={} transactions_alive={} buffers={} deaths={} "
      "freezes={} parked_reads={} files={}",
      c.processes, c.threads, c.nodes, c.references, c.transactions_alive, c.buffers, c.deaths, c.freezes,
      c.parked_reads, c.files);
  for (const auto& door : doors_) {
    const auto f = door->mount->counters();
    log().info("mount {}: requests={} ioctls={} syscalls={} workers={} stuck_workers={} open_files={}",
               door->mount_point, f.requests, f.ioctls, f.syscalls, f.workers, f.stuck_workers, f.open_files);
  }
  if (cuse_) {
    const auto f = cuse_->counters();
    log().info("cuse: requests={} ioctls={} syscalls={} workers={} stuck_workers={} open_files={}",
               f.requests, f.ioctls, f.syscalls, f.workers, f.stuck_workers, f.open_files);
  }
}

std::string Server::status() const {
  std::string text = "Serving";
  for (const auto& door : doors_) text += " " + door->mount_point;
  for (const auto& name : cuse_names_) text += " /dev/" + name;
  return text;
}

}  // namespace cuse_binder::daemon
