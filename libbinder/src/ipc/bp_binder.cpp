#define LOG_TAG "BpBinder"
#include <binder/BpBinder.h>
#include <binder/IPCThreadState.h>
#include <binder/Stability.h>
#include <log/log.h>

#include <algorithm>

#include "ipc/proxy_counts.h"

namespace android {
namespace {

using internal::ProxyCounts;

// Above this a call is worth a line in the log: the receiver has 1 MiB for all calls together.
constexpr size_t kLargeTransaction = 300 * 1024;

}  // namespace

sp<BpBinder> BpBinder::create(int32_t handle) {
  ProxyCounts& counts = ProxyCounts::instance();
  const uid_t uid = counts.isByUid() ? IPCThreadState::self()->getCallingUid() : 0;
  return sp<BpBinder>(new BpBinder(handle, counts.add(uid)));
}

BpBinder::BpBinder(int32_t handle, int32_t trackedUid) : handle_(handle), tracked_uid_(trackedUid) {
  // Weak references keep the object, because the driver's weak reference is given back by its destructor.
  extendObjectLifetime(OBJECT_LIFETIME_WEAK);
  IPCThreadState::self()->incWeakHandle(handle, this);
}

BpBinder::~BpBinder() {
  ProxyCounts::instance().remove(tracked_uid_);
  IPCThreadState* const thread = IPCThreadState::self();
  if (thread == nullptr) return;  // the process is shutting down
  thread->expungeHandle(handle_, this);
  thread->decWeakHandle(handle_);
}

void BpBinder::onFirstRef() {
  if (IPCThreadState* const thread = IPCThreadState::self(); thread != nullptr)
    thread->incStrongHandle(handle_, this);
}

void BpBinder::onLastStrongRef(const void*) {
  IPCThreadState* const thread = IPCThreadState::self();
  std::unique_ptr<std::vector<Obituary>> obituaries;
  std::unique_ptr<FrozenState> frozen;
  {
    const std::lock_guard lock(lock_);
    obituaries = std::move(obituaries_);
    frozen = std::move(frozen_);
  }
  if (thread == nullptr) return;
  if (obituaries != nullptr) thread->clearDeathNotification(handle_, this);
  if (frozen != nullptr) thread->removeFrozenStateChangeCallback(handle_, this);
  thread->decStrongHandle(handle_);
}

bool BpBinder::onIncStrongAttempted(uint32_t, const void*) {
  IPCThreadState* const thread = IPCThreadState::self();
  return thread != nullptr && thread->attemptIncStrongHandle(handle_) == OK;
}

BpBinder* BpBinder::remoteBinder() {
  return this;
}

// --- calls

const String16& BpBinder::getInterfaceDescriptor() const {
  {
    const std::lock_guard lock(lock_);
    if (descriptor_known_) return descriptor_;
  }
  Parcel data;
  Parcel reply;
  data.markForBinder(sp<BpBinder>(const_cast<BpBinder*>(this)));
  const status_t status = const_cast<BpBinder*>(this)->transact(INTERFACE_TRANSACTION, data, &reply, 0);
  if (status == OK) {
    String16 answer(reply.readString16());
    const std::lock_guard lock(lock_);
    // Never replaced, once it was given out.
    if (!descriptor_known_) {
      descriptor_ = answer;
      descriptor_known_ = true;
    }
    return descriptor_;
  }
  static const String16* const nothing = new String16;
  return *nothing;
}

bool BpBinder::isBinderAlive() const {
  return alive_;
}

status_t BpBinder::pingBinder() {
  Parcel data;
  Parcel reply;
  data.markForBinder(sp<BpBinder>(this));
  return transact(PING_TRANSACTION, data, &reply, 0);
}

status_t BpBinder::dump(int fd, const Vector<String16>& args) {
  Parcel data;
  Parcel reply;
  data.markForBinder(sp<BpBinder>(this));
  status_t status = data.writeFileDescriptor(fd);
  data.writeInt32(static_cast<int32_t>(args.size()));
  for (size_t i = 0; i < args.size(); ++i) data.writeString16(args[i]);
  if (status == OK) status = transact(DUMP_TRANSACTION, data, &reply, 0);
  return status;
}

status_t BpBinder::transact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  if (!alive_.load(std::memory_order_relaxed)) return DEAD_OBJECT;

