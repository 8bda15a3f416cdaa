#include "cuse_binder/frontends/fuse_mount.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "cuse_binder/base/log.h"
#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/client/receive_area.h"
#include "cuse_binder/frontends/crew.h"
#include "cuse_binder/frontends/file_system.h"
#include "cuse_binder/frontends/fuse_channel.h"
#include "cuse_binder/frontends/lost_signal.h"
#include "cuse_binder/frontends/mount_point.h"
#include "cuse_binder/frontends/nudger.h"
#include "cuse_binder/frontends/page_feeder.h"
#include "cuse_binder/frontends/thread_watch.h"
#include "cuse_binder/protocol/driver.h"

namespace cuse_binder::frontends {
namespace {

// Each client thread costs a descriptor, each open file two.
void raise_descriptor_limit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

MountTree::Options tree_options(const FuseMount::Options& options) {
  MountTree::Options tree;
  tree.max_devices = options.max_devices;
  tree.stats = options.stats;
  tree.device_mode = options.mode;
  tree.uid = options.uid;
  tree.gid = options.gid;
  return tree;
}

class Mount final : public FuseMount {
 public:
  Mount(protocol::Driver& driver, const Options& options)
      : files_(driver, tree_options(options)), crew_(driver), threads_(crew_.workers()) {}
  ~Mount() override { unmount(); }

  int begin(const Options& options);

  void unmount() override;
  std::string_view transport() const override { return channel_->transport().name(); }
  bool passthrough() const override { return channel_->passthrough(); }
  FuseCounters counters() const override;
  void on_lost(std::function<void()> callback) override { lost_.listen(std::move(callback)); }
  std::vector<NamedDevice> devices() const override;

 private:
  int add_devices(const std::vector<std::string>& names);
  void retire(Worker& worker);
  void replace(Worker& worker);

  // Destroyed from the last to the first; the crew is joined by unmount() before any of them goes.
  mutable FileSystem files_;
  Crew crew_;
  ThreadWatch threads_;
  PageFeeder feeder_;
  std::unique_ptr<Nudger> nudger_;
  std::unique_ptr<FuseChannel> channel_;
  std::unique_ptr<MountPoint> point_;
  bool unmounted_ = false;
  LostSignal lost_;
};

int Mount::add_devices(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const int error = name.size() > 255 ? ENAMETOOLONG : files_.tree().add_device(name).error;
    if (error == 0) continue;
    base::log(base::Layer::frontend).error("device '{}': {}", name, std::strerror(error));
    return error;
  }
  return 0;
}

int Mount::begin(const Options& options) {
  raise_descriptor_limit();
  if (options.max_devices > MinorNumbers::kCount) {
    base::log(base::Layer::frontend).error("at most {} devices are possible", MinorNumbers::kCount);
    return EINVAL;
  }
  if (const int error = add_devices(options.devices)) return error;

  base::UniqueFd fuse_fd(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!fuse_fd) {
    const int error = errno;
    base::log(base::Layer::frontend).error("/dev/fuse: {}", std::strerror(error));
    return error;
  }
  auto point = MountPoint::attach(options.mount_point, fuse_fd.get());
  if (!point) return point.error();
  point_ = std::make_unique<MountPoint>(std::move(point.value()));
  nudger_ = std::make_unique<Nudger>(point_->path());

  FuseChannel::Options channel_options;
  channel_options.transport = options.transport;
  channel_options.readers = options.workers;
  channel_options.nudge = [this](unsigned cpu) { nudger_->nudge(cpu); };
  channel_options.passthrough = options.passthrough;
  channel_options.negotiated = [this] {
    if (channel_->passthrough()) return;
    // Pages beyond the end of the file could not be touched.
    files_.tree().set_device_size(static_cast<off_t>(client::ReceiveArea::kMaxSize));
    feeder_.start(channel_->session());
  };
  channel_options.lost = [this] { lost_.lost(); };
  channel_options.no_longer_stuck = [this](Worker& worker) { crew_.no_longer_stuck(worker); };
  auto channel = FuseChannel::create(std::move(fuse_fd), FileSystem::operations(), &files_, crew_.workers(),
                                     std::move(channel_options));
  if (!channel) return channel.error();
  channel_ = std::move(channel.value());
  files_.attach(*channel_, crew_.watchdog(), threads_, feeder_);
  files_.set_device_number(point_->device_major(), point_->device_minor());
  if (const int error = threads_.start()) return error;
  crew_.start({[this](Worker& worker) { retire(worker); }, [this](Worker& worker) { replace(worker); }});
  if (const int error = channel_->start()) {
    base::log(base::Layer::frontend).error("{}: {}", point_->path(), std::strerror(error));
    return error;
  }
  base::log(base::Layer::frontend)
      .info("serving {} ({}, {})", point_->path(), channel_->transport().name(),
            channel_->passthrough() ? "passthrough" : "no passthrough");
  return 0;
}

void Mount::unmount() {
  if (unmounted_) return;
  unmounted_ = true;
  lost_.silence();
  if (channel_) channel_->hurry();
  files_.close_devices();
  feeder_.stop();
  if (point_ && !point_->detach())
    base::log(base::Layer::frontend).info("{} is unmounted already", point_->path());
  if (channel_) channel_->stop();
  threads_.stop();
  if (nudger_) nudger_->stop();
  crew_.join();  // until then somebody may want to nudge
  nudger_.reset();
  files_.drop_files();
}

void Mount::retire(Worker& worker) {
  channel_->transport().retire(worker);
  threads_.retire(worker);
}

void Mount::replace(Worker& worker) {
  channel_->transport().replace(worker);
  threads_.replace(worker);
}

FuseCounters Mount::counters() const {
  FuseCounters counters;
  crew_.workers().for_each([&](const Worker& worker) {
    counters.requests += worker.requests;
    counters.syscalls += worker.syscalls;
    if (!worker.finished) ++counters.workers;
  });
  counters.syscalls += channel_->transport().other_syscalls();
  counters.ioctls = files_.ioctls();
  counters.stuck_workers = crew_.watchdog().stuck_workers();
  counters.open_files = files_.open_devices();
  return counters;
}

std::vector<FuseMount::NamedDevice> Mount::devices() const {
  std::vector<NamedDevice> all;
  for (auto& [name, entry] : files_.tree().devices()) all.push_back({name, entry->device});
  return all;
}

}  // namespace

base::Result<std::unique_ptr<FuseMount>> FuseMount::mount(protocol::Driver& driver, Options options) {
  auto mount = std::make_unique<Mount>(driver, options);
  int error = ENOMEM;
  try {
    error = mount->begin(options);
  } catch (const std::exception& failure) {
    base::log(base::Layer::frontend).error("{}: {}", options.mount_point, failure.what());
  }
  if (error != 0) return base::Errno{error};
  return std::unique_ptr<FuseMount>(std::move(mount));
}

}  // namespace cuse_binder::frontends
