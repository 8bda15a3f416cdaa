/*
 * Opening and mapping a binder device, wherever it comes from: the kernel's driver, a binder file system that
 * binderd mounted, or a character device that binderd provides through CUSE.
 *
 * The last kind cannot be mapped by mmap(2): CUSE has no such operation, the kernel answers ENODEV. The
 * memory is then asked of the daemon, over its Unix socket. Everything else (ioctl, poll) is done on the
 * descriptor as usual. This header and binder_device.c need nothing but the C library and may be copied into
 * any program.
 *
 * All functions may be called from any thread at any time: they share no state. They report errors as the
 * system calls they stand for do: -1 or MAP_FAILED, and errno.
 */
#ifndef CUSE_BINDER_DEVICE_BINDER_DEVICE_H
#define CUSE_BINDER_DEVICE_BINDER_DEVICE_H

#include <linux/ioctl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * open(2) with O_RDWR and O_CLOEXEC; of `flags`, O_NONBLOCK is taken over. A descriptor, or -1.
 */
int binder_device_open(const char* path, int flags);

/*
 * mmap(2) for the receive area of an open device. Where mmap itself works, this is mmap, and errno is the
 * driver's. Where it does not (ENODEV), the area comes from the daemon and the rules are those of the
 * kernel's driver:
 *
 *   EPERM      the mapping was to be writable
 *   EBUSY      the device is mapped already, or was (also after munmap; open it again)
 *   EINVAL     no length, or the caller is not the process that opened the device
 *   EACCES     the device is open for writing only; or the daemon takes us for somebody else
 *   ENODEV     not a binder device at all
 *   ECONNREFUSED, ENOENT
 *              the daemon's socket cannot be reached from here: see docs/differences.md about containers
 *   ETIMEDOUT  it does not answer
 *   others     of socket(2) and mmap(2)
 *
 * The mapping is always shared with the daemon, whatever `flags` say, read-only for good, and begins with the
 * first byte of the area: `offset` is ignored, as by the kernel's driver. Of the length at most 4 MiB are
 * used.
 */
void* binder_device_map(void* address, size_t length, int protection, int flags, int fd, off_t offset);

/* munmap(2) of the whole mapping. */
int binder_device_unmap(void* address, size_t length);

/*
 * close(2), which is not repeated when a signal interrupts it: the descriptor is gone in any case. Unmap
 * before, so that the kernel's driver sees the end as well: to it a mapping keeps the device open.
 */
int binder_device_close(int fd);

/*
 * What the daemon and binder_device_map() say to each other; for other implementations of the same.
 *
 * 1. CUSE_BINDER_OFFER_AREA on the device gives a token and the addresses of a socket. The token is good for
 * one use, by the process that opened the device and asked, for half a minute.
 * 2. Connect to one of the addresses (AF_UNIX, SOCK_SEQPACKET) and send the token, in one message.
 * 3. The answer is one cuse_binder_area_answer. With error 0 it carries a descriptor of the area, open for
 * reading.
 * 4. Map it, close it, and tell where with CUSE_BINDER_AREA_MAPPED.
 */
struct cuse_binder_area_offer {
  uint8_t token[16];
  /* Name of an abstract socket, without the NUL that it begins with; empty: there is none. */
  char abstract_name[108];
  /* Path of a socket; empty: there is none. */
  char path[108];
};

struct cuse_binder_area_answer {
  int32_t error; /* 0 or a positive errno */
};

struct cuse_binder_area_mapping {
  uint64_t address;
  uint64_t size; /* bytes, a multiple of the page size */
};

#define CUSE_BINDER_OFFER_AREA _IOR(0xcb, 1, struct cuse_binder_area_offer)
#define CUSE_BINDER_AREA_MAPPED _IOW(0xcb, 2, struct cuse_binder_area_mapping)

#ifdef __cplusplus
}
#endif

#endif