  const bool is_vendor = (flags & FLAG_PRIVATE_VENDOR) != 0;
  flags &= ~static_cast<uint32_t>(FLAG_PRIVATE_VENDOR);
  // What every binder answers may be asked of every binder.
  if (code >= FIRST_CALL_TRANSACTION && code <= LAST_CALL_TRANSACTION) {
    using internal::Stability;
    const Stability::Level required = is_vendor ? Stability::VENDOR : Stability::getLocalLevel();
    if (!Stability::check(stability_, required)) {
      ALOGE("Cannot do a user transaction on a %s binder (%s) in a %s context.",
            Stability::levelString(stability_).c_str(), String8(getInterfaceDescriptor()).c_str(),
            Stability::levelString(required).c_str());
      return BAD_TYPE;
    }
  }

  const status_t status = IPCThreadState::self()->transact(handle_, code, data, reply, flags);
  if (data.dataSize() > kLargeTransaction) {
    ALOGW("Large outgoing transaction of %zu bytes, interface descriptor %s, code %u", data.dataSize(),
          String8(getInterfaceDescriptor()).c_str(), code);
  }
  if (status == DEAD_OBJECT) alive_ = false;
  return status;
}

// --- deaths

status_t BpBinder::linkToDeath(const sp<DeathRecipient>& recipient, void* cookie, uint32_t flags) {
  LOG_ALWAYS_FATAL_IF(recipient == nullptr, "linkToDeath(): recipient must be non-null");
  IPCThreadState* const thread = IPCThreadState::self();
  thread->process_->checkExpectingThreadPoolStart();
  {
    const std::lock_guard lock(lock_);
    if (obits_sent_) return DEAD_OBJECT;
    if (obituaries_ != nullptr) {
      obituaries_->push_back({recipient, cookie, flags});
      return OK;
    }
    obituaries_ = std::make_unique<std::vector<Obituary>>();
    obituaries_->push_back({recipient, cookie, flags});
    // The driver has our address until it confirms that it forgot it.
    getWeakRefs()->incWeak(this);
    thread->requestDeathNotification(handle_, this);
  }
  thread->flushCommands();
  return OK;
}

status_t BpBinder::unlinkToDeath(const wp<DeathRecipient>& recipient, void* cookie, uint32_t flags,
                                 wp<DeathRecipient>* outRecipient) {
  IPCThreadState* const thread = IPCThreadState::self();
  {
    const std::lock_guard lock(lock_);
    if (obits_sent_) return DEAD_OBJECT;
    if (obituaries_ == nullptr) return NAME_NOT_FOUND;
    const auto found = std::find_if(obituaries_->begin(), obituaries_->end(), [&](const Obituary& it) {
      return (it.recipient == recipient || (recipient == nullptr && it.cookie == cookie)) &&
             it.flags == flags;
    });
    if (found == obituaries_->end()) return NAME_NOT_FOUND;
    if (outRecipient != nullptr) *outRecipient = found->recipient;
    obituaries_->erase(found);
    if (!obituaries_->empty()) return OK;
    obituaries_.reset();
    thread->clearDeathNotification(handle_, this);
  }
  thread->flushCommands();
  return OK;
}

void BpBinder::sendObituary() {
  alive_ = false;
  std::unique_ptr<std::vector<Obituary>> obituaries;
  {
    const std::lock_guard lock(lock_);
    if (obits_sent_) return;
    obits_sent_ = true;
    obituaries = std::move(obituaries_);
  }
  if (obituaries == nullptr) return;
  IPCThreadState* const thread = IPCThreadState::self();
  thread->clearDeathNotification(handle_, this);
  thread->flushCommands();
  const wp<IBinder> who(this);
  for (const Obituary& it : *obituaries) {
    const sp<DeathRecipient> recipient = it.recipient.promote();
    if (recipient != nullptr) recipient->binderDied(who);
  }
}

// --- freezing

status_t BpBinder::addFrozenStateChangeCallback(const wp<FrozenStateChangeCallback>& callback) {
  LOG_ALWAYS_FATAL_IF(callback == nullptr, "addFrozenStateChangeCallback(): callback must be non-null");
  if (!ProcessState::isDriverFeatureEnabled(ProcessState::DriverFeature::FREEZE_NOTIFICATION))
    return INVALID_OPERATION;
  IPCThreadState* const thread = IPCThreadState::self();
  bool known = false;
  bool is_frozen = false;
  {
    const std::lock_guard lock(lock_);
    if (frozen_ == nullptr) {
      frozen_ = std::make_unique<FrozenState>();
      getWeakRefs()->incWeak(this);
      const status_t status = thread->addFrozenStateChangeCallback(handle_, this);
      LOG_ALWAYS_FATAL_IF(status != OK, "addFrozenStateChangeCallback failed: %d", status);
    }
    frozen_->callbacks.push_back(callback);
    known = frozen_->known;
    is_frozen = frozen_->frozen;
  }
  thread->flushCommands();
  // The driver says it once; who comes later is told by us.
  if (known) {
    const sp<FrozenStateChangeCallback> target = callback.promote();
    if (target != nullptr) {
      target->onStateChanged(wp<IBinder>(this), is_frozen ? FrozenStateChangeCallback::State::FROZEN
                                                          : FrozenStateChangeCallback::State::UNFROZEN);
    }
  }
  return OK;
}

