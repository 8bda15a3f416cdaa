// Tokens that prove to the AreaServer that their bearer may have the memory of a certain open file.
//
// A token is a random number of 128 bits, good for one use within its lifetime, by the process that opened
// the file and under the uid with which it asked. Thread-safe.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "cuse_binder/frontends/area_grant.h"

namespace cuse_binder::frontends {

using AreaToken = std::array<std::uint8_t, 16>;

class AreaTokens {
 public:
  using Clock = std::chrono::steady_clock;
  // Of one file at a time; the oldest gives way. A client needs one, or one per thread that tries.
  static constexpr unsigned kPerFile = 4;

  explicit AreaTokens(Clock::duration lifetime) : lifetime_(lifetime) {}

  // For `grant`, asked for by `uid`.
  base::Result<AreaToken> issue(const std::shared_ptr<AreaGrant>& grant, uid_t uid);
  // What the token was issued for, if it is presented by whom it was issued to; else null. It is void then.
  std::shared_ptr<AreaGrant> redeem(const AreaToken& token, pid_t process, uid_t uid);
  // The file is closed.
  void revoke(const AreaGrant* grant);
  std::size_t outstanding() const;

 private:
  struct Entry {
    std::shared_ptr<AreaGrant> grant;
    uid_t uid;
    Clock::time_point expires;
  };
  void drop_expired(Clock::time_point now);
  void make_room(const AreaGrant* grant);

  const Clock::duration lifetime_;
  mutable std::mutex mutex_;
  std::map<AreaToken, Entry> entries_;  // guarded by mutex_
};

}  // namespace cuse_binder::frontends
