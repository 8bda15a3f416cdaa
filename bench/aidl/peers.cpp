#include "bench/aidl/peers.h"

#include <cstdio>
#include <exception>
#include <functional>

#include "bench/aidl/echo_pair.h"
#include "bench/support/temporary_directory.h"
#ifdef AIDL_BENCH_DBUS
#include "bench/aidl/message_bus.h"
#endif

namespace cuse_binder::bench {
namespace {

[[maybe_unused]] void leave_out(const char* name, const char* why) {
  std::fprintf(stderr, "%s is left out: %s\n", name, why);
}

#ifdef AIDL_BENCH_DBUS
class BusPeer : public Peer {
 public:
  BusPeer(std::string name, std::unique_ptr<MessageBus> bus)
      : name_(std::move(name)), bus_(std::move(bus)), pair_(make_dbus_echo(bus_->address())) {}
  const std::string& name() const override { return name_; }
  Child& client() override { return pair_->client(); }
  std::vector<pid_t> pids() const override {
    std::vector<pid_t> pids = pair_->pids();
    pids.push_back(bus_->pid());
    return pids;
  }

 private:
  const std::string name_;
  const std::unique_ptr<MessageBus> bus_;
  const std::unique_ptr<Pair> pair_;
};
#endif

#ifdef AIDL_BENCH_GRPC
class GrpcPeer : public Peer {
 public:
  explicit GrpcPeer(std::string name)
      : name_(std::move(name)), pair_(make_grpc_echo((directory_.path() / "socket").string())) {}
  const std::string& name() const override { return name_; }
  Child& client() override { return pair_->client(); }
  std::vector<pid_t> pids() const override { return pair_->pids(); }

 private:
  const std::string name_;
  const TemporaryDirectory directory_;
  const std::unique_ptr<Pair> pair_;
};
#endif

}  // namespace

std::vector<std::unique_ptr<Peer>> start_peers() {
  std::vector<std::unique_ptr<Peer>> peers;
  [[maybe_unused]] const auto start = [&](const char* name,
                                          const std::function<std::unique_ptr<Peer>()>& make) {
    try {
      peers.push_back(make());
    } catch (const std::exception& error) {
      leave_out(name, error.what());
    }
  };
#ifdef AIDL_BENCH_DBUS
  start("dbus-daemon", [] { return std::make_unique<BusPeer>("dbus-daemon", start_dbus_daemon()); });
  start("dbus-broker", [] { return std::make_unique<BusPeer>("dbus-broker", start_dbus_broker()); });
#else
  leave_out("D-Bus", "built without libsystemd-dev");
#endif
#ifdef AIDL_BENCH_GRPC
  start("gRPC", [] { return std::make_unique<GrpcPeer>("gRPC"); });
#else
  leave_out("gRPC", "built without libgrpc++-dev, libprotobuf-dev and protobuf-compiler-grpc");
#endif
  return peers;
}

}  // namespace cuse_binder::bench