status_t BpBinder::removeFrozenStateChangeCallback(const wp<FrozenStateChangeCallback>& callback) {
  IPCThreadState* const thread = IPCThreadState::self();
  {
    const std::lock_guard lock(lock_);
    if (frozen_ == nullptr) return NAME_NOT_FOUND;
    auto& callbacks = frozen_->callbacks;
    const auto found = std::find(callbacks.begin(), callbacks.end(), callback);
    if (found == callbacks.end()) return NAME_NOT_FOUND;
    callbacks.erase(found);
    if (!callbacks.empty()) return OK;
    frozen_.reset();
    thread->removeFrozenStateChangeCallback(handle_, this);
  }
  thread->flushCommands();
  return OK;
}

void BpBinder::onFrozenStateChanged(bool isFrozen) {
  std::vector<wp<FrozenStateChangeCallback>> callbacks;
  {
    const std::lock_guard lock(lock_);
    if (frozen_ == nullptr) return;
    // The first message is the state at the time of asking, and is news to everybody.
    if (frozen_->known && frozen_->frozen == isFrozen) return;
    frozen_->known = true;
    frozen_->frozen = isFrozen;
    callbacks = frozen_->callbacks;
  }
  const wp<IBinder> who(this);
  for (const auto& it : callbacks) {
    const sp<FrozenStateChangeCallback> callback = it.promote();
    if (callback == nullptr) continue;
    callback->onStateChanged(who, isFrozen ? FrozenStateChangeCallback::State::FROZEN
                                           : FrozenStateChangeCallback::State::UNFROZEN);
  }
}

// --- attached objects

void* BpBinder::attachObject(const void* objectID, void* object, void* cleanupCookie,
                             object_cleanup_func func) {
  const std::lock_guard lock(lock_);
  return objects_.attach(objectID, object, cleanupCookie, func);
}

void* BpBinder::findObject(const void* objectID) const {
  const std::lock_guard lock(lock_);
  return objects_.find(objectID);
}

void* BpBinder::detachObject(const void* objectID) {
  const std::lock_guard lock(lock_);
  return objects_.detach(objectID);
}

void BpBinder::withLock(const std::function<void()>& doWithLock) {
  const std::lock_guard lock(lock_);
  doWithLock();
}

sp<IBinder> BpBinder::lookupOrCreateWeak(const void* objectID, IBinder::object_make_func make,
                                         const void* makeArgs) {
  const std::lock_guard lock(lock_);
  return objects_.lookupOrCreateWeak(objectID, make, makeArgs);
}

// --- counting

uint32_t BpBinder::getBinderProxyCount(uint32_t uid) {
  return ProxyCounts::instance().of(uid);
}
uint32_t BpBinder::getBinderProxyCount() {
  return ProxyCounts::instance().total();
}
void BpBinder::getCountByUid(Vector<uint32_t>& uids, Vector<uint32_t>& counts) {
  ProxyCounts::instance().all(uids, counts);
}
void BpBinder::enableCountByUid() {
  setCountByUidEnabled(true);
}
void BpBinder::disableCountByUid() {
  setCountByUidEnabled(false);
}
void BpBinder::setCountByUidEnabled(bool enable) {
  ProxyCounts::instance().setByUid(enable);
}
void BpBinder::setBinderProxyCountEventCallback(binder_proxy_limit_callback limit,
                                                binder_proxy_warning_callback warning) {
  ProxyCounts::instance().setCallbacks(std::move(limit), std::move(warning));
}
void BpBinder::setLimitCallback(binder_proxy_limit_callback callback) {
  ProxyCounts::instance().setCallbacks(std::move(callback), nullptr);
}
void BpBinder::setBinderProxyCountWatermarks(int high, int low, int warning) {
  ProxyCounts::instance().setWatermarks(high, low, warning);
}
void BpBinder::setBinderProxyCountWatermarks(int high, int low) {
  setBinderProxyCountWatermarks(high, low, high);
}

}  // namespace android
