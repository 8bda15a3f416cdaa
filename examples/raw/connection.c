#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

// A character device that is provided through CUSE cannot be mapped by mmap: the kernel has no such operation for it.
// The programs raw_service_cuse and raw_client_cuse are these same files, built with a function in its place that
// does what mmap does and falls back to asking the daemon (cuse_binder/device/binder_device.h, one header and one
// source to copy). They run on every kind of binder device; those without it on all but that one.
#ifdef RAW_WITH_DEVICE_MODULE
#include <binder_device.h>
#define MAP_RECEIVE_AREA binder_device_map
#else
#define MAP_RECEIVE_AREA mmap
#endif

// What Android's libbinder uses: one megabyte less two pages.
enum { kReceiveAreaSize = 1024 * 1024 - 2 * 4096 };

int connection_open(struct connection* c, const char* device) {
  memset(c, 0, sizeof *c);
  c->fd = open(device, O_RDWR | O_CLOEXEC);
  if (c->fd < 0) return -errno;
  struct binder_version version = {0};
  if (ioctl(c->fd, BINDER_VERSION, &version) < 0) {
    const int error = errno;
    close(c->fd);
    return -error;
  }
  if (version.protocol_version != BINDER_CURRENT_PROTOCOL_VERSION) {
    close(c->fd);
    return -EPROTONOSUPPORT;
  }
  c->receive_area_size = kReceiveAreaSize;
  c->receive_area =
      MAP_RECEIVE_AREA(NULL, c->receive_area_size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, c->fd, 0);
  if (c->receive_area == MAP_FAILED) {
    const int error = errno;
    close(c->fd);
    return -error;
  }
  return 0;
}

void connection_close(struct connection* c) {
  // The mapping also keeps the device open, so both have to go before the driver sees our end.
  munmap(c->receive_area, c->receive_area_size);
  close(c->fd);
  c->fd = -1;
}

// Commands are a 4-byte code followed at once by the payload, without padding.
static void queue(struct connection* c, uint32_t command, const void* payload, size_t size) {
  if (c->commands_size + sizeof command + size > sizeof c->commands) abort();  // a bug of this program
  memcpy(c->commands + c->commands_size, &command, sizeof command);
  // An empty command has no payload address either, and memcpy() must not be given NULL.
  if (size > 0) memcpy(c->commands + c->commands_size + sizeof command, payload, size);
  c->commands_size += sizeof command + size;
}

// The ioctl. It first executes our commands, then, if there is room to read, waits for returns.
static int write_read(struct connection* c, bool wait) {
  for (;;) {
    struct binder_write_read exchange = {
        .write_size = c->commands_size,
        .write_buffer = (binder_uintptr_t)(uintptr_t)c->commands,
        .read_size = wait ? sizeof c->returns : 0,
        .read_buffer = (binder_uintptr_t)(uintptr_t)c->returns,
    };
    const int error = ioctl(c->fd, BINDER_WRITE_READ, &exchange) < 0 ? errno : 0;
    // Even a failed ioctl says how many commands were executed; those must not be sent again. Some may be
    // left after success too: the driver stops at a command whose outcome it wants us to read first.
    c->commands_size -= exchange.write_consumed;
    memmove(c->commands, c->commands + exchange.write_consumed, c->commands_size);
    if (error == 0) {
      if (wait) {
        c->returns_at = 0;
        c->returns_size = exchange.read_consumed;
      }
      return 0;
    }
    // A signal ends the wait, and SA_RESTART does not help here: the driver leaves repeating to us.
    if (error != EINTR) return -error;
    if (c->stop != NULL && *c->stop) return -EINTR;
  }
}

int connection_flush(struct connection* c) {
  return write_read(c, false);
}

void connection_enter_looper(struct connection* c) {
  queue(c, BC_ENTER_LOOPER, NULL, 0);
}

void connection_free(struct connection* c, const struct binder_transaction_data* transaction) {
  const binder_uintptr_t buffer = transaction->data.ptr.buffer;
  queue(c, BC_FREE_BUFFER, &buffer, sizeof buffer);
}

void connection_acquire(struct connection* c, uint32_t handle) {
  queue(c, BC_ACQUIRE, &handle, sizeof handle);
}

void connection_release(struct connection* c, uint32_t handle) {
  queue(c, BC_RELEASE, &handle, sizeof handle);
}

void connection_watch(struct connection* c, uint32_t handle, binder_uintptr_t cookie) {
  const struct binder_handle_cookie watch = {.handle = handle, .cookie = cookie};
  queue(c, BC_REQUEST_DEATH_NOTIFICATION, &watch, sizeof watch);
}

// Takes `size` bytes of the returns that were read; the stream is not aligned, hence the copy.
static bool take(struct connection* c, void* to, size_t size) {
  if (c->returns_size - c->returns_at < size) return false;
  memcpy(to, c->returns + c->returns_at, size);
  c->returns_at += size;
  return true;
}

