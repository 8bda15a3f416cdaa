// Calls: AIBinder_prepareTransaction() and AIBinder_transact().
#define LOG_TAG "libbinder_ndk"
#include <android/binder_ibinder.h>
#include <android/binder_ibinder_platform.h>
#include <android/binder_stability.h>
#include <log/log.h>

#include <memory>
#include <utility>

#include "class.h"
#include "object.h"
#include "parcel.h"
#include "status.h"

using android::status_t;
using cuse_binder::ndk::is_user_command;
using cuse_binder::ndk::prune_status;

binder_status_t AIBinder_prepareTransaction(AIBinder* binder, AParcel** in) {
  if (binder == nullptr || in == nullptr) return STATUS_UNEXPECTED_NULL;
  const AIBinder_Class* clazz = binder->clazz();
  if (clazz == nullptr) {
    ALOGE("AIBinder_prepareTransaction: the binder has no class; see AIBinder_associateClass");
    return STATUS_INVALID_OPERATION;
  }
  auto parcel = std::make_unique<AParcel>(binder);
  parcel->get()->markForBinder(binder->platform_binder());
  status_t status = android::OK;
  if (clazz->has_token) status = parcel->get()->writeInterfaceToken(clazz->wide_descriptor);
  if (status != android::OK) return prune_status(status);
  *in = parcel.release();
  return STATUS_OK;
}

binder_status_t AIBinder_transact(AIBinder* binder, transaction_code_t code, AParcel** in, AParcel** out,
                                  binder_flags_t flags) {
  if (in == nullptr) return STATUS_UNEXPECTED_NULL;
  const std::unique_ptr<AParcel> parcel(std::exchange(*in, nullptr));
  if (!is_user_command(code)) {
    ALOGE("AIBinder_transact: code %u is not an interface's", code);
    return STATUS_UNKNOWN_TRANSACTION;
  }
  constexpr binder_flags_t kFlags = FLAG_PRIVATE_VENDOR | FLAG_ONEWAY | FLAG_CLEAR_BUF;
  if ((flags & ~kFlags) != 0) {
    ALOGE("AIBinder_transact: unknown flags %#x", flags);
    return STATUS_BAD_VALUE;
  }
  if (binder == nullptr || parcel == nullptr || out == nullptr) return STATUS_UNEXPECTED_NULL;
  if (parcel->binder() != binder) {
    ALOGE("AIBinder_transact: the parcel was prepared for another binder");
    return STATUS_BAD_VALUE;
  }

  auto reply = std::make_unique<AParcel>(binder);
  const status_t status = binder->platform_binder()->transact(code, *parcel->get(), reply->get(), flags);
  *out = status == android::OK ? reply.release() : nullptr;
  return prune_status(status);
}
