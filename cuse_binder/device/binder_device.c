#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
#endif
#include "binder_device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Long enough for any daemon that lives. */
enum { kPatienceSeconds = 30 };

static void close_keeping_errno(int fd) {
  const int error = errno;
  close(fd);
  errno = error;
}

int binder_device_open(const char* path, int flags) {
  int fd;
  do {
    fd = open(path, O_RDWR | O_CLOEXEC | (flags & O_NONBLOCK));
  } while (fd < 0 && errno == EINTR);
  return fd;
}

/* A descriptor, connected; -1 with errno. `size` is that of the name, which may begin with a NUL. */
static int connect_to(const char* name, size_t size) {
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (size > sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, name, size);
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const struct timeval patience = {.tv_sec = kPatienceSeconds};
  int result = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  /* It also limits how long connect() waits for a place in the daemon's queue. */
  if (result == 0) result = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
  while (result == 0 && connect(fd, (const struct sockaddr*)&address, length) != 0) {
    if (errno == EINTR) continue; /* a Unix socket is not being connected in the background: once more */
    if (errno == EAGAIN) errno = ETIMEDOUT;
    result = -1;
  }
  if (result == 0) return fd;
  close_keeping_errno(fd);
  return -1;
}

static int connect_to_daemon(const struct cuse_binder_area_offer* offer) {
  char name[sizeof offer->abstract_name + 1] = {0};
  memcpy(name + 1, offer->abstract_name, sizeof offer->abstract_name);
  const size_t abstract_size = strnlen(offer->abstract_name, sizeof offer->abstract_name);
  int fd = -1;
  errno = ECONNREFUSED;
  if (abstract_size > 0) fd = connect_to(name, 1 + abstract_size);
  /* An abstract name is not known in another network namespace; a path may be. */
  const size_t path_size = strnlen(offer->path, sizeof offer->path);
  if (fd < 0 && path_size > 0 && path_size < sizeof offer->path) fd = connect_to(offer->path, path_size + 1);
  return fd;
}

/* The descriptor that came with the message, -1 if there is none. Others that came along are closed. */
static int take_descriptor(struct msghdr* message) {
  int taken = -1;
  for (struct cmsghdr* header = CMSG_FIRSTHDR(message); header != NULL;
       header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      if (taken < 0) {
        taken = fd;
      } else {
        close(fd);
      }
    }
  }
  return taken;
}

/* A descriptor of the area; -1 with errno. */
static int receive_area(int connection) {
  struct cuse_binder_area_answer answer = {.error = EPROTO};
  struct iovec piece = {.iov_base = &answer, .iov_len = sizeof answer};
  union {
    struct cmsghdr header; /* for its alignment */
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t got;
  do {
    got = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    if (errno == EAGAIN) errno = ETIMEDOUT;
    return -1;
  }
  const int fd = take_descriptor(&message);
  if (got == (ssize_t)sizeof answer && answer.error == 0 && fd >= 0) return fd;
  if (fd >= 0) close(fd);
  if (got == 0) {
    errno = ECONNRESET; /* the daemon has ended, or had to let go of connections */
  } else if (got == (ssize_t)sizeof answer && answer.error > 0) {
    errno = answer.error;
  } else {
    /* Without room for another descriptor the message comes, but nothing with it. */
    errno = (message.msg_flags & MSG_CTRUNC) != 0 ? EMFILE : EPROTO;
  }
  return -1;
}

static int fetch_area(const struct cuse_binder_area_offer* offer) {
  const int connection = connect_to_daemon(offer);
  if (connection < 0) return -1;
  ssize_t sent;
  do {
    sent = send(connection, offer->token, sizeof offer->token, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  int area = -1;
  /* If it was refused without being read, the reason may be waiting all the same. */
  if (sent == (ssize_t)sizeof offer->token || errno == EPIPE) area = receive_area(connection);
  close_keeping_errno(connection);
  return area;
}

static int retrying_ioctl(int fd, unsigned long request, void* argument) {
  int result;
  do {
    result = ioctl(fd, request, argument);
  } while (result < 0 && errno == EINTR);
  return result;
}

static void* map_through_daemon(void* address, size_t length, int protection, int flags, int fd) {
  struct cuse_binder_area_offer offer;
  memset(&offer, 0, sizeof offer);
  if ((protection & PROT_WRITE) != 0) {
    errno = EPERM;
    return MAP_FAILED;
  }
  if (retrying_ioctl(fd, CUSE_BINDER_OFFER_AREA, &offer) < 0) {
    if (errno == ENOTTY) errno = ENODEV; /* somebody else's device that cannot be mapped */
    return MAP_FAILED;
  }
  const int area = fetch_area(&offer);
  if (area < 0) return MAP_FAILED;
  /* Shared, because a private mapping could be made writable later. */
  const int shared = (flags & ~(MAP_PRIVATE | MAP_SHARED | MAP_SHARED_VALIDATE)) | MAP_SHARED;
  void* mapped = mmap(address, length, protection, shared, area, 0);
  close_keeping_errno(area);
  if (mapped == MAP_FAILED) return MAP_FAILED;
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  struct cuse_binder_area_mapping mapping = {.address = (uint64_t)(uintptr_t)mapped,
                                             .size = (length + page - 1) / page * page};
  if (retrying_ioctl(fd, CUSE_BINDER_AREA_MAPPED, &mapping) < 0) {
    const int error = errno;
    munmap(mapped, length);
    errno = error;
    return MAP_FAILED;
  }
  return mapped;
}

void* binder_device_map(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  const int before = errno;
  void* mapped = mmap(address, length, protection, flags, fd, offset);
  if (mapped != MAP_FAILED || errno != ENODEV) return mapped;
  mapped = map_through_daemon(address, length, protection, flags, fd);
  if (mapped != MAP_FAILED) errno = before;
  return mapped;
}

int binder_device_unmap(void* address, size_t length) {
  return munmap(address, length);
}

int binder_device_close(int fd) {
  return close(fd);
}