int connection_read(struct connection* c, uint32_t* command, struct binder_transaction_data* data) {
  if (c->returns_at == c->returns_size) {
    const int error = write_read(c, true);
    if (error != 0) return error;
  }
  if (!take(c, command, sizeof *command)) return -EPROTO;
  switch (*command) {
    case BR_INCREFS:
    case BR_ACQUIRE: {
      // Somebody holds one of our objects for the first time. A real program would now keep the object alive;
      // the driver holds back a later "nobody holds it any more" until we confirm.
      struct binder_ptr_cookie object;
      if (!take(c, &object, sizeof object)) return -EPROTO;
      queue(c, *command == BR_INCREFS ? BC_INCREFS_DONE : BC_ACQUIRE_DONE, &object, sizeof object);
      return 0;
    }
    case BR_RELEASE:
    case BR_DECREFS: {
      // Nobody holds it any more: here a real program may delete the object. Ours live as long as the
      // program.
      struct binder_ptr_cookie object;
      return take(c, &object, sizeof object) ? 0 : -EPROTO;
    }
    case BR_TRANSACTION:
      if (!take(c, data, sizeof *data)) return -EPROTO;
      c->on_transaction(c, data);
      return 0;
    case BR_REPLY:
      return take(c, data, sizeof *data) ? 0 : -EPROTO;
    case BR_DEAD_BINDER: {
      binder_uintptr_t cookie;
      if (!take(c, &cookie, sizeof cookie)) return -EPROTO;
      queue(c, BC_DEAD_BINDER_DONE, &cookie, sizeof cookie);
      c->on_death(c, cookie);
      return 0;
    }
    case BR_NOOP:                  // starts every batch of returns
    case BR_SPAWN_LOOPER:          // "start another thread": only sent after BINDER_SET_MAX_THREADS
    case BR_TRANSACTION_COMPLETE:  // the driver has taken our call or reply
    case BR_DEAD_REPLY:
    case BR_FAILED_REPLY:
    case BR_FROZEN_REPLY:
      return 0;
    default:
      return -EPROTO;  // everything else is only sent to clients that asked for it
  }
}

// The driver reads the payload and the array of object offsets directly from these addresses during the
// ioctl.
static struct binder_transaction_data describe(uint32_t handle, uint32_t code, uint32_t flags,
                                               const struct payload* payload) {
  struct binder_transaction_data data = {
      .target.handle = handle,
      .code = code,
      .flags = flags,
      .data_size = payload->size,
      .offsets_size = payload->has_object ? sizeof(binder_size_t) : 0,
      .data.ptr.buffer = (binder_uintptr_t)(uintptr_t)payload->bytes,
      .data.ptr.offsets = (binder_uintptr_t)(uintptr_t)&payload->object_offset,
  };
  return data;
}

int connection_call(struct connection* c, uint32_t handle, uint32_t code, struct payload request,
                    struct binder_transaction_data* reply) {
  // TF_ACCEPT_FDS would allow the *reply* to carry descriptors; ours never does.
  const struct binder_transaction_data call = describe(handle, code, 0, &request);
  queue(c, BC_TRANSACTION, &call, sizeof call);
  for (;;) {
    uint32_t command;
    const int error = connection_read(c, &command, reply);
    if (error != 0) return error;
    if (command == BR_REPLY) return 0;
    if (command == BR_DEAD_REPLY) return -EPIPE;
    if (command == BR_FAILED_REPLY || command == BR_FROZEN_REPLY) return -EREMOTEIO;
  }
}

int connection_send(struct connection* c, uint32_t handle, uint32_t code, struct payload message) {
  const struct binder_transaction_data call = describe(handle, code, TF_ONE_WAY, &message);
  queue(c, BC_TRANSACTION, &call, sizeof call);
  for (;;) {
    uint32_t command;
    struct binder_transaction_data unused;
    const int error = connection_read(c, &command, &unused);
    if (error != 0) return error;
    if (command == BR_TRANSACTION_COMPLETE) return 0;
    if (command == BR_DEAD_REPLY) return -EPIPE;
    if (command == BR_FAILED_REPLY || command == BR_FROZEN_REPLY) return -EREMOTEIO;
  }
}

void connection_reply(struct connection* c, const struct binder_transaction_data* transaction, uint32_t flags,
                      struct payload answer) {
  if (answer.size > sizeof c->reply_bytes) abort();  // a bug of this program
  if (answer.size > 0) memcpy(c->reply_bytes, answer.bytes, answer.size);
  c->reply_offsets[0] = answer.object_offset;
  struct binder_transaction_data reply = describe(0, 0, flags, &answer);
  reply.data.ptr.buffer = (binder_uintptr_t)(uintptr_t)c->reply_bytes;
  reply.data.ptr.offsets = (binder_uintptr_t)(uintptr_t)c->reply_offsets;
  connection_free(c, transaction);
  queue(c, BC_REPLY, &reply, sizeof reply);
}

const void* received_bytes(const struct binder_transaction_data* data, size_t offset, size_t size) {
  if (offset > data->data_size || data->data_size - offset < size) return NULL;
  return (const unsigned char*)(uintptr_t)data->data.ptr.buffer + offset;
}

const struct flat_binder_object* received_object(const struct binder_transaction_data* data, uint32_t type) {
  if (data->offsets_size != sizeof(binder_size_t)) return NULL;
  const binder_size_t* offset = (const binder_size_t*)(uintptr_t)data->data.ptr.offsets;
  // Only what the offsets array names was checked and translated by the driver; other bytes that look like an
  // object are just bytes somebody sent.
  if (*offset != 0) return NULL;
  const struct flat_binder_object* object = received_bytes(data, 0, sizeof *object);
  return object != NULL && object->hdr.type == type ? object : NULL;
}
