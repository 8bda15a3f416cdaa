// Typed interfaces over IBinder: the base class, and the macros that handwritten and generated interfaces
// use.
#pragma once

#include <binder/Binder.h>

namespace android {

class IInterface : public virtual RefBase {
 public:
  IInterface();
  static sp<IBinder> asBinder(const IInterface* interface);
  static sp<IBinder> asBinder(const sp<IInterface>& interface);

 protected:
  virtual ~IInterface();
  virtual IBinder* onAsBinder() = 0;
};

// The implementation itself if it is in this process, a proxy otherwise; null for null.
template <typename INTERFACE>
inline sp<INTERFACE> interface_cast(const sp<IBinder>& obj) {
  return INTERFACE::asInterface(obj);
}

// As above, but null unless the binder says that it has this descriptor. May call the other side, once.
template <typename INTERFACE>
inline sp<INTERFACE> checked_interface_cast(const sp<IBinder>& obj) {
  if (obj == nullptr || obj->getInterfaceDescriptor() != INTERFACE::descriptor) return nullptr;
  return interface_cast<INTERFACE>(obj);
}

template <typename INTERFACE>
class BnInterface : public INTERFACE, public BBinder {
 public:
  sp<IInterface> queryLocalInterface(const String16& wanted) override;
  const String16& getInterfaceDescriptor() const override;
  typedef INTERFACE BaseInterface;

 protected:
  IBinder* onAsBinder() override;
};

template <typename INTERFACE>
class BpInterface : public INTERFACE, public BpRefBase {
 public:
  explicit BpInterface(const sp<IBinder>& remote);
  typedef INTERFACE BaseInterface;

 protected:
  IBinder* onAsBinder() override;
};

#define DECLARE_META_INTERFACE(INTERFACE)                                                                    \
 public:                                                                                                     \
  static const ::android::String16 descriptor;                                                               \
  static ::android::sp<I##INTERFACE> asInterface(const ::android::sp<::android::IBinder>& obj);              \
  virtual const ::android::String16& getInterfaceDescriptor() const;                                         \
  I##INTERFACE();                                                                                            \
  virtual ~I##INTERFACE();                                                                                   \
  /* An implementation that asInterface() gives where there would be none. May be set once, while none is in \
   * use. */                                                                                                 \
  static bool setDefaultImpl(::android::sp<I##INTERFACE> impl);                                              \
  static const ::android::sp<I##INTERFACE>& getDefaultImpl();                                                \
                                                                                                             \
 private:                                                                                                    \
  static ::android::sp<I##INTERFACE> default_impl;                                                           \
                                                                                                             \
 public:

// ITYPE: the interface; INAME: the same for the definitions; BPTYPE: its proxy.
#define CUSE_BINDER_IMPLEMENT_META_INTERFACE(ITYPE, INAME, BPTYPE, NAME)                  \
  const ::android::String16& ITYPE::getInterfaceDescriptor() const {                      \
    return ITYPE::descriptor;                                                             \
  }                                                                                       \
  ::android::sp<ITYPE> ITYPE::asInterface(const ::android::sp<::android::IBinder>& obj) { \
    ::android::sp<ITYPE> intr;                                                            \
    if (obj != nullptr) {                                                                 \
      intr = static_cast<ITYPE*>(obj->queryLocalInterface(ITYPE::descriptor).get());      \
      if (intr == nullptr) intr = new BPTYPE(obj);                                        \
    }                                                                                     \
    return intr;                                                                          \
  }                                                                                       \
  ::android::sp<ITYPE> ITYPE::default_impl;                                               \
  bool ITYPE::setDefaultImpl(::android::sp<ITYPE> impl) {                                 \
    /* Two calls mean that two parts of a program disagree. */                            \
    if (ITYPE::default_impl != nullptr || impl == nullptr) return false;                  \
    ITYPE::default_impl = std::move(impl);                                                \
    return true;                                                                          \
  }                                                                                       \
  const ::android::sp<ITYPE>& ITYPE::getDefaultImpl() {                                   \
    return ITYPE::default_impl;                                                           \
  }                                                                                       \
  ITYPE::INAME() {}                                                                       \
  ITYPE::~INAME() {}

#define DO_NOT_DIRECTLY_USE_ME_IMPLEMENT_META_INTERFACE(INTERFACE, NAME) \
  const ::android::String16 I##INTERFACE::descriptor(NAME);              \
  CUSE_BINDER_IMPLEMENT_META_INTERFACE(I##INTERFACE, I##INTERFACE, Bp##INTERFACE, NAME)

// Interfaces nested in a class: generated code passes the qualified and the plain name.
#define DO_NOT_DIRECTLY_USE_ME_IMPLEMENT_META_NESTED_INTERFACE(PARENT, INTERFACE, NAME) \
  const ::android::String16 PARENT::I##INTERFACE::descriptor(NAME);                     \
  CUSE_BINDER_IMPLEMENT_META_INTERFACE(PARENT::I##INTERFACE, I##INTERFACE, PARENT::Bp##INTERFACE, NAME)

// AOSP refuses new handwritten interfaces unless they are on a list, for the sake of its own code base. Here
// it is the same as what generated code uses.
#define IMPLEMENT_META_INTERFACE(INTERFACE, NAME) \
  DO_NOT_DIRECTLY_USE_ME_IMPLEMENT_META_INTERFACE(INTERFACE, NAME)

// Checks the interface token at the beginning of `data` (in a BnInterface's onTransact).
#define CHECK_INTERFACE(interface, data, reply)                            \
  do {                                                                     \
    if (!(data).checkInterface(this)) return ::android::PERMISSION_DENIED; \
  } while (false)

template <typename INTERFACE>
inline sp<IInterface> BnInterface<INTERFACE>::queryLocalInterface(const String16& wanted) {
  if (wanted == INTERFACE::descriptor) return sp<IInterface>(static_cast<INTERFACE*>(this));
  return nullptr;
}

template <typename INTERFACE>
inline const String16& BnInterface<INTERFACE>::getInterfaceDescriptor() const {
  return INTERFACE::getInterfaceDescriptor();
}

template <typename INTERFACE>
IBinder* BnInterface<INTERFACE>::onAsBinder() {
  return this;
}

template <typename INTERFACE>
inline BpInterface<INTERFACE>::BpInterface(const sp<IBinder>& remoteBinder) : BpRefBase(remoteBinder) {}

template <typename INTERFACE>
inline IBinder* BpInterface<INTERFACE>::onAsBinder() {
  return remote();
}

}  // namespace android
