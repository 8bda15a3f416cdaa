#include "bench/aidl/message_bus.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fstream>
#include <optional>

#include "bench/aidl/sd_bus.h"
#include "bench/support/error.h"
#include "bench/support/started_program.h"
#include "bench/support/temporary_directory.h"
#include "cuse_binder/base/unique_fd.h"

namespace cuse_binder::bench {
namespace {

class BusInDirectory : public MessageBus {
 public:
  pid_t pid() const override { return program_->pid(); }
  std::string address() const override { return "unix:path=" + socket_path(); }

 protected:
  std::string socket_path() const { return (directory_.path() / "bus").string(); }

  const TemporaryDirectory directory_;
  std::optional<StartedProgram> program_;
};

class DbusDaemon final : public BusInDirectory {
 public:
  DbusDaemon() {
    const std::string configuration = (directory_.path() / "bus.conf").string();
    std::ofstream(configuration)
        << "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
           " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
           "<busconfig>\n  <type>session</type>\n  <listen>"
        << address()
        << "</listen>\n  <auth>EXTERNAL</auth>\n  <policy context=\"default\">\n"
           "    <allow send_destination=\"*\"/>\n    <allow receive_sender=\"*\"/>\n    <allow own=\"*\"/>\n"
           "  </policy>\n</busconfig>\n";
    program_.emplace(StartedProgram::Options{
        .words = {"dbus-daemon", "--config-file=" + configuration, "--nofork", "--nopidfile", "--nosyslog"},
        .directory = directory_.path()});
  }
};

// A broker does nothing by itself: whoever started it, its controller, gives it the socket to listen on and
// the policy, by D-Bus messages over a connection that it inherited.
class DbusBroker final : public BusInDirectory {
 public:
  DbusBroker() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) throw_errno("socketpair");
    const base::UniqueFd theirs(ends[1]);
    controller_ = make_bus();
    check(sd_bus_set_fd(controller_.get(), ends[0], ends[0]), "sd_bus_set_fd");
    program_.emplace(
        StartedProgram::Options{.words = {"dbus-broker", "--controller", std::to_string(theirs.get()),
                                          "--machine-id", "0123456789abcdef0123456789abcdef"},
                                .directory = directory_.path(),
                                .says_ready = false,
                                .inherited = theirs.get()});
    check(sd_bus_start(controller_.get()), "sd_bus_start");
    add_listener();
  }
  ~DbusBroker() override { program_.reset(); }

 private:
  base::UniqueFd listen_here() const {
    base::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
    if (!fd || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
        listen(fd.get(), 64) < 0) {
      throw_errno(socket_path());
    }
    return fd;
  }

  // Who may connect, own names, send and receive: for everybody (uid -1), one rule each that says yes.
  void add_listener() {
    constexpr const char* kBatch = "bta(btbs)a(btssssuutt)a(btssssuutt)";
    const std::string policy = "(a(u(" + std::string(kBatch) + "))a(buu(" + kBatch + "))a(ss)bs)";
    const base::UniqueFd socket = listen_here();
    sd_bus_message* made = nullptr;
    check(sd_bus_message_new_method_call(controller_.get(), &made, nullptr, "/org/bus1/DBus/Broker",
                                         "org.bus1.DBus.Broker", "AddListener"),
          "AddListener");
    const MessagePtr message(made);
    check(sd_bus_message_append(made, "oh", "/org/bus1/DBus/Listener/0", socket.get()), "append");
    check(sd_bus_message_open_container(made, 'v', policy.c_str()), "append");
    check(sd_bus_message_open_container(made, 'r', policy.substr(1, policy.size() - 2).c_str()), "append");
    constexpr std::uint64_t kPriority = 1;
    constexpr std::uint64_t kNone = 0, kAny = UINT64_MAX;
    check(sd_bus_message_append(made, ("a(u(" + std::string(kBatch) + "))").c_str(), 1, UINT32_MAX,  //
                                1, kPriority,                                                        //
                                1, 1, kPriority, 1, "",                                              //
                                1, 1, kPriority, "", "", "", "", 0, 0, kNone, kAny,                  //
                                1, 1, kPriority, "", "", "", "", 0, 0, kNone, kAny),
          "append");
    check(sd_bus_message_append(made, ("a(buu(" + std::string(kBatch) + "))a(ss)bs").c_str(), 0, 0, 0,
                                "session"),
          "append");
    check(sd_bus_message_close_container(made), "append");
    check(sd_bus_message_close_container(made), "append");
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* answer = nullptr;
    const int result = sd_bus_call(controller_.get(), made, 0, &error, &answer);
    const MessagePtr owner(answer);
    const std::string why = error.name == nullptr ? "" : error.name;
    sd_bus_error_free(&error);
    check(result, "dbus-broker: AddListener: " + why);
  }

  BusPtr controller_;
};

}  // namespace

std::unique_ptr<MessageBus> start_dbus_daemon() {
  return std::make_unique<DbusDaemon>();
}

std::unique_ptr<MessageBus> start_dbus_broker() {
  return std::make_unique<DbusBroker>();
}

}  // namespace cuse_binder::bench
