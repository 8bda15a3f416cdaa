#define LOG_TAG "ProcessState"
#include <binder/Binder.h>
#include <binder/BpBinder.h>
#include <binder/IPCThreadState.h>
#include <binder/ProcessState.h>
#include <binder/Stability.h>
#include <binder/WireDialect.h>
#include <log/log.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <thread>

#include "cuse_binder/uapi/binder.h"
#include "device/driver_device.h"
#include "ipc/thread_slot.h"
#include "manager/dialect_choice.h"

namespace android {
namespace {

constexpr size_t kDefaultMaxThreads = 15;
constexpr const char* kDefaultDriver = "/dev/binder";

size_t receiveAreaSize() {
  return size_t{1} * 1024 * 1024 - static_cast<size_t>(sysconf(_SC_PAGE_SIZE)) * 2;
}

// What self() gives. Never destroyed: threads of the pool outlive main().
struct Global {
  std::mutex lock;
  sp<ProcessState> process;
  // A child of fork() has the descriptor but is another process to the driver.
  std::atomic<bool> forked{false};
};

Global& global() {
  static Global* const it = new Global;
  return *it;
}

void watchForks() {
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(nullptr, nullptr, [] { global().forked = true; }); });
}

const char* defaultDriver() {
  const char* const chosen = getenv("CUSE_BINDER_DEVICE");
  return chosen != nullptr && *chosen != '\0' ? chosen : kDefaultDriver;
}

// An open device that speaks our version of the protocol; null, with the reason in `error`.
std::unique_ptr<internal::DriverDevice> openDevice(const std::string& driver, std::string& error) {
  std::unique_ptr<internal::DriverDevice> device = internal::DriverDevice::open(driver);
  if (device == nullptr) {
    error = std::string(strerror(errno)) + " (is binderd running?)";
    return nullptr;
  }
  binder_version version{};
  if (const status_t status = device->ioctl(BINDER_VERSION, &version); status != 0) {
    error = std::string("BINDER_VERSION: ") + strerror(-status);
    return nullptr;
  }
  if (version.protocol_version != BINDER_CURRENT_PROTOCOL_VERSION) {
    error = "the driver speaks protocol version " + std::to_string(version.protocol_version) + ", not " +
            std::to_string(BINDER_CURRENT_PROTOCOL_VERSION);
    return nullptr;
  }
  return device;
}

}  // namespace

ProcessState::ProcessState(std::string driver, std::unique_ptr<internal::DriverDevice> device)
    : driver_(std::move(driver)), device_(std::move(device)), max_threads_(kDefaultMaxThreads) {
  uint32_t max_threads = kDefaultMaxThreads;
  if (const status_t status = device_->ioctl(BINDER_SET_MAX_THREADS, &max_threads); status != 0) {
    ALOGE("BINDER_SET_MAX_THREADS on %s failed: %s", driver_.c_str(), strerror(-status));
  }
  uint32_t detection = 1;
  if (const status_t status = device_->ioctl(BINDER_ENABLE_ONEWAY_SPAM_DETECTION, &detection); status != 0) {
    ALOGI("%s has no detection of oneway spam: %s", driver_.c_str(), strerror(-status));
  }
  const status_t status = device_->map(receiveAreaSize());
  LOG_ALWAYS_FATAL_IF(status != 0, "Binder driver '%s' could not be mapped: %s", driver_.c_str(),
                      strerror(-status));
}

ProcessState::~ProcessState() = default;

sp<ProcessState> ProcessState::init(const char* driver, bool require_this) {
  Global& shared = global();
  const std::lock_guard lock(shared.lock);
  LOG_ALWAYS_FATAL_IF(shared.forked, "libbinder ProcessState can not be used after fork");
  if (shared.process == nullptr) {
    const std::string path = driver != nullptr ? driver : defaultDriver();
    std::string error;
    std::unique_ptr<internal::DriverDevice> device = openDevice(path, error);
    LOG_ALWAYS_FATAL_IF(device == nullptr, "Binder driver '%s' could not be opened. Error: %s. Terminating.",
                        path.c_str(), error.c_str());
    // Before the first parcel is written: what the programs of this device speak.
    if (const manager::Dialect* dialect = manager::configured_dialect(path); dialect != nullptr)
      internal::setWireDialect(dialect->wire);
    watchForks();
    shared.process = new ProcessState(path, std::move(device));
  }
  LOG_ALWAYS_FATAL_IF(require_this && shared.process->driver_ != driver,
                      "ProcessState was already initialized with %s, can't initialize with %s.",
                      shared.process->driver_.c_str(), driver);
  return shared.process;
}

sp<ProcessState> ProcessState::self() {
  if (ProcessState* const own = internal::threadSlot().process; own != nullptr) return sp<ProcessState>(own);
  return init(nullptr, false);
}

sp<ProcessState> ProcessState::selfOrNull() {
  if (ProcessState* const own = internal::threadSlot().process; own != nullptr) return sp<ProcessState>(own);
  const std::lock_guard lock(global().lock);
  return global().process;
}

