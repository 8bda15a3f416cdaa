#define LOG_TAG "BpBinder"
#include "ipc/proxy_counts.h"

#include <log/log.h>

namespace android::internal {

ProxyCounts& ProxyCounts::instance() {
  static ProxyCounts* const it = new ProxyCounts;  // proxies die at any time, also at the end of the program
  return *it;
}

int32_t ProxyCounts::add(uid_t uid) {
  ++total_;
  if (!by_uid_) return -1;
  binder_proxy_limit_callback limit;
  binder_proxy_warning_callback warning;
  {
    const std::lock_guard lock(lock_);
    Count& count = counts_[uid];
    ++count.proxies;
    if (count.limit_reached) {
      // Once more whenever as many have come on top.
      if (count.proxies - count.told_at > high_) limit = limit_callback_;
    } else if (count.proxies > high_) {
      count.limit_reached = true;
      ALOGE("Too many binder proxy objects sent to uid %d from uid %d (%u proxies held)", getuid(), uid,
            count.proxies);
      limit = limit_callback_;
    } else if (count.proxies > warning_ && !count.warned) {
      count.warned = true;
      warning = warning_callback_;
    }
    if (limit) count.told_at = count.proxies;
  }
  if (limit) limit(static_cast<int>(uid));
  if (warning) warning(static_cast<int>(uid));
  return static_cast<int32_t>(uid);
}

void ProxyCounts::remove(int32_t tracked_uid) {
  --total_;
  if (tracked_uid < 0) return;
  const std::lock_guard lock(lock_);
  const auto found = counts_.find(static_cast<uint32_t>(tracked_uid));
  if (found == counts_.end()) return;
  Count& count = found->second;
  if (--count.proxies == 0) {
    counts_.erase(found);
    return;
  }
  if (count.limit_reached && count.proxies <= low_) {
    ALOGI("Limit reached bit reset for uid %d (fewer than %u proxies from uid %d held)", getuid(), low_,
          tracked_uid);
    count.limit_reached = false;
    count.told_at = 0;
  }
  if (count.proxies <= low_) count.warned = false;
}

uint32_t ProxyCounts::of(uint32_t uid) {
  const std::lock_guard lock(lock_);
  const auto found = counts_.find(uid);
  return found == counts_.end() ? 0 : found->second.proxies;
}

void ProxyCounts::all(Vector<uint32_t>& uids, Vector<uint32_t>& counts) {
  const std::lock_guard lock(lock_);
  uids.setCapacity(counts_.size());
  counts.setCapacity(counts_.size());
  for (const auto& [uid, count] : counts_) {
    uids.push_back(uid);
    counts.push_back(count.proxies);
  }
}

void ProxyCounts::setCallbacks(binder_proxy_limit_callback limit, binder_proxy_warning_callback warning) {
  const std::lock_guard lock(lock_);
  limit_callback_ = std::move(limit);
  warning_callback_ = std::move(warning);
}

void ProxyCounts::setWatermarks(int high, int low, int warning) {
  const std::lock_guard lock(lock_);
  high_ = static_cast<uint32_t>(high);
  low_ = static_cast<uint32_t>(low);
  warning_ = static_cast<uint32_t>(warning);
}

}  // namespace android::internal
