// One open binder device, used by one thread: what a client of /dev/binder has to do, in as few lines as
// possible.
//
// A binder conversation is a stream of commands (BC_*) that we write and a stream of returns (BR_*) that we
// read, both through the same ioctl, BINDER_WRITE_READ. Payloads do not come back through that ioctl: the
// driver places them in the receive area, memory that the receiver mapped read-only when it opened the
// device, and the return only says where.
#pragma once

#include <linux/android/binder.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;

// Called for each incoming transaction. It must answer with connection_reply(), or for a oneway transaction
// with connection_free(), before it returns.
typedef void transaction_handler(struct connection* c, const struct binder_transaction_data* transaction);
// Called with the cookie of a death notification when the watched object is gone.
typedef void death_handler(struct connection* c, binder_uintptr_t cookie);

struct connection {
  int fd;
  void* receive_area;  // read-only; the driver's side writes payloads into it
  size_t receive_area_size;

  transaction_handler* on_transaction;
  death_handler* on_death;
  void* owner;  // for the handlers

  // A signal handler may set this; connection_read() then gives up with -EINTR.
  const volatile sig_atomic_t* stop;

  unsigned char commands[1024];  // queued BC_*, sent by the next ioctl
  size_t commands_size;
  unsigned char returns[512];  // BR_* that the last ioctl brought, from returns_at on not yet looked at
  size_t returns_at, returns_size;

  // BC_REPLY is queued as an address and read by the next ioctl, so the bytes must live until then. One place
  // is enough: no second transaction can arrive before that ioctl.
  unsigned char reply_bytes[512];
  binder_size_t reply_offsets[1];
};

// What travels in one transaction: bytes, and in them the offset of at most one object that the driver
// translates.
struct payload {
  const void* bytes;
  size_t size;
  bool has_object;
  binder_size_t object_offset;
};

// All functions that return int give 0, or a negative errno.

int connection_open(struct connection* c, const char* device);
void connection_close(struct connection* c);

// Says that this thread takes work that is for the whole process (calls, death notifications).
void connection_enter_looper(struct connection* c);

// Waits for the next return, answers it if the protocol asks for that, and reports which it was. For
// BR_TRANSACTION and BR_REPLY *data is filled; incoming transactions have then been handled already, a reply
// is the caller's to free.
int connection_read(struct connection* c, uint32_t* command, struct binder_transaction_data* data);

// A synchronous call. While it waits, it serves calls that come back into this thread. *reply points into the
// receive area until connection_free(). -EPIPE: the target is dead; -EREMOTEIO: the driver refused the call.
int connection_call(struct connection* c, uint32_t handle, uint32_t code, struct payload request,
                    struct binder_transaction_data* reply);
// A oneway call: returns when the driver has taken it, which is long before anybody reads it.
int connection_send(struct connection* c, uint32_t handle, uint32_t code, struct payload message);

// Queues the answer to a synchronous call and gives the call's buffer back. flags: 0 or TF_STATUS_CODE.
void connection_reply(struct connection* c, const struct binder_transaction_data* transaction, uint32_t flags,
                      struct payload answer);
void connection_free(struct connection* c, const struct binder_transaction_data* transaction);

// Handles are counted. A handle that arrives in a buffer is ours only until that buffer is freed; acquire it
// to keep it.
void connection_acquire(struct connection* c, uint32_t handle);
void connection_release(struct connection* c, uint32_t handle);
void connection_watch(struct connection* c, uint32_t handle, binder_uintptr_t cookie);
// Sends what is queued without waiting for anything.
int connection_flush(struct connection* c);

// Access to a received buffer. Never trust the sizes another process chose: these check them.
const void* received_bytes(const struct binder_transaction_data* data, size_t offset, size_t size);
// The object the driver translated for us if it is the only one, lies at offset 0 and has this type; else
// NULL.
const struct flat_binder_object* received_object(const struct binder_transaction_data* data, uint32_t type);
