#define LOG_TAG "Binder"
#include <binder/Binder.h>
#include <binder/BpBinder.h>
#include <binder/IInterface.h>
#include <binder/IPCThreadState.h>
#include <binder/IResultReceiver.h>
#include <binder/IShellCallback.h>
#include <binder/Parcel.h>
#include <log/log.h>
#include <sched.h>
#include <unistd.h>

#include <cinttypes>

namespace android {
namespace {

constexpr size_t kLargeReply = 300 * 1024;

}  // namespace

// --- IBinder: what is the same for both kinds

IBinder::IBinder() = default;
IBinder::~IBinder() = default;

sp<IInterface> IBinder::queryLocalInterface(const String16&) {
  return nullptr;
}

BBinder* IBinder::localBinder() {
  return nullptr;
}

BpBinder* IBinder::remoteBinder() {
  return nullptr;
}

bool IBinder::checkSubclass(const void*) const {
  return false;
}

status_t IBinder::shellCommand(const sp<IBinder>& target, int in, int out, int err, Vector<String16>& args,
                               const sp<IShellCallback>& callback,
                               const sp<IResultReceiver>& resultReceiver) {
  Parcel send;
  Parcel reply;
  for (const int fd : {in, out, err}) {
    if (const status_t status = send.writeFileDescriptor(fd); status != OK) return status;
  }
  send.writeInt32(static_cast<int32_t>(args.size()));
  for (size_t i = 0; i < args.size(); ++i) send.writeString16(args[i]);
  send.writeStrongBinder(callback != nullptr ? IInterface::asBinder(callback) : nullptr);
  send.writeStrongBinder(resultReceiver != nullptr ? IInterface::asBinder(resultReceiver) : nullptr);
  return target->transact(SHELL_COMMAND_TRANSACTION, send, &reply);
}

status_t IBinder::getExtension(sp<IBinder>* out) {
  if (BBinder* const local = localBinder(); local != nullptr) {
    *out = local->getExtension();
    return OK;
  }
  Parcel data;
  Parcel reply;
  data.markForBinder(sp<IBinder>(this));
  const status_t status = transact(EXTENSION_TRANSACTION, data, &reply);
  return status != OK ? status : reply.readNullableStrongBinder(out);
}

status_t IBinder::getDebugPid(pid_t* outPid) {
  if (BBinder* const local = localBinder(); local != nullptr) {
    *outPid = local->getDebugPid();
    return OK;
  }
  Parcel data;
  Parcel reply;
  data.markForBinder(sp<IBinder>(this));
  int32_t pid = 0;
  status_t status = transact(DEBUG_PID_TRANSACTION, data, &reply);
  if (status == OK) status = reply.readInt32(&pid);
  if (status == OK) *outPid = pid;
  return status;
}

status_t IBinder::addFrozenStateChangeCallback(const wp<FrozenStateChangeCallback>& callback) {
  BpBinder* const proxy = remoteBinder();
  return proxy == nullptr ? INVALID_OPERATION : proxy->addFrozenStateChangeCallback(callback);
}

status_t IBinder::removeFrozenStateChangeCallback(const wp<FrozenStateChangeCallback>& callback) {
  BpBinder* const proxy = remoteBinder();
  return proxy == nullptr ? INVALID_OPERATION : proxy->removeFrozenStateChangeCallback(callback);
}

void IBinder::withLock(const std::function<void()>& doWithLock) {
  if (BBinder* const local = localBinder(); local != nullptr) return local->withLock(doWithLock);
  if (BpBinder* const proxy = remoteBinder(); proxy != nullptr) proxy->withLock(doWithLock);
}

sp<IBinder> IBinder::lookupOrCreateWeak(const void* objectID, object_make_func make, const void* makeArgs) {
  if (BBinder* const local = localBinder(); local != nullptr)
    return local->lookupOrCreateWeak(objectID, make, makeArgs);
  if (BpBinder* const proxy = remoteBinder(); proxy != nullptr) {
    return proxy->lookupOrCreateWeak(objectID, make, makeArgs);
  }
  return nullptr;
}

// --- BBinder

class BBinder::Extras {
 public:
  // Set before the binder is sent, read afterwards.
  bool requesting_sid = false;
  bool inherit_rt = false;
  sp<IBinder> extension;
  int policy = SCHED_OTHER;
  int priority = 0;

