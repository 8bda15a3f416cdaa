#include "cuse_binder/frontends/open_files.h"

#include "cuse_binder/base/log.h"

namespace cuse_binder::frontends {

void OpenFiles::add(std::shared_ptr<OpenFile> file) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t handle = file->handle();
  files_.emplace(handle, std::move(file));
}

bool OpenFiles::add_device(std::shared_ptr<DeviceFile> file) {
  const std::lock_guard lock(mutex_);
  if (closing_) return false;
  const std::uint64_t handle = file->handle();
  sessions_.emplace(handle, file->session());
  files_.emplace(handle, std::move(file));
  return true;
}

std::shared_ptr<OpenFile> OpenFiles::take(std::uint64_t handle) {
  std::shared_ptr<protocol::Session> session;  // outlives the lock
  const std::lock_guard lock(mutex_);
  const auto known = files_.find(handle);
  if (known == files_.end()) return nullptr;
  std::shared_ptr<OpenFile> file = std::move(known->second);
  files_.erase(known);
  if (const auto device = sessions_.find(handle); device != sessions_.end()) {
    session = std::move(device->second);
    sessions_.erase(device);
  }
  return file;
}

std::size_t OpenFiles::devices() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

void OpenFiles::close(Watchdog* watchdog) {
  std::vector<std::shared_ptr<OpenFile>> closed;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (auto& [handle, file] : files_) closed.push_back(file);
  }
  if (watchdog != nullptr) watchdog->drop_postponed();
  for (auto& file : closed) file->release();
}

void OpenFiles::clear() {
  std::unordered_map<std::uint64_t, std::shared_ptr<OpenFile>> files;
  const std::lock_guard lock(mutex_);
  sessions_.clear();
  files.swap(files_);
}

void OpenFiles::interrupt(std::uint64_t handle, pid_t tid, std::uint64_t id, Watchdog& watchdog) {
  std::shared_ptr<protocol::Session> session;
  {
    const std::lock_guard lock(mutex_);
    const auto known = sessions_.find(handle);
    if (known == sessions_.end()) return;  // answered and released in the meantime
    session = known->second;
  }
  try {
    if (session->interrupt(tid, id)) return;
    if (watchdog.interrupt(id)) return;
    session->interrupt(tid, id);  // it was on its way from one to the other
  } catch (const std::exception& error) {
    CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::err, "interrupt of thread {}: {}", tid,
                   error.what());
  }
}

}  // namespace cuse_binder::frontends
