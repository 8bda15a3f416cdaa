#define _GNU_SOURCE
#include "device_under_test.h"

#define binder_device_open dut_binder_device_open
#define binder_device_map dut_binder_device_map
#define binder_device_unmap dut_binder_device_unmap
#define binder_device_close dut_binder_device_close
#define ioctl dut_ioctl
#define mmap dut_mmap
#include "cuse_binder/device/binder_device.c"
