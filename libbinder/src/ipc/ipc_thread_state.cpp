// The conversation of one thread. Commands to the driver are collected in `out_` and travel with the next
// ioctl; what it says in return is worked off from `in_`.
#define LOG_TAG "IPCThreadState"
#include <binder/Binder.h>
#include <binder/BpBinder.h>
#include <binder/IPCThreadState.h>
#include <log/log.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <utility>

#include "cuse_binder/uapi/binder.h"
#include "device/driver_device.h"
#include "ipc/command_buffer.h"
#include "ipc/driver_words.h"
#include "ipc/thread_slot.h"

namespace android {
namespace {

using internal::threadSlot;

// Of the caller, only these flags concern how the reply is sent.
constexpr uint32_t kForwardReplyFlags = TF_CLEAR_BUF;

std::atomic<bool> g_shutting_down{false};
std::atomic<bool> g_background_scheduling_disabled{false};

pthread_key_t threadKey(void (*destructor)(void*)) {
  static const pthread_key_t key = [destructor] {
    pthread_key_t made;
    LOG_ALWAYS_FATAL_IF(pthread_key_create(&made, destructor) != 0,
                        "no thread-specific data left for libbinder");
    return made;
  }();
  return key;
}

int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

// The driver is gone for good: its file was closed, or its daemon has ended.
bool is_end_of_driver(status_t status) {
  return status == -ECONNREFUSED || status == -EBADF || status == -ENOTCONN || status == -ECONNABORTED ||
         status == -ENODEV || status == -EIO;
}

}  // namespace

namespace internal {

ThreadSlot& threadSlot() {
  thread_local ThreadSlot slot;
  return slot;
}

ProcessScope::ProcessScope(sp<ProcessState> process) : process_(std::move(process)), outer_(threadSlot()) {
  threadSlot() = {nullptr, process_.get()};
}

ProcessScope::~ProcessScope() {
  if (threadSlot().state != nullptr) IPCThreadState::threadDestructor(threadSlot().state);
  threadSlot() = outer_;
}

sp<ProcessState> ProcessScope::create(std::string name, std::unique_ptr<DriverDevice> device) {
  return sp<ProcessState>(new ProcessState(std::move(name), std::move(device)));
}

}  // namespace internal

// --- life of the object

IPCThreadState* IPCThreadState::self() {
  IPCThreadState* const state = threadSlot().state;
  if (state != nullptr) [[likely]]
    return state;
  if (g_shutting_down) {
    ALOGW("IPCThreadState::self() is called after shutdown()");
    return nullptr;
  }
  threadSlot().state = new IPCThreadState(ProcessState::self());
  // So that it ends with the thread. Threads of the test's scopes end it with the scope.
  pthread_setspecific(threadKey(&threadDestructor), threadSlot().state);
  return threadSlot().state;
}

IPCThreadState* IPCThreadState::selfOrNull() {
  return threadSlot().state;
}

void IPCThreadState::shutdown() {
  g_shutting_down = true;
  if (IPCThreadState* const state = threadSlot().state; state != nullptr) threadDestructor(state);
}

IPCThreadState::IPCThreadState(sp<ProcessState> process)
    : process_(std::move(process)),
      in_(std::make_unique<internal::CommandBuffer>()),
      out_(std::make_unique<internal::CommandBuffer>()),
      call_restriction_(process_->call_restriction_) {
  clearCaller();
}

IPCThreadState::~IPCThreadState() = default;

void IPCThreadState::threadDestructor(void* pointer) {
  auto* const state = static_cast<IPCThreadState*>(pointer);
  // The destructors of what it releases may need it once more.
  threadSlot().state = state;
  state->flushCommands();
  // The driver ignores the argument, but a door may look at it.
  int32_t unused = 0;
  (void)state->process_->driverCall(BINDER_THREAD_EXIT, &unused);
  threadSlot().state = nullptr;
  pthread_setspecific(threadKey(&threadDestructor), nullptr);
  delete state;
}

// --- who calls

void IPCThreadState::clearCaller() {
  calling_pid_ = getpid();
  calling_sid_ = nullptr;
  calling_uid_ = getuid();
}

pid_t IPCThreadState::getCallingPid() const {
  checkContextIsBinderForUse(__func__);
  return calling_pid_;
}

const char* IPCThreadState::getCallingSid() const {
  checkContextIsBinderForUse(__func__);
  return calling_sid_;
}

uid_t IPCThreadState::getCallingUid() const {
  checkContextIsBinderForUse(__func__);
  return calling_uid_;
}

const IPCThreadState::SpGuard* IPCThreadState::pushGetCallingSpGuard(const SpGuard* guard) {
  return std::exchange(serving_guard_, guard);
}

void IPCThreadState::restoreGetCallingSpGuard(const SpGuard* guard) {
  serving_guard_ = guard;
}

void IPCThreadState::checkContextIsBinderForUse(const char* use) const {
  if (serving_guard_ == nullptr) [[likely]]
    return;
  // Stacks grow down: a call that came in after the guard was set has a lower address, and is fine.
  if (serving_stack_ != nullptr && serving_stack_ < serving_guard_->address) return;
  LOG_ALWAYS_FATAL("In context %s, %s does not make sense (binder sp: %p, guard: %p).",
                   serving_guard_->context, use, serving_stack_, serving_guard_->address);
}

// The token has the pid below and the uid above; the pid's second highest bit says whether the identity was
// explicit.
static constexpr uint32_t kExplicitIdentityBit = 1u << 30;

int64_t IPCThreadState::clearCallingIdentity() {
  uint32_t low = static_cast<uint32_t>(calling_pid_) & ~kExplicitIdentityBit;
  if (has_explicit_identity_) low |= kExplicitIdentityBit;
  const auto token = static_cast<int64_t>(static_cast<uint64_t>(calling_uid_) << 32 | low);
  // The sid is not in it: it belongs to the call, and whoever clears the identity has lost it.
  clearCaller();
  has_explicit_identity_ = true;
  return token;
}

void IPCThreadState::restoreCallingIdentity(int64_t token) {
  const auto low = static_cast<uint32_t>(token);
  calling_uid_ = static_cast<uid_t>(static_cast<uint64_t>(token) >> 32);
  calling_pid_ = static_cast<pid_t>(low & ~kExplicitIdentityBit);
  calling_sid_ = nullptr;
  has_explicit_identity_ = (low & kExplicitIdentityBit) != 0;
}

bool IPCThreadState::hasExplicitIdentity() {
  return has_explicit_identity_;
}

// --- policy that travels with calls

void IPCThreadState::setStrictModePolicy(int32_t policy) {
  strict_mode_policy_ = policy;
}

int32_t IPCThreadState::getStrictModePolicy() const {
  return strict_mode_policy_;
}

// The token has the uid below and whether it was propagated above.
int64_t IPCThreadState::setCallingWorkSourceUid(uid_t uid) {
  const int64_t token = setCallingWorkSourceUidWithoutPropagation(uid);
  propagate_work_source_ = true;
  return token;
}

int64_t IPCThreadState::setCallingWorkSourceUidWithoutPropagation(uid_t uid) {
  const auto token = static_cast<int64_t>(uint64_t{propagate_work_source_} << 32 | work_source_uid_);
  work_source_uid_ = uid;
  return token;
}

uid_t IPCThreadState::getCallingWorkSourceUid() const {
  return work_source_uid_;
}

int64_t IPCThreadState::clearCallingWorkSource() {
  return setCallingWorkSourceUid(kUnsetWorkSource);
}

void IPCThreadState::restoreCallingWorkSource(int64_t token) {
  work_source_uid_ = static_cast<uid_t>(static_cast<uint64_t>(token) & 0xffffffff);
  propagate_work_source_ = (static_cast<uint64_t>(token) >> 32 & 1) != 0;
}

void IPCThreadState::clearPropagateWorkSource() {
  propagate_work_source_ = false;
}

bool IPCThreadState::shouldPropagateWorkSource() const {
  return propagate_work_source_;
}

void IPCThreadState::setLastTransactionBinderFlags(int32_t flags) {
  last_transaction_flags_ = flags;
}

int32_t IPCThreadState::getLastTransactionBinderFlags() const {
  return last_transaction_flags_;
}

void IPCThreadState::setCallRestriction(CallRestriction restriction) {
  call_restriction_ = restriction;
}

IPCThreadState::CallRestriction IPCThreadState::getCallRestriction() const {
  return call_restriction_;
}

void IPCThreadState::disableBackgroundScheduling(bool disable) {
  g_background_scheduling_disabled = disable;
}

bool IPCThreadState::backgroundSchedulingDisabled() {
  return g_background_scheduling_disabled;
}

status_t IPCThreadState::clearLastError() {
  return std::exchange(last_error_, OK);
}

// --- references to what others own

void IPCThreadState::incStrongHandle(int32_t handle, BpBinder* proxy) {
  out_->put(static_cast<uint32_t>(BC_ACQUIRE));
  out_->put(handle);
  if (flushIfNeeded()) return;
  // The driver will only know later, so the proxy, whose end would say BC_RELEASE, must live until then.
  proxy->incStrong(process_.get());
  post_write_strong_derefs_.push_back(proxy);
}

void IPCThreadState::decStrongHandle(int32_t handle) {
  out_->put(static_cast<uint32_t>(BC_RELEASE));
  out_->put(handle);
  flushIfNeeded();
}

void IPCThreadState::incWeakHandle(int32_t handle, BpBinder* proxy) {
  out_->put(static_cast<uint32_t>(BC_INCREFS));
  out_->put(handle);
  if (flushIfNeeded()) return;
  RefBase::weakref_type* const refs = proxy->getWeakRefs();
  refs->incWeak(process_.get());
  post_write_weak_derefs_.push_back(refs);
}

void IPCThreadState::decWeakHandle(int32_t handle) {
  out_->put(static_cast<uint32_t>(BC_DECREFS));
  out_->put(handle);
  flushIfNeeded();
}

// BC_ATTEMPT_ACQUIRE is in the protocol, but no driver has ever done it.
status_t IPCThreadState::attemptIncStrongHandle(int32_t) {
  return INVALID_OPERATION;
}

void IPCThreadState::expungeHandle(int32_t handle, IBinder* binder) {
  IPCThreadState* const state = selfOrNull();
  (state != nullptr ? state->process_ : ProcessState::self())->expungeHandle(handle, binder);
}

status_t IPCThreadState::requestDeathNotification(int32_t handle, BpBinder* proxy) {
  out_->put(static_cast<uint32_t>(BC_REQUEST_DEATH_NOTIFICATION));
  out_->put(handle);
  out_->put(reinterpret_cast<binder_uintptr_t>(proxy));
  return OK;
}

status_t IPCThreadState::clearDeathNotification(int32_t handle, BpBinder* proxy) {
  out_->put(static_cast<uint32_t>(BC_CLEAR_DEATH_NOTIFICATION));
  out_->put(handle);
  out_->put(reinterpret_cast<binder_uintptr_t>(proxy));
  return OK;
}

status_t IPCThreadState::addFrozenStateChangeCallback(int32_t handle, BpBinder* proxy) {
  if (!ProcessState::isDriverFeatureEnabled(ProcessState::DriverFeature::FREEZE_NOTIFICATION)) {
    return INVALID_OPERATION;
  }
  out_->put(cuse_binder::uapi::kBcRequestFreezeNotification);
  out_->put(handle);
  out_->put(reinterpret_cast<binder_uintptr_t>(proxy));
  return OK;
}

status_t IPCThreadState::removeFrozenStateChangeCallback(int32_t handle, BpBinder* proxy) {
  out_->put(cuse_binder::uapi::kBcClearFreezeNotification);
  out_->put(handle);
  out_->put(reinterpret_cast<binder_uintptr_t>(proxy));
  return OK;
}

// --- talking

// One ioctl: says everything that is pending, and listens if there is nothing left to work off.
status_t IPCThreadState::talkWithDriver(bool doReceive) {
  binder_write_read bwr{};
  // While there is something left to read, nothing is said either when listening is wanted: the driver must
  // not be told of the end of what it is about to tell.
  const bool wants_more = in_->left() == 0;
  if (!doReceive || wants_more) bwr.write_size = out_->size();
  bwr.write_buffer = reinterpret_cast<binder_uintptr_t>(out_->data());
  if (doReceive && wants_more) {
    bwr.read_size = in_->capacity();
    bwr.read_buffer = reinterpret_cast<binder_uintptr_t>(in_->data());
  }
  if (bwr.write_size == 0 && bwr.read_size == 0) return OK;

  status_t status;
  do {
    // After a signal the driver continues where it was: the consumed counts are kept.
    status = process_->driverCall(BINDER_WRITE_READ, &bwr);
  } while (status == -EINTR);
  if (status != OK) return status;

  if (bwr.write_consumed > 0) {
    LOG_ALWAYS_FATAL_IF(bwr.write_consumed < out_->size(),
                        "Driver did not consume write buffer. err: %s consumed: %zu of %zu",
                        strerror(-status), static_cast<size_t>(bwr.write_consumed), out_->size());
    out_->clear();
    processPostWriteDerefs();
  }
  if (bwr.read_consumed > 0) in_->received(static_cast<size_t>(bwr.read_consumed));
  return OK;
}

template <typename T>
T IPCThreadState::takeFromDriver() {
  T value{};
  LOG_ALWAYS_FATAL_IF(!in_->take(value), "The driver's answer ends in the middle of a command");
  return value;
}

status_t IPCThreadState::writeTransactionData(uint32_t cmd, uint32_t flags, int32_t handle, uint32_t code,
                                              const Parcel& data, status_t* statusBuffer) {
  binder_transaction_data tr{};
  tr.target.handle = static_cast<uint32_t>(handle);
  tr.code = code;
  tr.flags = flags;
  const status_t error = data.errorCheck();
  if (error == OK) {
    tr.data_size = data.ipcDataSize();
    tr.data.ptr.buffer = data.ipcData();
    tr.offsets_size = data.ipcObjectsCount() * sizeof(binder_size_t);
    tr.data.ptr.offsets = data.ipcObjects();
  } else if (statusBuffer != nullptr) {
    // A reply that is an error: just the number.
    tr.flags |= TF_STATUS_CODE;
    *statusBuffer = error;
    tr.data_size = sizeof(status_t);
    tr.data.ptr.buffer = reinterpret_cast<binder_uintptr_t>(statusBuffer);
  } else {
    return last_error_ = error;
  }
  out_->put(cmd);
  out_->put(tr);
  return OK;
}

status_t IPCThreadState::transact(int32_t handle, uint32_t code, const Parcel& data, Parcel* reply,
                                  uint32_t flags) {
  process_->verifyNotForked();
  flags |= TF_ACCEPT_FDS;
  status_t status = writeTransactionData(BC_TRANSACTION, flags, handle, code, data, nullptr);
  if (status != OK) {
    if (reply != nullptr) reply->setError(status);
    return last_error_ = status;
  }
  if ((flags & TF_ONE_WAY) != 0) return waitForResponse(nullptr, nullptr);

  if (call_restriction_ != CallRestriction::NONE) [[unlikely]] {
    LOG_ALWAYS_FATAL_IF(call_restriction_ == CallRestriction::FATAL_IF_NOT_ONEWAY,
                        "Process may not make non-oneway calls (code: %u).", code);
    ALOGE("Process making non-oneway call (code: %u) but is restricted.", code);
  }
  if (reply != nullptr) return waitForResponse(reply);
  Parcel unwanted;
  return waitForResponse(&unwanted);
}

status_t IPCThreadState::sendReply(const Parcel& reply, uint32_t flags) {
  status_t status_buffer;
  const status_t status = writeTransactionData(BC_REPLY, flags, -1, 0, reply, &status_buffer);
  if (status < OK) return status;
  return waitForResponse(nullptr, nullptr);
}

// Works off commands until the call that was written last has its answer; of a oneway call and a reply, until
// the driver has taken it.
status_t IPCThreadState::waitForResponse(Parcel* reply, status_t* acquireResult) {
  status_t status = OK;
  for (bool done = false; !done;) {
    status = talkWithDriver();
    if (status != OK) break;
    if (in_->left() == 0) continue;
    const auto command = takeFromDriver<uint32_t>();
    switch (command) {
      case BR_ONEWAY_SPAM_SUSPECT:
        ALOGE("Process seems to be sending too many oneway calls.");
        [[fallthrough]];
      case BR_TRANSACTION_COMPLETE:
        done = reply == nullptr && acquireResult == nullptr;
        break;
      case cuse_binder::uapi::kBrTransactionPendingFrozen:
        ALOGW("Sending oneway calls to frozen process.");
        done = true;
        break;
      case BR_DEAD_REPLY:
        status = DEAD_OBJECT;
        done = true;
        break;
      case BR_FAILED_REPLY:
      case BR_FROZEN_REPLY:
        status = FAILED_TRANSACTION;
        done = true;
        break;
      case BR_ACQUIRE_RESULT: {
        const auto result = takeFromDriver<int32_t>();
        if (acquireResult == nullptr) break;
        *acquireResult = result != 0 ? OK : INVALID_OPERATION;
        return OK;
      }
      case BR_REPLY: {
        const auto tr = takeFromDriver<binder_transaction_data>();
        const auto* const data = reinterpret_cast<const uint8_t*>(tr.data.ptr.buffer);
        const auto* const objects = reinterpret_cast<const binder_size_t*>(tr.data.ptr.offsets);
        const size_t count = tr.offsets_size / sizeof(binder_size_t);
        if (reply == nullptr) {
          freeBuffer(data, tr.data_size, objects, count);
          break;
        }
        if ((tr.flags & TF_STATUS_CODE) == 0) {
          reply->ipcSetDataReference(data, tr.data_size, objects, count, freeBuffer);
        } else {
          std::memcpy(&status, data, sizeof status);
          freeBuffer(data, tr.data_size, objects, count);
        }
        done = true;
        break;
      }
      default:
        status = executeCommand(command);
        done = status != OK;
        break;
    }
  }
  if (status != OK) {
    if (acquireResult != nullptr) *acquireResult = status;
    if (reply != nullptr) reply->setError(status);
    last_error_ = status;
    logExtendedError();
  }
  return status;
}

void IPCThreadState::logExtendedError() {
  // Whether the driver knows the ioctl is found by trying: files in the file system may not be readable.
  binder_extended_error error{};
  IPCThreadState* const state = self();
  if (state->process_->driverCall(BINDER_GET_EXTENDED_ERROR, &error) != OK) return;
  if (error.command == BR_FAILED_REPLY) {
    ALOGE("binder: transaction %u failed: %s (%d)", error.id, strerror(-error.param), error.param);
  }
}

void IPCThreadState::flushCommands() {
  status_t status = talkWithDriver(false);
  // What was released with that may have said more.
  if (status == OK && out_->size() > 0) status = talkWithDriver(false);
  if (status != OK) {
    out_->clear();  // it would fail again
  } else if (out_->size() > 0) {
    ALOGW("%zu bytes of commands are left after flushCommands()", out_->size());
  }
}

bool IPCThreadState::flushIfNeeded() {
  // Threads that serve, or are just doing this, will talk to the driver soon anyway.
  if (is_looper_ || serving_stack_ != nullptr || is_flushing_) return false;
  is_flushing_ = true;
  flushCommands();
  is_flushing_ = false;
  return true;
}

void IPCThreadState::freeBuffer(const uint8_t* data, size_t, const binder_size_t*, size_t) {
  IPCThreadState* const state = self();
  state->out_->put(static_cast<uint32_t>(BC_FREE_BUFFER));
  state->out_->put(reinterpret_cast<binder_uintptr_t>(data));
  state->flushIfNeeded();
}

// --- serving

void IPCThreadState::processPendingDerefs() {
  // Only between commands: one of them might be about the same objects.
  if (in_->left() > 0) return;
  // Destructors may call, and such calls may bring more of these; hence one at a time, from the front.
  while (!pending_weak_derefs_.empty() || !pending_strong_derefs_.empty()) {
    while (!pending_weak_derefs_.empty()) {
      RefBase::weakref_type* const refs = pending_weak_derefs_.front();
      pending_weak_derefs_.erase(pending_weak_derefs_.begin());
      refs->decWeak(process_.get());
    }
    if (!pending_strong_derefs_.empty()) {
      BBinder* const object = pending_strong_derefs_.front();
      pending_strong_derefs_.erase(pending_strong_derefs_.begin());
      object->decStrong(process_.get());
    }
  }
}

// The last reference to a proxy writes commands and may flush them, which comes back here: what is being
// dropped must not be in the lists any more.
void IPCThreadState::processPostWriteDerefs() {
  if (!post_write_weak_derefs_.empty()) {
    const auto dropped = std::exchange(post_write_weak_derefs_, {});
    for (RefBase::weakref_type* const refs : dropped) refs->decWeak(process_.get());
  }
  if (!post_write_strong_derefs_.empty()) {
    const auto dropped = std::exchange(post_write_strong_derefs_, {});
    for (RefBase* const object : dropped) object->decStrong(process_.get());
  }
}

status_t IPCThreadState::getAndExecuteCommand() {
  status_t status = talkWithDriver();
  if (status < OK) return status;
  if (in_->left() < sizeof(uint32_t)) return status;
  const auto command = takeFromDriver<uint32_t>();

  {
    const std::lock_guard lock(process_->thread_count_lock_);
    ++process_->executing_threads_;
    if (process_->executing_threads_ >= process_->max_threads_ && process_->starvation_start_ms_ == 0) {
      process_->starvation_start_ms_ = now_ms();
    }
  }
  status = executeCommand(command);
  {
    const std::lock_guard lock(process_->thread_count_lock_);
    --process_->executing_threads_;
    if (process_->executing_threads_ < process_->max_threads_ && process_->starvation_start_ms_ != 0) {
      const int64_t starved_ms = now_ms() - process_->starvation_start_ms_;
      if (starved_ms > 100) {
        ALOGE("binder thread pool (%zu threads) starved for %" PRId64 " ms", process_->max_threads_,
              starved_ms);
      }
      process_->starvation_start_ms_ = 0;
    }
    if (process_->waiting_for_threads_ > 0) process_->thread_count_decreased_.notify_all();
  }
  return status;
}

void IPCThreadState::blockUntilThreadAvailable() {
  std::unique_lock lock(process_->thread_count_lock_);
  ++process_->waiting_for_threads_;
  process_->thread_count_decreased_.wait(
      lock, [this] { return process_->executing_threads_ < process_->max_threads_; });
  --process_->waiting_for_threads_;
}

void IPCThreadState::joinThreadPool(bool isMain) {
  process_->threadBegins();
  out_->put(static_cast<uint32_t>(isMain ? BC_ENTER_LOOPER : BC_REGISTER_LOOPER));
  is_looper_ = true;
  status_t status;
  do {
    processPendingDerefs();
    status = getAndExecuteCommand();
    if (is_end_of_driver(status)) {
      if (status != -EBADF)
        ALOGE("The binder driver is gone (%s): this thread serves no more.", strerror(-status));
      break;
    }
    LOG_ALWAYS_FATAL_IF(status < OK && status != TIMED_OUT,
                        "getAndExecuteCommand returned unexpected error %d (%s)", status, strerror(-status));
    // The driver has enough threads: those that it asked for may go.
    if (status == TIMED_OUT && !isMain) break;
  } while (true);
  out_->put(static_cast<uint32_t>(BC_EXIT_LOOPER));
  is_looper_ = false;
  talkWithDriver(false);
  process_->threadEnds();
}

status_t IPCThreadState::setupPolling(int* fd) {
  const int descriptor = process_->device_->pollDescriptor();
  if (descriptor < 0) return -EBADF;
  out_->put(static_cast<uint32_t>(BC_ENTER_LOOPER));
  flushCommands();
  if (!std::exchange(is_polling_, true)) process_->threadBegins();
  *fd = descriptor;
  return OK;
}

status_t IPCThreadState::handlePolledCommands() {
  status_t status;
  do {
    status = getAndExecuteCommand();
  } while (in_->left() > 0);
  processPendingDerefs();
  flushCommands();
  return status;
}

void IPCThreadState::stopProcess(bool) {
  flushCommands();
  process_->device_->close();
}

void IPCThreadState::setTheContextObject(const sp<BBinder>& obj) {
  const std::lock_guard lock(process_->lock_);
  process_->context_manager_ = obj;
}

// Pointers in what follows are those that this process gave to the driver.
status_t IPCThreadState::executeCommand(uint32_t command) {
  switch (command) {
    case BR_NOOP:
    case BR_OK:
      return OK;
    case BR_ERROR:
      return takeFromDriver<int32_t>();
    case BR_FINISHED:
      return TIMED_OUT;
    case BR_SPAWN_LOOPER:
      process_->spawnPooledThread(false);
      return OK;

    case BR_INCREFS:
    case BR_ACQUIRE:
    case BR_RELEASE:
    case BR_DECREFS: {
      const auto node = takeFromDriver<internal::NodeWords>();
      auto* const refs = reinterpret_cast<RefBase::weakref_type*>(node.ptr);
      auto* const object = reinterpret_cast<BBinder*>(node.cookie);
      switch (command) {
        case BR_INCREFS:
          refs->incWeak(process_.get());
          out_->put(static_cast<uint32_t>(BC_INCREFS_DONE));
          out_->put(node);
          break;
        case BR_ACQUIRE:
          LOG_ALWAYS_FATAL_IF(refs->refBase() != object,
                              "BR_ACQUIRE: object %p does not match cookie %p (expected %p)", refs, object,
                              refs->refBase());
          object->incStrong(process_.get());
          out_->put(static_cast<uint32_t>(BC_ACQUIRE_DONE));
          out_->put(node);
          break;
        case BR_RELEASE:
          pending_strong_derefs_.push_back(object);
          break;
        case BR_DECREFS:
          // The object may be gone; its counts are not.
          pending_weak_derefs_.push_back(refs);
          break;
      }
      return OK;
    }

    case BR_ATTEMPT_ACQUIRE: {
      (void)takeFromDriver<int32_t>();  // priority
      const auto node = takeFromDriver<internal::NodeWords>();
      const bool alive = reinterpret_cast<RefBase::weakref_type*>(node.ptr)->attemptIncStrong(process_.get());
      out_->put(static_cast<uint32_t>(BC_ACQUIRE_RESULT));
      out_->put(static_cast<int32_t>(alive));
      return OK;
    }

    case BR_TRANSACTION:
      executeTransaction(takeFromDriver<binder_transaction_data>(), nullptr);
      return OK;
    case BR_TRANSACTION_SEC_CTX: {
      const auto tr = takeFromDriver<binder_transaction_data_secctx>();
      executeTransaction(tr.transaction_data, reinterpret_cast<const char*>(tr.secctx));
      return OK;
    }

    case BR_DEAD_BINDER: {
      const auto cookie = takeFromDriver<binder_uintptr_t>();
      reinterpret_cast<BpBinder*>(cookie)->sendObituary();
      out_->put(static_cast<uint32_t>(BC_DEAD_BINDER_DONE));
      out_->put(cookie);
      return OK;
    }
    case BR_CLEAR_DEATH_NOTIFICATION_DONE:
    case cuse_binder::uapi::kBrClearFreezeNotificationDone: {
      // The reference that was taken when the notification was asked for.
      auto* const proxy = reinterpret_cast<BpBinder*>(takeFromDriver<binder_uintptr_t>());
      proxy->getWeakRefs()->decWeak(proxy);
      return OK;
    }
    case cuse_binder::uapi::kBrFrozenBinder: {
      const auto info = takeFromDriver<cuse_binder::uapi::FrozenStateInfo>();
      reinterpret_cast<BpBinder*>(info.cookie)->onFrozenStateChanged(info.is_frozen != 0);
      out_->put(cuse_binder::uapi::kBcFreezeNotificationDone);
      out_->put(info.cookie);
      return OK;
    }

    default:
      ALOGE("*** BAD COMMAND %u received from Binder driver", command);
      return UNKNOWN_ERROR;
  }
}

status_t IPCThreadState::dispatch(const binder_transaction_data& tr, const Parcel& data, Parcel* reply) {
  if (tr.target.ptr == 0) {
    sp<BBinder> manager;
    {
      const std::lock_guard lock(process_->lock_);
      manager = process_->context_manager_;
    }
    if (manager == nullptr) {
      ALOGE("A call for the context manager, but setTheContextObject() was not called");
      return UNKNOWN_TRANSACTION;
    }
    return manager->transact(tr.code, data, reply, tr.flags);
  }
  // The driver holds a weak reference for sure; the strong one may be on its way back.
  auto* const refs = reinterpret_cast<RefBase::weakref_type*>(tr.target.ptr);
  if (!refs->attemptIncStrong(this)) return UNKNOWN_TRANSACTION;
  auto* const object = reinterpret_cast<BBinder*>(tr.cookie);
  const status_t status = object->transact(tr.code, data, reply, tr.flags);
  object->decStrong(this);
  return status;
}

void IPCThreadState::executeTransaction(const binder_transaction_data& tr, const char* sid) {
  // Whoever serves this call may make calls, in which other calls come in: everything about the caller is
  // kept here.
  struct Caller {
    const void* stack;
    pid_t pid;
    const char* sid;
    uid_t uid;
    bool explicit_identity;
    int32_t strict_mode_policy;
    int32_t flags;
    uid_t work_source_uid;
    bool propagate_work_source;
  };
  const Caller outer{serving_stack_,
                     calling_pid_,
                     calling_sid_,
                     calling_uid_,
                     has_explicit_identity_,
                     strict_mode_policy_,
                     last_transaction_flags_,
                     work_source_uid_,
                     propagate_work_source_};
  serving_stack_ = __builtin_frame_address(0);
  calling_pid_ = tr.sender_pid;
  calling_sid_ = sid;
  calling_uid_ = tr.sender_euid;
  has_explicit_identity_ = false;
  last_transaction_flags_ = static_cast<int32_t>(tr.flags);
  // Until the interface token says otherwise.
  work_source_uid_ = kUnsetWorkSource;
  propagate_work_source_ = false;

  {
    Parcel data;
    data.ipcSetDataReference(reinterpret_cast<const uint8_t*>(tr.data.ptr.buffer), tr.data_size,
                             reinterpret_cast<const binder_size_t*>(tr.data.ptr.offsets),
                             tr.offsets_size / sizeof(binder_size_t), freeBuffer);
    Parcel reply;
    const status_t status = dispatch(tr, data, &reply);
    if ((tr.flags & TF_ONE_WAY) == 0) {
      if (status < OK) reply.setError(status);
      // First the caller's data goes back, so that who has the answer can send as much again.
      data.setDataSize(0);
      sendReply(reply, tr.flags & kForwardReplyFlags);
    } else if (status != OK) {
      ALOGD("oneway call with code %u: status %d, which nobody will see", tr.code, status);
    }
  }

  serving_stack_ = outer.stack;
  calling_pid_ = outer.pid;
  calling_sid_ = outer.sid;
  calling_uid_ = outer.uid;
  has_explicit_identity_ = outer.explicit_identity;
  strict_mode_policy_ = outer.strict_mode_policy;
  last_transaction_flags_ = outer.flags;
  work_source_uid_ = outer.work_source_uid;
  propagate_work_source_ = outer.propagate_work_source;
}

// --- freezing others

status_t IPCThreadState::freeze(pid_t pid, bool enabled, uint32_t timeout_ms) {
  binder_freeze_info info{};
  info.pid = static_cast<uint32_t>(pid);
  info.enable = enabled ? 1 : 0;
  info.timeout_ms = timeout_ms;
  return self()->process_->driverCall(BINDER_FREEZE, &info);
}

status_t IPCThreadState::getProcessFreezeInfo(pid_t pid, uint32_t* sync_received, uint32_t* async_received) {
  binder_frozen_status_info info{};
  info.pid = static_cast<uint32_t>(pid);
  const status_t status = self()->process_->driverCall(BINDER_GET_FROZEN_INFO, &info);
  *sync_received = info.sync_recv;
  *async_received = info.async_recv;
  return status;
}

}  // namespace android
