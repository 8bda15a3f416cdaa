#include "cuse_binder/frontends/cuse_door.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "cuse_binder/base/log.h"
#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/frontends/area_server.h"
#include "cuse_binder/frontends/crew.h"
#include "cuse_binder/frontends/cuse_device.h"
#include "cuse_binder/frontends/lost_signal.h"
#include "cuse_binder/protocol/driver.h"

namespace cuse_binder::frontends {
namespace {

constexpr const char* kCuse = "/dev/cuse";

class Door final : public CuseDoor {
 public:
  Door(protocol::Driver& driver, AreaServer::Options areas) : crew_(driver), areas_(std::move(areas)) {}
  ~Door() override { close(); }

  bool begin(const Options& options, Failure& failure);

  void close() override;
  FuseCounters counters() const override;
  void on_lost(std::function<void()> callback) override { lost_.listen(std::move(callback)); }

 private:
  // A device and its node, which goes first: whoever opens the name then finds nothing, not a dying device.
  struct Member {
    std::unique_ptr<CuseDevice> device;
    std::unique_ptr<CuseNode> node;
  };
  int prepare(const NamedDevice& wanted, const Options& options, unsigned readers);

  // Destroyed from the last to the first; the crew is joined by close() before any of them goes.
  Crew crew_;
  AreaServer areas_;
  std::vector<Member> members_;
  LostSignal lost_;
  bool closed_ = false;
};

bool Door::begin(const Options& options, Failure& failure) {
  if (const int error = areas_.start()) {
    failure = {Failure::What::socket, options.area_socket, error};
    return false;
  }
  const unsigned all =
      options.workers > 0 ? options.workers : std::clamp(std::thread::hardware_concurrency(), 2u, 16u);
  const auto devices = static_cast<unsigned>(std::max<std::size_t>(options.devices.size(), 1));
  const unsigned readers = std::max(2u, all / devices);
  for (const NamedDevice& wanted : options.devices) {
    if (const int error = prepare(wanted, options, readers)) {
      failure = {Failure::What::device, wanted.name, error};
      return false;
    }
  }
  // The list is complete: from here on the watchdog reads it.
  crew_.start({[this](Worker& worker) {
                 for (const Member& member : members_)
                   if (member.device->serves()) member.device->transport().retire(worker);
               },
               [this](Worker& worker) {
                 for (const Member& member : members_)
                   if (member.device->serves()) member.device->transport().replace(worker);
               }});
  for (const Member& member : members_) {
    base::UniqueFd cuse(::open(kCuse, O_RDWR | O_CLOEXEC));
    if (!cuse) {
      failure = {Failure::What::cuse, kCuse, errno};
      return false;
    }
    int error = member.device->start(std::move(cuse));
    if (error == 0) error = member.node->publish();
    if (error == 0) continue;
    failure = {Failure::What::device, member.device->name(), error};
    return false;
  }
  return true;
}

int Door::prepare(const NamedDevice& wanted, const Options& options, unsigned readers) {
  CuseNode::Options node_options;
  node_options.mode = options.mode;
  node_options.uid = options.uid;
  node_options.gid = options.gid;
  auto node = std::make_unique<CuseNode>(wanted.name, std::move(node_options));
  if (const int error = node->claim()) return error;
  auto device = std::make_unique<CuseDevice>(
      CuseDevice::Parts{wanted.name, wanted.device, crew_, areas_, readers, [this] { lost_.lost(); }});
  members_.push_back({std::move(device), std::move(node)});
  return 0;
}

void Door::close() {
  if (std::exchange(closed_, true)) return;
  lost_.silence();
  for (Member& member : members_) member.node.reset();
  for (Member& member : members_) member.device->close_files();
  for (Member& member : members_) member.device->stop();
  crew_.join();
  areas_.stop();
  for (Member& member : members_) member.device->remove();
}

FuseCounters Door::counters() const {
  FuseCounters counters;
  crew_.workers().for_each([&](const Worker& worker) {
    counters.requests += worker.requests;
    counters.syscalls += worker.syscalls;
    if (!worker.finished) ++counters.workers;
  });
  for (const Member& member : members_) {
    if (member.device->serves()) counters.syscalls += member.device->transport().other_syscalls();
    counters.ioctls += member.device->ioctls();
    counters.open_files += member.device->open_files();
  }
  counters.stuck_workers = crew_.watchdog().stuck_workers();
  return counters;
}

}  // namespace

std::unique_ptr<CuseDoor> CuseDoor::open(protocol::Driver& driver, Options options, Failure& failure) {
  AreaServer::Options areas;
  areas.path = options.area_socket;
  auto door = std::make_unique<Door>(driver, std::move(areas));
  try {
    if (!door->begin(options, failure)) return nullptr;
  } catch (const std::exception& error) {
    base::log(base::Layer::frontend).error("CUSE: {}", error.what());
    failure = {Failure::What::cuse, kCuse, ENOMEM};
    return nullptr;
  }
  return door;
}

}  // namespace cuse_binder::frontends
