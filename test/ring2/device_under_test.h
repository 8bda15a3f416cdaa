// binder_device.c with other names, so that the test can play the kernel's part. Included before it when it
// is built as C, and by the test.
#pragma once

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "cuse_binder/device/binder_device.h"

#ifdef __cplusplus
extern "C" {
#endif
int dut_binder_device_open(const char* path, int flags);
void* dut_binder_device_map(void* address, size_t length, int protection, int flags, int fd, off_t offset);
int dut_binder_device_unmap(void* address, size_t length);
int dut_binder_device_close(int fd);
int dut_ioctl(int fd, unsigned long request, ...);
void* dut_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset);
#ifdef __cplusplus
}
#endif
