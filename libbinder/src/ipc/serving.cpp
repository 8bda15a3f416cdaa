// What the driver asks of this process: calls to serve, references to its objects to count, deaths to hear
// of.
#define LOG_TAG "IPCThreadState"
#include <binder/Binder.h>
#include <binder/BpBinder.h>
#include <binder/IPCThreadState.h>
#include <log/log.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <utility>

#include "cuse_binder/uapi/binder.h"
#include "device/driver_device.h"
#include "ipc/command_buffer.h"
#include "ipc/driver_words.h"

namespace android {
namespace {

// Of the caller, only these flags concern how the reply is sent.
constexpr uint32_t kForwardReplyFlags = TF_CLEAR_BUF;

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
  const auto command = in_->expect<uint32_t>();

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
      return in_->expect<int32_t>();
    case BR_FINISHED:
      return TIMED_OUT;
    case BR_SPAWN_LOOPER:
      process_->spawnPooledThread(false);
      return OK;

    case BR_INCREFS:
    case BR_ACQUIRE:
    case BR_RELEASE:
    case BR_DECREFS: {
      const auto node = in_->expect<internal::NodeWords>();
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
      (void)in_->expect<int32_t>();  // priority
      const auto node = in_->expect<internal::NodeWords>();
      const bool alive = reinterpret_cast<RefBase::weakref_type*>(node.ptr)->attemptIncStrong(process_.get());
      out_->put(static_cast<uint32_t>(BC_ACQUIRE_RESULT));
      out_->put(static_cast<int32_t>(alive));
      return OK;
    }

    case BR_TRANSACTION:
      executeTransaction(in_->expect<binder_transaction_data>(), nullptr);
      return OK;
    case BR_TRANSACTION_SEC_CTX: {
      const auto tr = in_->expect<binder_transaction_data_secctx>();
      executeTransaction(tr.transaction_data, reinterpret_cast<const char*>(tr.secctx));
      return OK;
    }

    case BR_DEAD_BINDER: {
      const auto cookie = in_->expect<binder_uintptr_t>();
      reinterpret_cast<BpBinder*>(cookie)->sendObituary();
      out_->put(static_cast<uint32_t>(BC_DEAD_BINDER_DONE));
      out_->put(cookie);
      return OK;
    }
    case BR_CLEAR_DEATH_NOTIFICATION_DONE:
    case cuse_binder::uapi::kBrClearFreezeNotificationDone: {
      // The reference that was taken when the notification was asked for.
      auto* const proxy = reinterpret_cast<BpBinder*>(in_->expect<binder_uintptr_t>());
      proxy->getWeakRefs()->decWeak(proxy);
      return OK;
    }
    case cuse_binder::uapi::kBrFrozenBinder: {
      const auto info = in_->expect<cuse_binder::uapi::FrozenStateInfo>();
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

}  // namespace android
