// Binders that can die on demand, and a driver that remembers what was sent and counts as it is told.
#pragma once

#include <binder/Binder.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "servicemanager/surroundings.h"

namespace servicemanager::test {

class MortalBinder final : public android::BBinder {
 public:
  android::status_t linkToDeath(const android::sp<DeathRecipient>& recipient, void* cookie,
                                uint32_t flags) override;
  android::status_t unlinkToDeath(const android::wp<DeathRecipient>& recipient, void* cookie, uint32_t flags,
                                  android::wp<DeathRecipient>* out) override;
  // Everybody who is linked is told, as the driver does it.
  void die();
  size_t links() const { return recipients_.size(); }

 private:
  bool is_dead_ = false;
  // The registry holds its binders; held in turn, it would never end.
  std::vector<android::wp<DeathRecipient>> recipients_;
};

inline android::sp<MortalBinder> new_binder() {
  return android::sp<MortalBinder>(new MortalBinder());
}

class FakeDriver final : public Surroundings {
 public:
  struct Registration {
    android::sp<android::IBinder> callback;
    std::string name;
    android::sp<android::IBinder> service;
  };
  struct Clients {
    android::sp<android::IBinder> callback;
    android::sp<android::IBinder> service;
    bool has_clients;
  };

  void send_registration(const android::sp<android::IBinder>& callback, const std::string& name,
                         const android::sp<android::IBinder>& service) override;
  void send_clients(const android::sp<android::IBinder>& callback,
                    const android::sp<android::IBinder>& service, bool has_clients) override;
  ssize_t strong_count(const android::sp<android::IBinder>& service) override;

  // What was sent since the last call.
  std::vector<Registration> take_registrations() { return std::exchange(registrations_, {}); }
  std::vector<Clients> take_clients() { return std::exchange(clients_, {}); }
  // References besides the manager's one, from now on.
  void set_holders(const android::sp<android::IBinder>& service, ssize_t count) {
    holders_[service.get()] = count;
  }
  int questions() const { return questions_; }

 private:
  std::vector<Registration> registrations_;
  std::vector<Clients> clients_;
  std::map<android::IBinder*, ssize_t> holders_;
  int questions_ = 0;
};

}  // namespace servicemanager::test
