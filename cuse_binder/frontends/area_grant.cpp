#include "cuse_binder/frontends/area_grant.h"

#include <unistd.h>

#include <cerrno>

#include "cuse_binder/client/receive_area.h"

namespace cuse_binder::frontends {

base::Result<base::UniqueFd> AreaGrant::hand_out() {
  const auto session = session_.lock();
  if (session == nullptr) return base::Errno{ESRCH};
  auto area = session->receive_area().open_read_only();
  if (!area) return base::Errno{area.error()};
  State before = State::untouched;
  state_.compare_exchange_strong(before, State::handed_out);
  return area;
}

int AreaGrant::set_mapping(std::uint64_t address, std::uint64_t size) {
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  if (mapped()) return EBUSY;
  // A wrong address harms nobody but the client; these are the ones that arithmetic could stumble over.
  if (size == 0 || size % page != 0 || address % page != 0 || address > UINT64_MAX - size) return EINVAL;
  const auto session = session_.lock();
  if (session == nullptr) return EINVAL;
  State before = State::handed_out;
  if (!state_.compare_exchange_strong(before, State::mapped)) return before == State::mapped ? EBUSY : EINVAL;
  session->set_mapping({address, size, 0});
  return 0;
}

}  // namespace cuse_binder::frontends
