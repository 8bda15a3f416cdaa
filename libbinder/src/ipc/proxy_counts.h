// How many proxies this process holds, in all and by the uid of who sent them.
//
// A process that is sent more and more binders, and keeps them, is a victim or has a leak; the callbacks let
// it react. Thread-safe.
#pragma once

#include <binder/BpBinder.h>

#include <map>
#include <mutex>

namespace android::internal {

class ProxyCounts {
 public:
  static ProxyCounts& instance();

  // A proxy is made for a call of this uid. The uid in whose count it is, or -1.
  int32_t add(uid_t uid);
  void remove(int32_t tracked_uid);

  bool isByUid() const { return by_uid_; }
  void setByUid(bool enable) { by_uid_ = enable; }
  uint32_t total() const { return total_; }
  uint32_t of(uint32_t uid);
  void all(Vector<uint32_t>& uids, Vector<uint32_t>& counts);
  void setCallbacks(binder_proxy_limit_callback limit, binder_proxy_warning_callback warning);
  void setWatermarks(int high, int low, int warning);

 private:
  struct Count {
    uint32_t proxies = 0;
    uint32_t told_at = 0;  // proxies when the limit callback ran last
    bool limit_reached = false;
    bool warned = false;
  };

  std::atomic<bool> by_uid_{false};
  std::atomic<uint32_t> total_{0};
  std::mutex lock_;  // guards what follows
  std::map<uint32_t, Count> counts_;
  binder_proxy_limit_callback limit_callback_;
  binder_proxy_warning_callback warning_callback_;
  // AOSP's (BpBinder.cpp).
  uint32_t high_ = 2500;
  uint32_t low_ = 2000;
  uint32_t warning_ = 2250;
};

}  // namespace android::internal