  std::mutex lock;  // guards what follows
  BpBinder::ObjectManager objects;
};

BBinder::BBinder() : extras_(nullptr), stability_(0), parceled_(false) {}

BBinder::~BBinder() {
  if (!wasParceled() && getExtension() != nullptr) {
    ALOGW("Binder %p destroyed with an extension attached before being parceled.", this);
  }
  delete extrasOrNull();
}

BBinder::Extras* BBinder::getOrCreateExtras() {
  Extras* existing = extrasOrNull();
  if (existing != nullptr) return existing;
  auto made = std::make_unique<Extras>();
  if (extras_.compare_exchange_strong(existing, made.get(), std::memory_order_acq_rel)) return made.release();
  return existing;  // another thread was faster
}

BBinder* BBinder::localBinder() {
  return this;
}

const String16& BBinder::getInterfaceDescriptor() const {
  static const String16* const nothing = new String16;
  return *nothing;
}

bool BBinder::isBinderAlive() const {
  return true;
}

status_t BBinder::pingBinder() {
  return OK;
}

status_t BBinder::dump(int, const Vector<String16>&) {
  return OK;
}

status_t BBinder::transact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  data.setDataPosition(0);
  if (reply != nullptr && (flags & FLAG_CLEAR_BUF) != 0) reply->markSensitive();

  status_t status = OK;
  switch (code) {
    case PING_TRANSACTION:
      status = pingBinder();
      break;
    case START_RECORDING_TRANSACTION:
    case STOP_RECORDING_TRANSACTION:
    case SET_RPC_CLIENT_TRANSACTION:
      status = INVALID_OPERATION;
      break;
    case EXTENSION_TRANSACTION:
      if (reply == nullptr) return UNEXPECTED_NULL;
      status = reply->writeStrongBinder(getExtension());
      break;
    case DEBUG_PID_TRANSACTION:
      if (reply == nullptr) return UNEXPECTED_NULL;
      status = reply->writeInt32(getDebugPid());
      break;
    default:
      status = onTransact(code, data, reply, flags);
      break;
  }

  if (reply != nullptr) {
    reply->setDataPosition(0);
    if (reply->dataSize() > kLargeReply) {
      ALOGW("Large reply transaction of %zu bytes, interface descriptor %s, code %u", reply->dataSize(),
            String8(getInterfaceDescriptor()).c_str(), code);
    }
  }
  return status;
}

namespace {

// Of a count that the caller sent, so many strings as are really there.
status_t readArguments(const Parcel& data, Vector<String16>& args) {
  const int32_t count = data.readInt32();
  for (int32_t i = 0; i < count && data.dataAvail() > 0; ++i) args.add(data.readString16());
  return OK;
}

}  // namespace

status_t BBinder::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t) {
  switch (code) {
    case INTERFACE_TRANSACTION:
      if (reply == nullptr) return UNEXPECTED_NULL;
      return reply->writeString16(getInterfaceDescriptor());

    case DUMP_TRANSACTION: {
      const int fd = data.readFileDescriptor();
      Vector<String16> args;
      readArguments(data, args);
      return dump(fd, args);
    }

    case SHELL_COMMAND_TRANSACTION: {
      for (int i = 0; i < 3; ++i) (void)data.readFileDescriptor();
      Vector<String16> args;
      readArguments(data, args);
      sp<IBinder> callback;
      sp<IBinder> receiver;
      data.readNullableStrongBinder(&callback);
      data.readNullableStrongBinder(&receiver);
      // Services that have commands override this code. Who waits for a result must get one.
      const sp<IResultReceiver> result = IResultReceiver::asInterface(receiver);
      if (result != nullptr) result->send(INVALID_OPERATION);
      return OK;
    }

    case SYSPROPS_TRANSACTION:
      return OK;  // there are no system properties that could have changed

    default:
      return UNKNOWN_TRANSACTION;
  }
}

status_t BBinder::linkToDeath(const sp<DeathRecipient>&, void*, uint32_t) {
  return INVALID_OPERATION;
}

