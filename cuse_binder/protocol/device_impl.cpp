#include "cuse_binder/protocol/device_impl.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include "cuse_binder/base/log.h"
#include "cuse_binder/protocol/driver_impl.h"
#include "cuse_binder/protocol/session_impl.h"

namespace cuse_binder::protocol {

namespace {
constexpr std::chrono::milliseconds kParkPeriod{20};
}

DeviceImpl::DeviceImpl(DriverImpl& driver, std::string name, core::Ids& ids)
    : driver_(driver), name_(std::move(name)), context_(name_, ids) {}

DeviceImpl::~DeviceImpl() = default;

base::Result<std::shared_ptr<Session>> DeviceImpl::open(OpenInfo info) {
  auto identity = driver_.services().identity.process_of(info.tid);
  if (!identity.ok()) {
    CB_LOG_LIMITED(base::Layer::protocol, spdlog::level::warn,
                   "{}: open refused: the process of thread {} cannot be identified (another pid namespace?)", name_, info.tid);
    return base::Errno{identity.error()};
  }
  auto area = client::ReceiveArea::create();
  if (!area.ok()) return base::Errno{area.error()};
  auto session = std::make_shared<SessionImpl>(shared_from_this(), std::move(info), std::move(identity.value()),
                                               std::move(area.value()));
  session->attach(driver_.add_open(session->pid()));
  return std::shared_ptr<Session>(std::move(session));
}

void DeviceImpl::look_at_parks_later() {
  driver_.timer().after(kParkPeriod, [weak = weak_from_this()] {
    if (const auto device = weak.lock()) device->look_at_parks();
  });
}

void DeviceImpl::look_at_parks() {
  struct Parked {
    std::shared_ptr<SessionImpl> session;
    pid_t tid;
    std::uint64_t request;
  };
  std::vector<Parked> parked;
  {
    const auto context = context_.lock();
    for (const auto& park : context->take_recent_parks()) {
      core::Process* process = context->find_process(park.process);
      core::Thread* thread = process != nullptr ? context->find_thread(*process, park.tid) : nullptr;
      if (thread == nullptr || !thread->waiter || !process->owner) continue;
      parked.push_back({static_cast<SessionImpl&>(*process->owner).shared_from_this(), park.tid,
                        static_cast<WriteRead&>(*thread->waiter).request().id});
    }
  }
  for (const Parked& read : parked) {
    const auto& is_interrupted = read.session->info().is_interrupted;
    if (is_interrupted && is_interrupted(read.tid)) {
      read.session->end_parked(read.tid, read.request, EINTR);
    } else if (read.session->is_nonblocking_now(read.tid)) {
      read.session->end_parked(read.tid, read.request, EAGAIN);
    }
  }
}

std::vector<pid_t> DeviceImpl::log_entries() const {
  std::vector<pid_t> pids;
  const auto context = context_.lock();
  context->for_each_process([&](core::Process& process) {
    if (process.owns_log_entry) pids.push_back(process.pid);
  });
  return pids;
}

}  // namespace cuse_binder::protocol
