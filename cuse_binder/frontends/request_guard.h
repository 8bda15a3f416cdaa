// Runs the body of one of libfuse's callbacks, which are C: no exception leaves it, and what it did not
// answer is answered with an error.
#pragma once

#include <cerrno>
#include <new>

#include "cuse_binder/base/log.h"
#include "cuse_binder/frontends/reply.h"

namespace cuse_binder::frontends {

template <typename Body>
void guard_request(fuse_req_t request, Body body) noexcept {
  Reply reply(request);
  try {
    body(reply);
  } catch (const std::bad_alloc&) {
    if (reply.pending()) reply.error(ENOMEM);
  } catch (const std::exception& error) {
    CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::err, "a request failed: {}", error.what());
    if (reply.pending()) reply.error(EIO);
  }
}

}  // namespace cuse_binder::frontends
