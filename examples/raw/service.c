// raw_service: the context manager of a binder device and, behind it, one service. See README.md for what to
// watch.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "connection.h"
#include "protocol.h"
#include "watched_clients.h"

// An object is a pair of numbers chosen by its owner: the driver keeps them and hands them back with every
// call. C++ programs use addresses of objects. The context manager's are 0 and 0.
enum { kServicePointer = 0x5e41, kServiceCookie = 0xc00c1e };

struct service {
  struct watched_clients clients;
  char last_note[128];
  bool quiet;
  bool had_client;
};

static volatile sig_atomic_t stop;

static void on_signal(int number) {
  (void)number;
  stop = 1;
  alarm(
      1);  // a signal between the last look at `stop` and the ioctl would be slept through: send another one
}

// What the driver says about the caller. The pid is 0 for oneway calls: their sender may be gone by now.
static void say(const struct service* service, const struct binder_transaction_data* call, const char* text) {
  if (service->quiet) return;
  if ((call->flags & TF_ONE_WAY) != 0)
    printf("service     oneway from uid %u: %s\n", (unsigned)call->sender_euid, text);
  else
    printf("service     call from pid %d, uid %u: %s\n", (int)call->sender_pid, (unsigned)call->sender_euid,
           text);
}

static void reply_bytes(struct connection* c, const struct binder_transaction_data* call, const void* bytes,
                        size_t size) {
  connection_reply(c, call, 0, (struct payload){.bytes = bytes, .size = size});
}

static void reply_error(struct connection* c, const struct binder_transaction_data* call, int error) {
  const int32_t status = error;
  connection_reply(c, call, TF_STATUS_CODE, (struct payload){.bytes = &status, .size = sizeof status});
}

// Anything that is not understood must still be given back, descriptors in it included. Descriptors come as
// objects, and every object the driver delivered is named in the offsets array.
static void refuse(struct connection* c, const struct binder_transaction_data* call) {
  const binder_size_t* offsets = (const binder_size_t*)(uintptr_t)call->data.ptr.offsets;
  for (size_t i = 0; i < call->offsets_size / sizeof *offsets; i++) {
    struct binder_fd_object object;  // a copy: objects are aligned to four bytes only
    const void* bytes = received_bytes(call, offsets[i], sizeof object);
    if (bytes == NULL) continue;
    memcpy(&object, bytes, sizeof object);
    if (object.hdr.type == BINDER_TYPE_FD) close((int)object.fd);
  }
  if ((call->flags & TF_ONE_WAY) != 0) return connection_free(c, call);
  reply_error(c, call, -EBADMSG);
}

// The reply carries our object by its own numbers; the driver turns them into a handle that is valid in the
// caller.
static void get_service(struct connection* c, const struct binder_transaction_data* call) {
  const struct flat_binder_object object = {
      .hdr.type = BINDER_TYPE_BINDER,
      .flags = FLAT_BINDER_FLAG_ACCEPTS_FDS,  // without it nobody could pass us a descriptor
      .binder = kServicePointer,
      .cookie = kServiceCookie,
  };
  say(c->owner, call, "asked the context manager for the service");
  connection_reply(c, call, 0, (struct payload){.bytes = &object, .size = sizeof object, .has_object = true});
}

static void echo(struct connection* c, const struct binder_transaction_data* call) {
  unsigned char bytes[sizeof c->reply_bytes];
  if (call->data_size > sizeof bytes) return reply_error(c, call, -E2BIG);
  memcpy(bytes, received_bytes(call, 0, call->data_size), call->data_size);
  reply_bytes(c, call, bytes, call->data_size);
}

static const struct watched_client* keep(struct connection* c, const struct binder_transaction_data* call,
                                         uint32_t handle) {
  struct service* service = c->owner;
  struct watched_client* client = watched_clients_add(&service->clients);
  if (client == NULL) return NULL;
  client->handle = handle;
  client->pid = call->sender_pid;
  client->uid = call->sender_euid;
  // Before connection_reply() frees the call's buffer, and with it the only count that keeps the handle
  // valid.
  connection_acquire(c, handle);
  connection_watch(c, handle, client->id);
  service->had_client = true;
  return client;
}

