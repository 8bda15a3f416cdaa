// Calls, and the conversation with the driver: commands are collected in `out_` and travel with the next
// ioctl; what it says in return is worked off from `in_`.
#define LOG_TAG "IPCThreadState"
#include <binder/Binder.h>
#include <binder/IPCThreadState.h>
#include <log/log.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "cuse_binder/uapi/binder.h"
#include "ipc/command_buffer.h"

namespace android {
namespace {

// A reply of up to this size may stay in the receive area until its thread talks to the driver again. So
// small that a thousand threads do not fill the area with what they keep.
constexpr size_t kMaxLateBuffer = 512;

}  // namespace

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
    const auto command = in_->expect<uint32_t>();
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
        const auto result = in_->expect<int32_t>();
        if (acquireResult == nullptr) break;
        *acquireResult = result != 0 ? OK : INVALID_OPERATION;
        return OK;
      }
      case BR_REPLY: {
        const auto tr = in_->expect<binder_transaction_data>();
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

// A thread that only makes calls would need a request of its own for the buffer of each reply. One small
// buffer is therefore given back together with whatever the thread says next, at the latest at its end. Not
// one with objects: while the driver has it, they count as referred to.
void IPCThreadState::freeBuffer(const uint8_t* data, size_t dataSize, const binder_size_t*,
                                size_t objectsCount) {
  IPCThreadState* const state = self();
  const bool can_wait = state->out_->size() == 0 && dataSize <= kMaxLateBuffer && objectsCount == 0;
  state->out_->put(static_cast<uint32_t>(BC_FREE_BUFFER));
  state->out_->put(reinterpret_cast<binder_uintptr_t>(data));
  if (!can_wait) state->flushIfNeeded();
}

}  // namespace android
