// The bases of interfaces that aidl's ndk backend generates.
//
// A service is a BnCInterface, made by SharedRefBase::make(); its binder keeps it alive as long as anybody,
// here or in another process, has the binder. A client has a BpCInterface. Upstream:
// frameworks/native/libs/binder/ndk/include_cpp/android/binder_interface_utils.h.
#pragma once

#include <android/binder_auto_utils.h>
#include <android/binder_ibinder.h>
#include <android/binder_shell.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// All levels are there.
#ifndef API_LEVEL_AT_LEAST
#define API_LEVEL_AT_LEAST(sdk_api_level) (true)
#endif

namespace ndk {

// An object that knows the shared_ptr it is owned by. Make it with make(); or with new, and call ref() at
// once. Aborts when it is destroyed by anything else than that shared_ptr: std::make_shared(), a second
// shared_ptr, a variable.
class SharedRefBase {
 public:
  SharedRefBase() = default;
  virtual ~SharedRefBase() {
    std::call_once(once_, [] { fail("SharedRefBase: destroyed, but nobody ever called ref()"); });
    if (this_.lock() != nullptr) {
      fail("SharedRefBase: destroyed while still owned. Is this object owned twice?");
    }
  }
  SharedRefBase(const SharedRefBase&) = delete;
  SharedRefBase& operator=(const SharedRefBase&) = delete;

  // The first call makes the shared_ptr. Later ones are for when somebody has one.
  std::shared_ptr<SharedRefBase> ref() {
    std::shared_ptr<SharedRefBase> result = this_.lock();
    std::call_once(once_, [&] { this_ = result = std::shared_ptr<SharedRefBase>(this); });
    return result;
  }
  template <typename CHILD>
  std::shared_ptr<CHILD> ref() {
    return std::static_pointer_cast<CHILD>(ref());
  }

  template <class T, class... Args>
  static std::shared_ptr<T> make(Args&&... args) {
    T* object = new T(std::forward<Args>(args)...);
    return object->template ref<T>();
  }

 private:
  [[noreturn]] static void fail(const char* message) {
    syslog(LOG_CRIT, "%s", message);
    std::abort();
  }

  std::once_flag once_;
  std::weak_ptr<SharedRefBase> this_;
};

class ICInterface : public SharedRefBase {
 public:
  // The binder of this object; a service's is made when first asked for.
  virtual SpAIBinder asBinder() = 0;
  virtual bool isRemote() = 0;

  // Writes about the service to `fd`, which is borrowed. Nothing by default.
  virtual binder_status_t dump(int /*fd*/, const char** /*args*/, uint32_t /*numArgs*/) { return STATUS_OK; }
  // Runs a command of `cmd`; the descriptors are borrowed. Nothing by default.
  virtual binder_status_t handleShellCommand(int /*in*/, int /*out*/, int /*err*/, const char** /*argv*/,
                                             uint32_t /*argc*/) {
    return STATUS_OK;
  }

  // The implementation behind a local binder, null for others. The binder must be one of an ICInterface: it
  // has been associated with its class.
  static std::shared_ptr<ICInterface> asInterface(AIBinder* binder) { return Data::interfaceOf(binder); }

  // A class whose objects are ICInterfaces.
  static AIBinder_Class* defineClass(const char* interfaceDescriptor, AIBinder_Class_onTransact onTransact) {
    return defineClass(interfaceDescriptor, onTransact, nullptr, 0);
  }
  static AIBinder_Class* defineClass(const char* interfaceDescriptor, AIBinder_Class_onTransact onTransact,
                                     const char** codeToFunction, size_t functionCount) {
    AIBinder_Class* clazz =
        AIBinder_Class_define(interfaceDescriptor, Data::onCreate, Data::onDestroy, onTransact);
    if (clazz == nullptr) return nullptr;
    AIBinder_Class_setOnDump(clazz, Data::onDump);
    AIBinder_Class_setHandleShellCommand(clazz, Data::handleShellCommand);
    if (codeToFunction != nullptr) {
      AIBinder_Class_setTransactionCodeToFunctionNameMap(clazz, codeToFunction, functionCount);
    }
    return clazz;
  }

 private:
  // The user data of such a class's binders.
  struct Data {
    std::shared_ptr<ICInterface> interface;

    static std::shared_ptr<ICInterface> interfaceOf(AIBinder* binder) {
      void* data = AIBinder_getUserData(binder);
      return data == nullptr ? nullptr : static_cast<Data*>(data)->interface;
    }
    static void* onCreate(void* args) {
      return new Data{static_cast<ICInterface*>(args)->ref<ICInterface>()};
    }
    static void onDestroy(void* data) { delete static_cast<Data*>(data); }
    static binder_status_t onDump(AIBinder* binder, int fd, const char** args, uint32_t numArgs) {
      const std::shared_ptr<ICInterface> interface = interfaceOf(binder);
      return interface ? interface->dump(fd, args, numArgs) : STATUS_DEAD_OBJECT;
    }
    static binder_status_t handleShellCommand(AIBinder* binder, int in, int out, int err, const char** argv,
                                              uint32_t argc) {
      const std::shared_ptr<ICInterface> interface = interfaceOf(binder);
      return interface ? interface->handleShellCommand(in, out, err, argv, argc) : STATUS_DEAD_OBJECT;
    }
  };
};

// A service ("native").
template <typename INTERFACE>
class BnCInterface : public INTERFACE {
 public:
  SpAIBinder asBinder() final {
    std::lock_guard<std::mutex> guard(mutex_);
    SpAIBinder binder = weak_binder_.promote();
    if (binder.get() == nullptr) {
      binder = createBinder();
      weak_binder_.set(AIBinder_Weak_new(binder.get()));
    }
    return binder;
  }
  bool isRemote() final { return false; }

  // "descriptor/instance": what services are declared and registered by.
  static std::string makeServiceName(std::string_view instance) {
    return INTERFACE::descriptor + ("/" + std::string(instance));
  }

 protected:
  // For asBinder() only: one object has one binder.
  virtual SpAIBinder createBinder() = 0;

 private:
  std::mutex mutex_;
  ScopedAIBinder_Weak weak_binder_;  // the binder owns this object, not the other way round
};

// A client ("proxy").
template <typename INTERFACE>
class BpCInterface : public INTERFACE {
 public:
  explicit BpCInterface(const SpAIBinder& binder) : binder_(binder) {}

  SpAIBinder asBinder() final { return binder_; }
  const SpAIBinder& asBinderReference() { return binder_; }
  bool isRemote() final { return AIBinder_isRemote(binder_.get()); }
  binder_status_t dump(int fd, const char** args, uint32_t numArgs) override {
    return AIBinder_dump(binder_.get(), fd, args, numArgs);
  }

 private:
  SpAIBinder binder_;
};

}  // namespace ndk