static void attach(struct connection* c, const struct binder_transaction_data* call) {
  struct service* service = c->owner;
  const struct flat_binder_object* object = received_object(call, BINDER_TYPE_HANDLE);
  if (object == NULL) return refuse(c, call);
  // The same object attached again has the same handle, and a handle can be watched only once.
  const struct watched_client* client = watched_clients_by_handle(&service->clients, object->handle);
  if (client == NULL) client = keep(c, call, object->handle);
  if (client == NULL) return reply_error(c, call, -ENOSPC);

  // Call back while the client waits for us. This blocks for as long as the client likes; a service that has
  // more than one client to care for would have more than one thread.
  const uint32_t id = client->id;
  struct binder_transaction_data answer;
  int error = connection_call(c, client->handle, kCallback, (struct payload){.bytes = &id, .size = sizeof id},
                              &answer);
  if (error == 0) {
    const uint32_t* value = received_bytes(&answer, 0, sizeof *value);
    const bool right = value != NULL && *value == id + 1;
    connection_free(c, &answer);
    if (!right) error = -EBADMSG;
  }
  char text[128];
  snprintf(text, sizeof text, "attached an object, here handle %u; calling it back %s", object->handle,
           error == 0 ? "worked" : strerror(-error));
  say(service, call, text);
  if (error != 0) return reply_error(c, call, error);
  reply_bytes(c, call, &id, sizeof id);
}

static void find(struct connection* c, const struct binder_transaction_data* call) {
  struct service* service = c->owner;
  const uint32_t* id = received_bytes(call, 0, sizeof *id);
  const struct watched_client* client = id != NULL ? watched_clients_find(&service->clients, *id) : NULL;
  if (client == NULL) return reply_error(c, call, -ENOENT);
  // A handle means something only in the process that holds it, so it travels as an object too, not as a
  // number.
  const struct flat_binder_object object = {.hdr.type = BINDER_TYPE_HANDLE, .handle = client->handle};
  say(service, call, "asked for another client's object");
  connection_reply(c, call, 0, (struct payload){.bytes = &object, .size = sizeof object, .has_object = true});
}

static void note(struct connection* c, const struct binder_transaction_data* call) {
  struct service* service = c->owner;
  const size_t size =
      call->data_size < sizeof service->last_note - 1 ? call->data_size : sizeof service->last_note - 1;
  memcpy(service->last_note, received_bytes(call, 0, size), size);
  service->last_note[size] = '\0';
  for (char* p = service->last_note; *p != '\0'; p++)
    if (*p < ' ' || *p > '~') *p = '?';  // a stranger's bytes: keep them off the terminal
  char text[sizeof service->last_note + 16];
  snprintf(text, sizeof text, "note \"%s\"", service->last_note);
  say(service, call, text);
  // Nobody waits for an answer, but the next oneway call to this object is held back until this buffer is
  // free.
  connection_free(c, call);
}

static void write_text(struct connection* c, const struct binder_transaction_data* call) {
  // The driver has put a duplicate of the client's descriptor into our table; it is ours to close.
  const struct flat_binder_object* object = received_object(call, BINDER_TYPE_FD);
  if (object == NULL) return refuse(c, call);
  const int fd = ((const struct binder_fd_object*)object)->fd;
  // It may be a full pipe that nobody reads; a pipe that polls writable takes a short text without blocking.
  struct pollfd writable = {.fd = fd, .events = POLLOUT};
  ssize_t written = -1;
  if (poll(&writable, 1, 0) == 1 && (writable.revents & POLLOUT) != 0)
    written = write(fd, kWrittenText, sizeof kWrittenText - 1);
  close(fd);
  char text[96];
  snprintf(text, sizeof text, "passed a descriptor, here %d; wrote %zd bytes into it", fd, written);
  say(c->owner, call, text);
  if (written != (ssize_t)sizeof kWrittenText - 1) return reply_error(c, call, -EIO);
  reply_bytes(c, call, NULL, 0);
}

static void sum(struct connection* c, const struct binder_transaction_data* call) {
  const uint32_t value = checksum(received_bytes(call, 0, call->data_size), call->data_size);
  char text[96];
  snprintf(text, sizeof text, "%llu bytes with checksum %08x", (unsigned long long)call->data_size, value);
  say(c->owner, call, text);
  reply_bytes(c, call, &value, sizeof value);
}

typedef void call_handler(struct connection* c, const struct binder_transaction_data* call);