sp<ProcessState> ProcessState::initWithDriver(const char* driver) {
  return init(driver, true);
}

void ProcessState::verifyNotForked() const {
  LOG_ALWAYS_FATAL_IF(global().forked.load(std::memory_order_relaxed),
                      "libbinder ProcessState can not be used after fork");
}

status_t ProcessState::driverCall(unsigned long request, void* argument) const {
  return device_->ioctl(request, argument);
}

// --- the context manager

sp<IBinder> ProcessState::getContextObject(const sp<IBinder>&) {
  sp<IBinder> context = getStrongProxyForHandle(0);
  // Nobody sends it to us with a level, so it has ours.
  if (context != nullptr) internal::Stability::tryMarkCompilationUnit(context.get());
  return context;
}

bool ProcessState::becomeContextManager() {
  flat_binder_object object{};
  if (offersSecurityContexts()) object.flags = FLAT_BINDER_FLAG_TXN_SECURITY_CTX;
  status_t status = driverCall(BINDER_SET_CONTEXT_MGR_EXT, &object);
  if (status == -EINVAL || status == -ENOTTY) {
    // A driver older than that ioctl.
    int32_t unused = 0;
    status = driverCall(BINDER_SET_CONTEXT_MGR, &unused);
  }
  if (status != 0) {
    ALOGE("Could not become the context manager of %s: %s", driver_.c_str(), strerror(-status));
    return false;
  }
  const std::lock_guard lock(lock_);
  is_context_manager_ = true;
  return true;
}

// --- proxies

ProcessState::HandleEntry* ProcessState::lookupHandleLocked(int32_t handle) {
  if (handle < 0) return nullptr;
  const auto index = static_cast<size_t>(handle);
  if (index >= handles_.size()) handles_.resize(index + 1);
  return &handles_[index];
}

sp<IBinder> ProcessState::getStrongProxyForHandle(int32_t handle) {
  std::unique_lock lock(lock_);
  // To the context manager itself handle 0 means nothing to the driver, but others may send it.
  if (handle == 0 && is_context_manager_) return context_manager_;
  HandleEntry* entry = lookupHandleLocked(handle);
  if (entry == nullptr) return nullptr;

  // The attempt for a weak reference fails if the proxy is being destroyed in another thread, which will wait
  // for the lock in expungeHandle() and then find another one in its place.
  if (entry->binder != nullptr && entry->refs->attemptIncWeak(this)) {
    sp<IBinder> proxy;
    proxy.force_set(entry->binder);
    entry->refs->decWeak(this);
    return proxy;
  }

  if (handle == 0) {
    // Handle 0 is everybody's without having been given, so it has to be seen whether there is anybody behind
    // it. Not under the lock: calls for this process may come in while it waits.
    lock.unlock();
    IPCThreadState* const thread = IPCThreadState::self();
    const CallRestriction restriction = thread->getCallRestriction();
    thread->setCallRestriction(CallRestriction::NONE);
    Parcel nothing;
    const status_t status = thread->transact(0, IBinder::PING_TRANSACTION, nothing, nullptr, 0);
    thread->setCallRestriction(restriction);
    if (status == DEAD_OBJECT) return nullptr;
    lock.lock();
    entry = lookupHandleLocked(handle);
    if (entry->binder != nullptr && entry->refs->attemptIncWeak(this)) {  // another thread was faster
      sp<IBinder> proxy;
      proxy.force_set(entry->binder);
      entry->refs->decWeak(this);
      return proxy;
    }
  }

  sp<BpBinder> proxy = BpBinder::create(handle);
  entry->binder = proxy.get();
  if (proxy != nullptr) entry->refs = proxy->getWeakRefs();
  return proxy;
}

void ProcessState::expungeHandle(int32_t handle, IBinder* binder) {
  const std::lock_guard lock(lock_);
  HandleEntry* const entry = lookupHandleLocked(handle);
  if (entry != nullptr && entry->binder == binder) entry->binder = nullptr;
}

// --- threads

void ProcessState::startThreadPool() {
  {
    const std::lock_guard lock(lock_);
    if (thread_pool_started_) return;
    thread_pool_started_ = true;
  }
  {
    const std::lock_guard lock(thread_count_lock_);
    if (max_threads_ == 0)
      ALOGW("The thread pool has started, with a maximum of 0 threads: only the first one serves.");
  }
  spawnPooledThread(true);
}

bool ProcessState::isThreadPoolStarted() const {
  const std::lock_guard lock(lock_);
  return thread_pool_started_;
}

std::string ProcessState::threadPoolName() {
  char name[16];
  const size_t dot = driver_.rfind('/');
  const std::string device = dot == std::string::npos ? driver_ : driver_.substr(dot + 1);
  snprintf(name, sizeof name, "%.6s:%d_%X", device.c_str(), getpid(),
           static_cast<unsigned>(thread_pool_sequence_.fetch_add(1)));
  return name;
}

