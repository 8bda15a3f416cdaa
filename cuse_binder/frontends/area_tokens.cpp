#include "cuse_binder/frontends/area_tokens.h"

#include <sys/random.h>

#include <cerrno>

namespace cuse_binder::frontends {

base::Result<AreaToken> AreaTokens::issue(const std::shared_ptr<AreaGrant>& grant, uid_t uid) {
  AreaToken token;
  if (getrandom(token.data(), token.size(), 0) != static_cast<ssize_t>(token.size()))
    return base::Errno{EAGAIN};
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  drop_expired(now);
  make_room(grant.get());
  entries_[token] = {grant, uid, now + lifetime_};
  return token;
}

std::shared_ptr<AreaGrant> AreaTokens::redeem(const AreaToken& token, pid_t process, uid_t uid) {
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(token);
  if (found == entries_.end()) return nullptr;
  const Entry entry = std::move(found->second);
  entries_.erase(found);
  if (entry.expires <= now || entry.uid != uid || process <= 0 || entry.grant->process() != process)
    return nullptr;
  return entry.grant;
}

void AreaTokens::revoke(const AreaGrant* grant) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [grant](const auto& entry) { return entry.second.grant.get() == grant; });
}

std::size_t AreaTokens::outstanding() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void AreaTokens::drop_expired(Clock::time_point now) {
  std::erase_if(entries_, [now](const auto& entry) { return entry.second.expires <= now; });
}

void AreaTokens::make_room(const AreaGrant* grant) {
  unsigned count = 0;
  auto oldest = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->second.grant.get() != grant) continue;
    ++count;
    if (oldest == entries_.end() || entry->second.expires < oldest->second.expires) oldest = entry;
  }
  if (count >= kPerFile) entries_.erase(oldest);
}

}  // namespace cuse_binder::frontends
