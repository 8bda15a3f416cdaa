// BpBinder: a binder of another process, by the driver's handle.
//
// Made by ProcessState::getStrongProxyForHandle(), one per handle and process. Thread-safe.
#pragma once

#include <binder/IBinder.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace android {

class IPCThreadState;
class Parcel;
class ProcessState;

namespace internal {
class Stability;
}

using binder_proxy_limit_callback = std::function<void(int)>;
using binder_proxy_warning_callback = std::function<void(int)>;

class BpBinder : public IBinder {
 public:
  // For ProcessState: takes a weak reference to the handle. Null if the limit of proxies for the sender is
  // exceeded and a limit is set.
  static sp<BpBinder> create(int32_t handle);

  const String16& getInterfaceDescriptor() const override;
  bool isBinderAlive() const override;
  status_t pingBinder() override;
  status_t dump(int fd, const Vector<String16>& args) override;

  status_t transact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags = 0) final;

  status_t linkToDeath(const sp<DeathRecipient>& recipient, void* cookie = nullptr,
                       uint32_t flags = 0) override;
  status_t unlinkToDeath(const wp<DeathRecipient>& recipient, void* cookie = nullptr, uint32_t flags = 0,
                         wp<DeathRecipient>* outRecipient = nullptr) override;
  [[nodiscard]] status_t addFrozenStateChangeCallback(const wp<FrozenStateChangeCallback>& callback);
  [[nodiscard]] status_t removeFrozenStateChangeCallback(const wp<FrozenStateChangeCallback>& callback);

  void* attachObject(const void* objectID, void* object, void* cleanupCookie, object_cleanup_func func) final;
  void* findObject(const void* objectID) const final;
  void* detachObject(const void* objectID) final;
  void withLock(const std::function<void()>& doWithLock);
  sp<IBinder> lookupOrCreateWeak(const void* objectID, IBinder::object_make_func make, const void* makeArgs);

  BpBinder* remoteBinder() override;

  // Called by IPCThreadState when the driver says so.
  void sendObituary();
  void onFrozenStateChanged(bool isFrozen);

  // The handle, for messages; nullopt never occurs here (no RPC transport).
  std::optional<int32_t> getDebugBinderHandle() const { return handle_; }
  bool isRpcBinder() const { return false; }

  // How many proxies this process has, by the uid of the process whose transaction brought them. Counting is
  // off at first. At `high` proxies of one uid the callback runs once, and again after their number fell to
  // `low`; at `warning` the warning callback.
  static uint32_t getBinderProxyCount(uint32_t uid);
  static uint32_t getBinderProxyCount();  // all, counted always
  static void getCountByUid(Vector<uint32_t>& uids, Vector<uint32_t>& counts);
  static void enableCountByUid();
  static void disableCountByUid();
  static void setCountByUidEnabled(bool enable);
  static void setBinderProxyCountEventCallback(binder_proxy_limit_callback limit,
                                               binder_proxy_warning_callback warning);
  static void setLimitCallback(binder_proxy_limit_callback callback);
  static void setBinderProxyCountWatermarks(int high, int low, int warning);
  static void setBinderProxyCountWatermarks(int high, int low);

  // Objects attached by id, with their clean-up. Not thread-safe: its owner locks.
  class ObjectManager {
   public:
    ObjectManager();
    ~ObjectManager();
    void* attach(const void* objectID, void* object, void* cleanupCookie, IBinder::object_cleanup_func func);
    void* find(const void* objectID) const;
    void* detach(const void* objectID);
    sp<IBinder> lookupOrCreateWeak(const void* objectID, IBinder::object_make_func make,
                                   const void* makeArgs);
    void kill();  // forgets all, with their clean-up

   private:
    ObjectManager(const ObjectManager&) = delete;
    struct Entry {
      void* object = nullptr;
      void* cleanupCookie = nullptr;
      IBinder::object_cleanup_func func = nullptr;
    };
    std::map<const void*, Entry> objects_;
  };

  // What only the rest of libbinder may know.
  class PrivateAccessor {
   private:
    friend class BpBinder;
    friend class ProcessState;
    friend class Parcel;
    friend class IPCThreadState;
    friend class internal::Stability;

    explicit PrivateAccessor(const BpBinder* binder) : binder_(binder), mutable_binder_(nullptr) {}
    explicit PrivateAccessor(BpBinder* binder) : binder_(binder), mutable_binder_(binder) {}

    int32_t binderHandle() const { return binder_->handle_; }
    int16_t stability() const { return binder_->stability_; }
    void setStability(int16_t value) { mutable_binder_->stability_ = value; }

    const BpBinder* binder_;
    BpBinder* mutable_binder_;
  };
  const PrivateAccessor getPrivateAccessor() const { return PrivateAccessor(this); }
  PrivateAccessor getPrivateAccessor() { return PrivateAccessor(this); }

 protected:
  virtual ~BpBinder();
  void onFirstRef() override;
  void onLastStrongRef(const void* id) override;
  bool onIncStrongAttempted(uint32_t flags, const void* id) override;

 private:
  BpBinder(const BpBinder&) = delete;
  BpBinder& operator=(const BpBinder&) = delete;

  friend class PrivateAccessor;

  struct Obituary {
    wp<DeathRecipient> recipient;
    void* cookie = nullptr;
    uint32_t flags = 0;
  };
  struct FrozenState {
    bool known = false;  // the driver has said what it is now
    bool frozen = false;
    std::vector<wp<FrozenStateChangeCallback>> callbacks;
  };

  BpBinder(int32_t handle, int32_t trackedUid);

  const int32_t handle_;
  const int32_t tracked_uid_;          // whose count this proxy is in; -1: none
  std::atomic<int16_t> stability_{0};  // internal::Stability; 0: not known yet

  mutable std::mutex lock_;  // guards what follows
  std::atomic<bool> alive_{true};
  bool obits_sent_ = false;
  std::unique_ptr<std::vector<Obituary>> obituaries_;  // null: the driver was not asked
  std::unique_ptr<FrozenState> frozen_;                // null: the driver was not asked
  ObjectManager objects_;
  mutable String16 descriptor_;
  mutable bool descriptor_known_ = false;
};

}  // namespace android
