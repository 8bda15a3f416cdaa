#include <binder/Binder.h>

namespace android {
namespace {

// The remote's strong reference is the proxy object's first one's, and goes with its last one.
constexpr int32_t kRemoteAcquired = 1;

}  // namespace

BpRefBase::BpRefBase(const sp<IBinder>& o) : remote_(o.get()), refs_(nullptr), state_(0) {
  extendObjectLifetime(OBJECT_LIFETIME_WEAK);
  if (remote_ != nullptr) {
    remote_->incStrong(this);
    refs_ = remote_->createWeak(this);
  }
}

BpRefBase::~BpRefBase() {
  if (remote_ == nullptr) return;
  // Nobody ever took a strong reference to this object, so nobody gave the remote's back.
  if ((state_.load(std::memory_order_relaxed) & kRemoteAcquired) == 0) remote_->decStrong(this);
  refs_->decWeak(this);
}

void BpRefBase::onFirstRef() {
  state_.fetch_or(kRemoteAcquired, std::memory_order_relaxed);
}

void BpRefBase::onLastStrongRef(const void*) {
  if (remote_ != nullptr) remote_->decStrong(this);
}

bool BpRefBase::onIncStrongAttempted(uint32_t, const void*) {
  return remote_ != nullptr && refs_->attemptIncStrong(this);
}

}  // namespace android
