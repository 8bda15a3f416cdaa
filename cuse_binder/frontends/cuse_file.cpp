#include "cuse_binder/frontends/cuse_file.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cuse_binder/client/proc_file.h"

namespace cuse_binder::frontends {

base::Result<std::unique_ptr<CuseFile>> CuseFile::open(const fuse_ctx& caller, bool nonblocking,
                                                       protocol::Device& device,
                                                       const CuseServices& services) {
  auto session = open_session(device, open_info(caller, nonblocking));
  if (!session) return base::Errno{session.error()};
  return std::unique_ptr<CuseFile>(new CuseFile(std::move(session.value()), services));
}

CuseFile::CuseFile(std::shared_ptr<protocol::Session> session, const CuseServices& services)
    : DeviceFile(std::move(session), services.common),
      cuse_(services),
      grant_(std::make_shared<AreaGrant>(this->session())),
      late_(std::make_shared<LateAnswers>()) {}

void CuseFile::ioctl(Reply& reply, const Ioctl& call) {
  if (call.command == CUSE_BINDER_OFFER_AREA) return offer_area(reply, call);
  if (call.command == CUSE_BINDER_AREA_MAPPED) return note_mapping(reply, call);
  if (call.room > 0) return late_->give(reply);  // nobody else asks for room
  if (refuse(reply)) return;
  auto request = make_request(reply, call.command, {});
  if (request == nullptr) return;
  request->argument_is_at(call.address, late_);
  hand_over(std::move(request));
}

void CuseFile::offer_area(Reply& reply, const Ioctl& call) {
  if (!is_opener(reply.caller().pid)) return reply.error(EINVAL);
  if (grant_->mapped()) return reply.error(EBUSY);
  if (call.room < sizeof(cuse_binder_area_offer))
    return reply.ioctl_again(call.address, 0, sizeof(cuse_binder_area_offer));
  const auto offer = cuse_.areas.offer(grant_, reply.caller().uid);
  if (!offer) return reply.error(offer.error());
  reply.ioctl(0, std::as_bytes(std::span(&offer.value(), 1)));
}

void CuseFile::note_mapping(Reply& reply, const Ioctl& call) {
  if (!is_opener(reply.caller().pid)) return reply.error(EINVAL);
  cuse_binder_area_mapping mapping;
  if (call.bytes.size() < sizeof mapping) return reply.ioctl_again(call.address, sizeof mapping, 0);
  std::memcpy(&mapping, call.bytes.data(), sizeof mapping);
  const int error = grant_->set_mapping(mapping.address, mapping.size);
  if (error != 0) return reply.error(error);
  cuse_.areas.revoke(grant_.get());
  reply.ioctl(0, {});
}

bool CuseFile::is_opener(pid_t tid) const {
  const auto status = client::read_proc_file(tid, "status");
  return status && std::atoi(client::status_field(status.value(), "Tgid").c_str()) == process();
}

}  // namespace cuse_binder::frontends
