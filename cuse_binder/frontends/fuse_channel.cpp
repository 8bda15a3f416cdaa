#include "cuse_binder/frontends/fuse_channel.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "cuse_binder/base/log.h"
#include "cuse_binder/frontends/device_reader.h"
#include "cuse_binder/frontends/fuse_abi.h"

namespace cuse_binder::frontends {
namespace {

// Set around fuse_reply_open(), which calls the write hook in the same thread.
thread_local int backing_of_next_open = 0;

// What libfuse takes for a command line.
struct Arguments {
  Arguments() = default;
  ~Arguments() { fuse_opt_free_args(&args); }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  char program[8] = "binderd";
  char* vector[2] = {program, nullptr};
  fuse_args args = FUSE_ARGS_INIT(1, vector);
};

}  // namespace

FuseChannel::FuseChannel(base::UniqueFd fuse_fd, void* context, WorkerSet& workers, Options options)
    : fd_(fuse_fd.release()), context_(context), workers_(workers), options_(std::move(options)) {}

base::Result<std::unique_ptr<FuseChannel>> FuseChannel::create(base::UniqueFd fuse_fd,
                                                               const fuse_lowlevel_ops& operations,
                                                               void* context, WorkerSet& workers,
                                                               Options options) {
  std::unique_ptr<FuseChannel> channel(
      new FuseChannel(std::move(fuse_fd), context, workers, std::move(options)));
  Arguments arguments;
  if (const int error =
          channel->adopt(fuse_session_new(&arguments.args, &operations, sizeof operations, channel.get())))
    return base::Errno{error};
  return channel;
}

base::Result<std::unique_ptr<FuseChannel>> FuseChannel::create_cuse(base::UniqueFd cuse_fd,
                                                                    const cuse_lowlevel_ops& operations,
                                                                    const std::string& name, void* context,
                                                                    WorkerSet& workers, Options options) {
  std::unique_ptr<FuseChannel> channel(
      new FuseChannel(std::move(cuse_fd), context, workers, std::move(options)));
  channel->is_cuse_ = true;
  channel->options_.transport = TransportChoice::read;
  channel->options_.passthrough = false;
  const std::string device_name = "DEVNAME=" + name;
  const char* description[] = {device_name.c_str()};
  cuse_info info{};
  info.dev_info_argc = 1;
  info.dev_info_argv = description;
  info.flags = CUSE_UNRESTRICTED_IOCTL;
  Arguments arguments;
  if (const int error = channel->adopt(cuse_lowlevel_new(&arguments.args, &info, &operations, channel.get())))
    return base::Errno{error};
  return channel;
}

// Puts our own reads and writes below libfuse.
int FuseChannel::adopt(fuse_session* session) {
  if (session == nullptr) return ENOMEM;
  session_ = session;
  fuse_custom_io io{};
  io.writev = &FuseChannel::write_hook;
  io.read = [](int fd, void* buffer, size_t size, void*) { return read(fd, buffer, size); };
  const int error = fuse_session_custom_io(session_, &io, fd_);
  return error == 0 ? 0 : error < 0 ? -error : EINVAL;
}

FuseChannel::~FuseChannel() {
  transport_.reset();
  if (session_ != nullptr) {
    fuse_session_destroy(session_);  // closes the descriptor
  } else {
    close(fd_);
  }
}

int FuseChannel::start() {
  std::array<std::byte, abi::kMessageSize> message;
  ssize_t size;
  do {
    size = read(fd_, message.data(), message.size());
  } while (size < 0 && errno == EINTR);
  if (size < 0) return errno;
  fuse_in_header header;
  if (static_cast<std::size_t>(size) < sizeof header) return EPROTO;
  std::memcpy(&header, message.data(), sizeof header);
  const std::uint32_t expected = is_cuse_ ? std::uint32_t{CUSE_INIT} : std::uint32_t{FUSE_INIT};
  if (header.opcode != expected) return EPROTO;
  if (!is_cuse_) {
    if (const int error = negotiate(
            std::span(message).subspan(sizeof header, static_cast<std::size_t>(size) - sizeof header)))
      return error;
  }

  init_unique_ = header.unique;
  handle(message.data(), static_cast<std::size_t>(size));
  init_unique_ = 0;
  if (fuse_session_exited(session_)) return EPROTO;
  // The kernel makes the device while it takes the answer, and hangs up if it cannot.
  if (is_cuse_ && hung_up()) return EEXIST;
  if (options_.negotiated) options_.negotiated();
  return begin_transport();
}

// What the kernel offers, and what is wanted of it. A positive errno if it lacks what was insisted on.
int FuseChannel::negotiate(std::span<const std::byte> bytes) {
  fuse_init_in init{};
  std::memcpy(&init, bytes.data(), std::min(sizeof init, bytes.size()));
  offered_flags_ = init.flags;
  if (init.flags & abi::kInitExt) offered_flags_ |= static_cast<std::uint64_t>(init.flags2) << 32;

  const bool offered = (offered_flags_ & abi::kOverIoUring) && init.minor >= abi::kMinorForUring;
  if (options_.transport == TransportChoice::uring && !offered) {
    base::log(base::Layer::frontend)
        .error(
            "the kernel does not offer FUSE over io_uring (Linux 6.14 or newer with CONFIG_FUSE_IO_URING, "
            "and "
            "/sys/module/fuse/parameters/enable_uring must be Y)");
    return EOPNOTSUPP;
  }
  over_uring_ = offered && options_.transport != TransportChoice::read;
  if (options_.transport == TransportChoice::auto_select && !offered) {
    base::log(base::Layer::frontend)
        .info("FUSE over io_uring is not switched on in this kernel: using /dev/fuse");
  }
  passthrough_ =
      options_.passthrough && (offered_flags_ & abi::kPassthrough) && init.minor >= abi::kMinorForPassthrough;
  return 0;
}

bool FuseChannel::hung_up() const {
  pollfd connection{fd_, 0, 0};
  return ::poll(&connection, 1, 0) == 1 && (connection.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

int FuseChannel::begin_transport() {
  const auto parts = [this] {
    return TransportParts{fd_, *this, workers_, [this] { report_lost(); }, options_.no_longer_stuck};
  };
  if (over_uring_) {
    transport_ = make_uring_transport(parts(), options_.nudge);
    const int error = transport_->start();
    if (error == 0) return 0;
    transport_.reset();
    base::log(base::Layer::frontend).warn("FUSE over io_uring was refused: {}", std::strerror(error));
    if (options_.transport == TransportChoice::uring) return error;
    base::log(base::Layer::frontend).info("using /dev/fuse");
  }
  const unsigned readers =
      options_.readers > 0 ? options_.readers : std::clamp(std::thread::hardware_concurrency(), 2u, 16u);
  transport_ = make_read_transport(parts(), readers);
  return transport_->start();
}

void FuseChannel::stop() noexcept {
  lost_ = true;  // nobody wants to hear it now
  fuse_session_exit(session_);
  if (transport_) transport_->stop();
}

void FuseChannel::report_lost() {
  if (!lost_.exchange(true) && options_.lost) options_.lost();
}

void FuseChannel::handle(std::byte* message, std::size_t size) noexcept {
  fuse_buf buffer{};
  buffer.mem = message;
  buffer.size = size;
  fuse_session_process_buf(session_, &buffer);
  Worker* worker = WorkerSet::current();
  if (worker != nullptr && worker->stuck && options_.no_longer_stuck) options_.no_longer_stuck(*worker);
}

ssize_t FuseChannel::write_hook(int, iovec* pieces, int count, void* channel) {
  return static_cast<FuseChannel*>(channel)->send(pieces, count);
}

ssize_t FuseChannel::send(iovec* pieces, int count) noexcept {
  const auto& header = *static_cast<const fuse_out_header*>(pieces[0].iov_base);
  if (init_unique_ != 0 && header.unique == init_unique_) complete_init(pieces, count);
  if (backing_of_next_open > 0 && count == 2 && pieces[1].iov_len == sizeof(abi::OpenOut)) {
    auto& open = *static_cast<abi::OpenOut*>(pieces[1].iov_base);
    open.open_flags |= abi::kOpenPassthrough;
    open.backing_id = backing_of_next_open;
  }
  const ssize_t sent = transport_ ? transport_->send(pieces, count) : writev(fd_, pieces, count);
  // ENOENT: the request was interrupted, or nobody polls any more. Others come when the connection ends.
  if (sent < 0 && errno != ENOENT && !lost_) {
    CB_LOG_LIMITED(base::Layer::frontend, spdlog::level::debug, "writing to the kernel: {}",
                   std::strerror(errno));
  }
  return sent < 0 ? static_cast<ssize_t>(header.len) : sent;  // libfuse could only print it
}

void FuseChannel::complete_init(iovec* pieces, int count) noexcept {
  const auto& header = *static_cast<const fuse_out_header*>(pieces[0].iov_base);
  if (is_cuse_) {
    if (header.error != 0 || count < 2 || pieces[1].iov_len < sizeof(abi::CuseInitOut)) return;
    auto& out = *static_cast<abi::CuseInitOut*>(pieces[1].iov_base);
    out.max_read = out.max_write = abi::kMaxWrite;
    return;
  }
  if (header.error != 0 || count != 2 || pieces[1].iov_len < sizeof(abi::InitOut)) return;
  auto& out = *static_cast<abi::InitOut*>(pieces[1].iov_base);
  out.flags |= (abi::kInitExt | abi::kMaxPages) & static_cast<std::uint32_t>(offered_flags_);
  out.max_write = abi::kMaxWrite;
  out.max_pages = abi::kPagesPerRequest;
  if (passthrough_) {
    out.flags2 |= static_cast<std::uint32_t>(abi::kPassthrough >> 32);
    out.max_stack_depth = 1;
    out.minor = std::max(out.minor, abi::kMinorForPassthrough);
  }
  if (over_uring_) {
    out.flags2 |= static_cast<std::uint32_t>(abi::kOverIoUring >> 32);
    out.minor = std::max(out.minor, abi::kMinorForUring);
  }
}

int FuseChannel::open_backing(int fd) {
  abi::BackingMap map{};
  map.fd = fd;
  const int id = ioctl(fd_, abi::kBackingOpen, &map);
  return id < 0 ? -errno : id;
}

void FuseChannel::close_backing(int id) noexcept {
  const auto number = static_cast<std::uint32_t>(id);
  ioctl(fd_, abi::kBackingClose, &number);
}

int FuseChannel::reply_open(fuse_req_t request, const fuse_file_info& info, int backing_id) noexcept {
  backing_of_next_open = backing_id;
  const int result = fuse_reply_open(request, &info);
  backing_of_next_open = 0;
  return result;
}

}  // namespace cuse_binder::frontends