void ProcessState::spawnPooledThread(bool isMain) {
  if (!isThreadPoolStarted()) return;
  {
    const std::lock_guard lock(thread_count_lock_);
    ++pool_threads_;
  }
  try {
    std::thread([self = sp<ProcessState>(this), name = threadPoolName(), isMain] {
      pthread_setname_np(pthread_self(), name.c_str());
      // The pool's threads belong to the process that started them.
      internal::threadSlot().process = self.get();
      IPCThreadState::self()->joinThreadPool(isMain);
    }).detach();
  } catch (const std::system_error& error) {
    // The driver will not ask again: the pool stays as large as it is.
    ALOGE("Could not start a thread of the pool: %s", error.what());
  }
}

void ProcessState::giveThreadPoolName() {
  pthread_setname_np(pthread_self(), threadPoolName().c_str());
}

status_t ProcessState::setThreadPoolMaxThreadCount(size_t maxThreads) {
  {
    const std::lock_guard lock(thread_count_lock_);
    LOG_ALWAYS_FATAL_IF(isThreadPoolStarted() && maxThreads < max_threads_,
                        "Binder threadpool cannot be shrunk after starting");
  }
  auto count = static_cast<uint32_t>(maxThreads);
  const status_t status = driverCall(BINDER_SET_MAX_THREADS, &count);
  if (status != 0) {
    ALOGE("BINDER_SET_MAX_THREADS failed: %s", strerror(-status));
    return status;
  }
  const std::lock_guard lock(thread_count_lock_);
  max_threads_ = maxThreads;
  return OK;
}

size_t ProcessState::getThreadPoolMaxTotalThreadCount() const {
  const bool started = isThreadPoolStarted();
  const std::lock_guard lock(thread_count_lock_);
  if (!started) return current_threads_;
  // The first one is not started at the driver's request, and does not count there; others have joined by
  // themselves.
  const size_t joined = current_threads_ > pool_threads_ ? current_threads_ - pool_threads_ : 0;
  return max_threads_ + 1 + joined;
}

void ProcessState::threadBegins() {
  const std::lock_guard lock(thread_count_lock_);
  ++current_threads_;
}

void ProcessState::threadEnds() {
  const std::lock_guard lock(thread_count_lock_);
  --current_threads_;
}

void ProcessState::checkExpectingThreadPoolStart() const {
  const bool started = isThreadPoolStarted();
  const std::lock_guard lock(thread_count_lock_);
  if (started || current_threads_ > 0) return;
  ALOGW(
      "Nobody serves binder in this process yet (startThreadPool(), joinThreadPool() or setupPolling()): "
      "obituaries "
      "will only arrive during calls.");
}

// --- the driver's other services

status_t ProcessState::enableOnewaySpamDetection(bool enable) {
  uint32_t value = enable ? 1 : 0;
  const status_t status = driverCall(BINDER_ENABLE_ONEWAY_SPAM_DETECTION, &value);
  if (status != 0) ALOGI("BINDER_ENABLE_ONEWAY_SPAM_DETECTION failed: %s", strerror(-status));
  return status;
}

String8 ProcessState::getDriverName() {
  return String8(driver_.c_str());
}

ssize_t ProcessState::getKernelReferences(size_t count, uintptr_t* buf) {
  binder_node_debug_info info{};
  size_t used = 0;
  do {
    if (const status_t status = driverCall(BINDER_GET_NODE_DEBUG_INFO, &info); status < 0) return -1;
    if (info.ptr == 0) break;
    if (buf != nullptr && used < count) buf[used] = static_cast<uintptr_t>(info.ptr);
    if (++used < count && buf != nullptr) buf[used] = static_cast<uintptr_t>(info.cookie);
    ++used;
  } while (true);
  return static_cast<ssize_t>(used);
}

ssize_t ProcessState::getStrongRefCountForNode(const sp<BpBinder>& binder) {
  binder_node_info_for_ref info{};
  info.handle = static_cast<uint32_t>(binder->getPrivateAccessor().binderHandle());
  if (const status_t status = driverCall(BINDER_GET_NODE_INFO_FOR_REF, &info); status != 0) {
    ALOGE("BINDER_GET_NODE_INFO_FOR_REF failed: %s", strerror(-status));
    return -1;
  }
  return info.strong_count;
}

void ProcessState::setCallRestriction(CallRestriction restriction) {
  LOG_ALWAYS_FATAL_IF(IPCThreadState::selfOrNull() != nullptr,
                      "Call restrictions must be set before the threadpool is started.");
  call_restriction_ = restriction;
}

bool ProcessState::offersSecurityContexts() const {
  return device_->hasSecurityContexts();
}

bool ProcessState::isDriverFeatureEnabled(const DriverFeature feature) {
  const sp<ProcessState> process = self();
  switch (feature) {
    case DriverFeature::ONEWAY_SPAM_DETECTION:
      return process->device_->hasFeature("oneway_spam_detection");
    case DriverFeature::EXTENDED_ERROR:
      return process->device_->hasFeature("extended_error");
    case DriverFeature::FREEZE_NOTIFICATION:
      return process->device_->hasFeature("freeze_notification");
  }
  return false;
}

}  // namespace android
