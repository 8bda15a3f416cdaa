#include "cuse_client.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace cuse_binder::test {

base::UniqueFd connect_abstract(const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::strlen(name);
  std::memcpy(address.sun_path + 1, name, size);
  base::UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + size);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) fd.reset();
  return fd;
}

namespace {

// Nobody will ever answer for the page; the descriptor stays open as long as the process lives.
int slow_down(std::uint64_t page) {
  const auto descriptor = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC));
  if (descriptor < 0) return errno;
  uffdio_api api{UFFD_API, 0, 0};
  if (ioctl(descriptor, UFFDIO_API, &api) != 0) return errno;
  uffdio_register area{{page, 4096}, UFFDIO_REGISTER_MODE_MISSING, 0};
  return ioctl(descriptor, UFFDIO_REGISTER, &area) == 0 ? 0 : errno;
}

}  // namespace

CuseClient::CuseClient() {
  void* place = mmap(nullptr, kMemorySize + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED || mmap(place, kMemorySize, PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
    throw std::runtime_error("mmap");
  memory_ = static_cast<std::byte*>(place);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error("socketpair");
  socket_.reset(ends[0]);
  pid_ = fork();
  if (pid_ == 0) {
    close(ends[0]);
    serve(ends[1]);
  }
  close(ends[1]);
  if (pid_ < 0) throw std::runtime_error("fork");
}

void CuseClient::end() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

CuseClient::~CuseClient() {
  end();
  munmap(memory_, kMemorySize + 4096);
}

Visit CuseClient::visit(const cuse_binder_area_offer& offer, uid_t uid, std::size_t size, std::byte first) {
  return send_out({Errand::What::visit, 0, offer, uid, size, first});
}

void CuseClient::take_last_page_away() {
  send_out({Errand::What::take_page, bad_address() - 4096, {}, 0, 0, {}});
}

bool CuseClient::make_slow() {
  return send_out({Errand::What::slow_page, address() + kSlow, {}, 0, 0, {}}).error == 0;
}

Visit CuseClient::send_out(const Errand& errand) {
  Visit visit;
  pollfd ready{socket_.get(), POLLIN, 0};
  if (send(socket_.get(), &errand, sizeof errand, MSG_NOSIGNAL) != sizeof errand ||
      poll(&ready, 1, 10'000) != 1 || recv(socket_.get(), &visit, sizeof visit, 0) != sizeof visit)
    throw std::runtime_error("the client says nothing");
  return visit;
}

// In the child: system calls only, the parent had threads when it forked.
void CuseClient::serve(int socket) {
  for (;;) {
    Errand errand;
    if (recv(socket, &errand, sizeof errand, 0) != sizeof errand) _exit(0);
    Visit visit;
    switch (errand.what) {
      case Errand::What::visit:
        visit = run(errand);
        break;
      case Errand::What::take_page:
        mprotect(reinterpret_cast<void*>(errand.page), 4096, PROT_NONE);
        break;
      case Errand::What::slow_page:
        visit.error = slow_down(errand.page);
        break;
    }
    if (send(socket, &visit, sizeof visit, MSG_NOSIGNAL) != sizeof visit) _exit(0);
  }
}

Visit CuseClient::run(const Errand& errand) {
  Visit visit;
  // The bare system call: the C library's would have to stop threads that are not there.
  if (errand.uid != 0) syscall(SYS_setresuid, -1, errand.uid, -1);
  const base::UniqueFd socket = connect_abstract(errand.offer.abstract_name);
  send(socket.get(), errand.offer.token, errand.size, MSG_NOSIGNAL);
  cuse_binder_area_answer answer{};
  iovec piece{&answer, sizeof answer};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  visit.error = got == sizeof answer ? answer.error : ECONNRESET;
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    visit.has_area = fd >= 0;
    const void* map = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
    visit.readable = map != MAP_FAILED && *static_cast<const std::byte*>(map) == errand.first;
    visit.writable = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED ||
                     mprotect(const_cast<void*>(map), 4096, PROT_READ | PROT_WRITE) == 0 ||
                     write(fd, "x", 1) == 1;
    if (errand.uid != 0) {
      char path[32];
      std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
      const base::UniqueFd again(open(path, O_RDWR | O_CLOEXEC));
      visit.writable = visit.writable || again;
    }
    close(fd);
  }
  if (errand.uid != 0) syscall(SYS_setresuid, -1, 0, -1);
  return visit;
}

}  // namespace cuse_binder::test