struct call_entry {
  call_handler* handler;
  bool oneway;
  size_t objects;
};

static void on_transaction(struct connection* c, const struct binder_transaction_data* call) {
  static const struct call_entry kManagerCalls[] = {[kGetService] = {get_service, false, 0}};
  static const struct call_entry kServiceCalls[] = {
      [kEcho] = {echo, false, 0},    [kAttach] = {attach, false, 1}, [kFind] = {find, false, 0},
      [kNote] = {note, true, 0},     [kLastNote] = {NULL, false, 0}, [kWriteText] = {write_text, false, 1},
      [kChecksum] = {sum, false, 0},
  };
  const struct service* service = c->owner;
  const bool to_service = call->target.ptr == kServicePointer;
  const struct call_entry* entries = to_service ? kServiceCalls : kManagerCalls;
  const size_t count =
      to_service ? sizeof kServiceCalls / sizeof *entries : sizeof kManagerCalls / sizeof *entries;
  const struct call_entry* entry = call->code > 0 && call->code < count ? &entries[call->code] : NULL;
  const bool oneway = (call->flags & TF_ONE_WAY) != 0;
  if (entry == NULL || entry->oneway != oneway ||
      call->offsets_size != entry->objects * sizeof(binder_size_t))
    return refuse(c, call);
  if (entry->handler != NULL) return entry->handler(c, call);
  reply_bytes(c, call, service->last_note, strlen(service->last_note) + 1);
}

static void on_death(struct connection* c, binder_uintptr_t cookie) {
  struct service* service = c->owner;
  struct watched_client* client = watched_clients_find(&service->clients, cookie);
  if (client == NULL) return;
  if (!service->quiet)
    printf("service     BR_DEAD_BINDER: client %u (pid %d, uid %u, handle %u) is gone\n", client->id,
           client->pid, client->uid, client->handle);
  connection_release(c, client->handle);
  watched_clients_remove(&service->clients, client);
}

static int serve(struct connection* c, bool once) {
  struct service* service = c->owner;
  for (;;) {
    uint32_t command;
    struct binder_transaction_data unused;
    const int error = connection_read(c, &command, &unused);
    if (stop) return 0;
    if (error != 0) return error;
    if (once && service->had_client && service->clients.count == 0) return connection_flush(c);
  }
}

static int usage(FILE* to, int status) {
  fputs(
      "usage: raw_service [--once] [--quiet] DEVICE\n"
      "Becomes the context manager of the binder device DEVICE and serves raw_client until SIGTERM or "
      "SIGINT.\n"
      "  --once   ends when all clients that came are gone\n"
      "  --quiet  prints only \"ready\"\n",
      to);
  return status;
}

int main(int argc, char** argv) {
  struct service service = {0};
  const char* device = NULL;
  bool once = false;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) return usage(stdout, EXIT_SUCCESS);
    if (strcmp(argv[i], "--once") == 0)
      once = true;
    else if (strcmp(argv[i], "--quiet") == 0)
      service.quiet = true;
    else if (argv[i][0] == '-' || device != NULL)
      return usage(stderr, 2);
    else
      device = argv[i];
  }
  if (device == NULL) return usage(stderr, 2);

  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);  // a client may close the pipe it passed us
  const struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGALRM, &action, NULL);

  struct connection c;
  int error = connection_open(&c, device);
  if (error != 0) {
    fprintf(stderr, "raw_service: %s: %s\n", device, strerror(-error));
    return EXIT_FAILURE;
  }
  c.on_transaction = on_transaction;
  c.on_death = on_death;
  c.owner = &service;
  c.stop = &stop;

  int32_t unused = 0;
  if (ioctl(c.fd, BINDER_SET_CONTEXT_MGR, &unused) < 0) {
    fprintf(stderr, "raw_service: %s: cannot become context manager: %s\n", device,
            errno == EBUSY ? "there is one already" : strerror(errno));
    connection_close(&c);
    return EXIT_FAILURE;
  }
  connection_enter_looper(&c);
  error = connection_flush(&c);
  if (error == 0) {
    printf("ready\n");
    error = serve(&c, once);
  }
  connection_close(&c);
  if (error != 0) fprintf(stderr, "raw_service: %s: %s\n", device, strerror(-error));
  return error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
