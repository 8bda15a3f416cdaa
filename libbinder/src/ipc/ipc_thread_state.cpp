// The life of a thread's state, who calls, and what travels with calls.
#define LOG_TAG "IPCThreadState"
#include <binder/Binder.h>
#include <binder/IPCThreadState.h>
#include <log/log.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "cuse_binder/uapi/binder.h"
#include "ipc/command_buffer.h"
#include "ipc/thread_slot.h"

namespace android {
namespace {

using internal::threadSlot;

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

}  // namespace

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
