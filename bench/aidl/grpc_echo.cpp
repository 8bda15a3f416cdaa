#include <grpcpp/grpcpp.h>

#include <stdexcept>
#include <string>

#include "bench/aidl/echo_pair.h"
#include "bench/support/caller.h"
#include "echo.grpc.pb.h"

namespace cuse_binder::bench {
namespace {

namespace rpc = ::bench::grpc;

class EchoService final : public rpc::Echo::Service {
 public:
  grpc::Status EchoNumber(grpc::ServerContext*, const rpc::Number* request, rpc::Number* reply) override {
    reply->set_number(request->number());
    return grpc::Status::OK;
  }
  grpc::Status EchoText(grpc::ServerContext*, const rpc::Text* request, rpc::Text* reply) override {
    reply->set_text(request->text());
    return grpc::Status::OK;
  }
  grpc::Status EchoBytes(grpc::ServerContext*, const rpc::Bytes* request, rpc::Bytes* reply) override {
    reply->set_bytes(request->bytes());
    return grpc::Status::OK;
  }
};

void run_server(const std::string& address, Channel& channel) {
  EchoService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) throw std::runtime_error("cannot listen on " + address);
  channel.say_ready();
  server->Wait();
}

void require(const grpc::Status& status, bool right) {
  if (!status.ok()) throw std::runtime_error("call: " + status.error_message());
  if (!right) throw std::runtime_error("wrong reply");
}

void run_client(const std::string& address, Channel& channel) {
  const auto stub = rpc::Echo::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  channel.say_ready();
  follow_orders(channel, [&](std::size_t size) {
    grpc::ClientContext context;
    if (size == kNumberSize) {
      rpc::Number request, reply;
      request.set_number(4711);
      const grpc::Status status = stub->EchoNumber(&context, request, &reply);
      require(status, reply.number() == 4711);
    } else if (size == kTextSize) {
      rpc::Text request, reply;
      request.set_text(std::string(size, 'x'));
      const grpc::Status status = stub->EchoText(&context, request, &reply);
      require(status, reply.text().size() == size);
    } else {
      rpc::Bytes request, reply;
      request.set_bytes(std::string(size, 'x'));
      const grpc::Status status = stub->EchoBytes(&context, request, &reply);
      require(status, reply.bytes().size() == size);
    }
  });
}

class GrpcEcho : public Pair {
 public:
  explicit GrpcEcho(const std::string& address)
      : server_("gRPC server", [&](Channel& channel) { run_server(address, channel); }),
        client_("gRPC client", [&](Channel& channel) { run_client(address, channel); }) {}
  Child& client() override { return client_; }
  std::vector<pid_t> pids() const override { return {server_.pid(), client_.pid()}; }

 private:
  Child server_;
  Child client_;
};

}  // namespace

std::unique_ptr<Pair> make_grpc_echo(const std::string& socket_path) {
  return std::make_unique<GrpcEcho>("unix:" + socket_path);
}

}  // namespace cuse_binder::bench