status_t BBinder::unlinkToDeath(const wp<DeathRecipient>&, void*, uint32_t, wp<DeathRecipient>*) {
  return INVALID_OPERATION;
}

void* BBinder::attachObject(const void* objectID, void* object, void* cleanupCookie,
                            object_cleanup_func func) {
  Extras* const it = getOrCreateExtras();
  const std::lock_guard lock(it->lock);
  return it->objects.attach(objectID, object, cleanupCookie, func);
}

void* BBinder::findObject(const void* objectID) const {
  Extras* const it = extrasOrNull();
  if (it == nullptr) return nullptr;
  const std::lock_guard lock(it->lock);
  return it->objects.find(objectID);
}

void* BBinder::detachObject(const void* objectID) {
  Extras* const it = extrasOrNull();
  if (it == nullptr) return nullptr;
  const std::lock_guard lock(it->lock);
  return it->objects.detach(objectID);
}

void BBinder::withLock(const std::function<void()>& doWithLock) {
  Extras* const it = getOrCreateExtras();
  const std::lock_guard lock(it->lock);
  doWithLock();
}

sp<IBinder> BBinder::lookupOrCreateWeak(const void* objectID, IBinder::object_make_func make,
                                        const void* makeArgs) {
  Extras* const it = getOrCreateExtras();
  const std::lock_guard lock(it->lock);
  return it->objects.lookupOrCreateWeak(objectID, make, makeArgs);
}

// --- what has to be set before the binder is sent

bool BBinder::wasParceled() {
  return parceled_.load(std::memory_order_relaxed);
}

void BBinder::setParceled() {
  parceled_.store(true, std::memory_order_relaxed);
}

void BBinder::requireNotParceled(const char* what) {
  LOG_ALWAYS_FATAL_IF(
      wasParceled(),
      "%s should not be called after a binder object is parceled: the driver would not learn of it.", what);
}

bool BBinder::isRequestingSid() {
  const Extras* const it = extrasOrNull();
  return it != nullptr && it->requesting_sid;
}

void BBinder::setRequestingSid(bool requestSid) {
  requireNotParceled("setRequestingSid()");
  if (!requestSid && extrasOrNull() == nullptr) return;
  getOrCreateExtras()->requesting_sid = requestSid;
}

sp<IBinder> BBinder::getExtension() {
  const Extras* const it = extrasOrNull();
  return it == nullptr ? nullptr : it->extension;
}

void BBinder::setExtension(const sp<IBinder>& extension) {
  requireNotParceled("setExtension()");
  getOrCreateExtras()->extension = extension;
}

void BBinder::setMinSchedulerPolicy(int policy, int priority) {
  requireNotParceled("setMinSchedulerPolicy()");
  switch (policy) {
    case SCHED_OTHER:
      LOG_ALWAYS_FATAL_IF(priority < -20 || priority > 19, "Invalid priority for SCHED_OTHER: %d", priority);
      break;
    case SCHED_RR:
    case SCHED_FIFO:
      LOG_ALWAYS_FATAL_IF(priority < 1 || priority > 99, "Invalid priority for sched %d: %d", policy,
                          priority);
      break;
    default:
      LOG_ALWAYS_FATAL("Unrecognized scheduling policy: %d", policy);
  }
  if (policy == SCHED_OTHER && priority == 0 && extrasOrNull() == nullptr) return;
  Extras* const it = getOrCreateExtras();
  it->policy = policy;
  it->priority = priority;
}

int BBinder::getMinSchedulerPolicy() {
  const Extras* const it = extrasOrNull();
  return it == nullptr ? SCHED_OTHER : it->policy;
}

int BBinder::getMinSchedulerPriority() {
  const Extras* const it = extrasOrNull();
  return it == nullptr ? 0 : it->priority;
}

bool BBinder::isInheritRt() {
  const Extras* const it = extrasOrNull();
  return it != nullptr && it->inherit_rt;
}

void BBinder::setInheritRt(bool inheritRt) {
  requireNotParceled("setInheritRt()");
  if (!inheritRt && extrasOrNull() == nullptr) return;
  getOrCreateExtras()->inherit_rt = inheritRt;
}

pid_t BBinder::getDebugPid() {
  return getpid();
}

}  // namespace android
