#include "steps.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"

// Any two numbers do; the service sees neither of them, only a handle.
enum { kCallbackPointer = 0xca11, kCallbackCookie = 0xbac };
enum { kWatchCookie = 0xdead };
enum { kLargePayload = 512 * 1024 };

double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

__attribute__((format(printf, 3, 4))) static bool passed(const char* step, double us, const char* format,
                                                         ...) {
  char text[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  printf("%-12s%-84s %8.0f µs\n", step, text, us);
  return true;
}

__attribute__((format(printf, 2, 3))) static bool failed(const char* step, const char* format, ...) {
  char text[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  printf("%-12sFAILED: %s\n", step, text);
  return false;
}

// A call whose reply is `size` bytes without objects, copied to `answer`. Replies with TF_STATUS_CODE are
// errors.
static int call_for_bytes(struct client* client, uint32_t code, struct payload request, void* answer,
                          size_t size) {
  struct connection* c = &client->connection;
  struct binder_transaction_data reply;
  int error = connection_call(c, client->service, code, request, &reply);
  if (error != 0) return error;
  if ((reply.flags & TF_STATUS_CODE) != 0) {
    const int32_t* status = received_bytes(&reply, 0, sizeof *status);
    error = status != NULL && *status < 0 ? *status : -EBADMSG;
  } else if (reply.data_size != size) {
    error = -EBADMSG;
  } else if (size > 0) {
    memcpy(answer, received_bytes(&reply, 0, size), size);
  }
  connection_free(c, &reply);
  return error;
}

// A call whose reply is one object. The handle stays ours: it is acquired before the reply's buffer is freed.
static int call_for_handle(struct client* client, uint32_t to, uint32_t code, struct payload request,
                           uint32_t* handle) {
  struct connection* c = &client->connection;
  struct binder_transaction_data reply;
  const int error = connection_call(c, to, code, request, &reply);
  if (error != 0) return error;
  const struct flat_binder_object* object = received_object(&reply, BINDER_TYPE_HANDLE);
  if (object != NULL) {
    *handle = object->handle;
    connection_acquire(c, *handle);
  }
  connection_free(c, &reply);
  const int flushed = connection_flush(c);
  return object != NULL ? flushed : -EBADMSG;
}

static void on_transaction(struct connection* c, const struct binder_transaction_data* call) {
  struct client* client = c->owner;
  const uint32_t* number = received_bytes(call, 0, sizeof *number);
  if ((call->flags & TF_ONE_WAY) != 0) return connection_free(c, call);
  if (call->target.ptr != kCallbackPointer || call->cookie != kCallbackCookie || call->code != kCallback ||
      number == NULL) {
    const int32_t status = -EBADMSG;
    return connection_reply(c, call, TF_STATUS_CODE,
                            (struct payload){.bytes = &status, .size = sizeof status});
  }
  client->callback_thread = gettid();
  const uint32_t answer = *number + 1;
  connection_reply(c, call, 0, (struct payload){.bytes = &answer, .size = sizeof answer});
}

static void on_death(struct connection* c, binder_uintptr_t cookie) {
  struct client* client = c->owner;
  client->dead_cookie = cookie;
}

bool client_open(struct client* client, const char* device) {
  memset(client, 0, sizeof *client);
  client->device = device;
  const int error = connection_open(&client->connection, device);
  if (error != 0) {
    fprintf(stderr, "raw_client: %s: %s\n", device, strerror(-error));
    return false;
  }
  client->connection.on_transaction = on_transaction;
  client->connection.on_death = on_death;
  client->connection.owner = client;
  // Our only thread also takes what is meant for the process as a whole; here: death notifications.
  connection_enter_looper(&client->connection);
  return true;
}

void client_close(struct client* client) {
  connection_close(&client->connection);
}

bool find_service(struct client* client) {
  const double start = now_us();
  const int error = call_for_handle(client, 0, kGetService, (struct payload){0}, &client->service);
  if (error == -EPIPE) return failed("service", "the device has no context manager: is raw_service running?");
  if (error != 0) return failed("service", "%s", strerror(-error));
  return passed("service", now_us() - start, "the context manager (handle 0) gave us the service: handle %u",
                client->service);
}

static int attach(struct client* client, uint32_t* id) {
  // Our object goes out as the two numbers that we chose; the service receives a handle instead.
  const struct flat_binder_object object = {
      .hdr.type = BINDER_TYPE_BINDER, .binder = kCallbackPointer, .cookie = kCallbackCookie};
  return call_for_bytes(client, kAttach,
                        (struct payload){.bytes = &object, .size = sizeof object, .has_object = true}, id,
                        sizeof *id);
}

bool attach_object(struct client* client) {
  uint32_t id;
  client->callback_thread = 0;
  const double start = now_us();
  const int error = attach(client, &id);
  if (error != 0) return failed("nested", "%s", strerror(-error));
  // The service called us while we waited for it. The driver must bring such a call to the waiting thread and
  // no other: it may hold locks that the call needs.
  if (client->callback_thread != gettid())
    return failed("nested", "the call back arrived in thread %d, not %d", client->callback_thread, gettid());
  return passed("nested", now_us() - start,
                "we are client %u; during that call the service called back into thread %d", id,
                client->callback_thread);
}

bool call_sync(struct client* client) {
  const char text[] = "hello, service";
  char answer[sizeof text];
  const double start = now_us();
  const int error = call_for_bytes(client, kEcho, (struct payload){.bytes = text, .size = sizeof text},
                                   answer, sizeof answer);
  const double us = now_us() - start;
  if (error != 0) return failed("sync", "%s", strerror(-error));
  if (memcmp(text, answer, sizeof text) != 0) return failed("sync", "the answer differs from what was sent");
  return passed("sync", us, "sent \"%s\" to handle %u, the same bytes came back", text, client->service);
}

bool send_oneway(struct client* client) {
  char text[64], noted[sizeof text];
  const int length = snprintf(text, sizeof text, "no answer needed, process %d", getpid()) + 1;
  const double start = now_us();
  int error = connection_send(&client->connection, client->service, kNote,
                              (struct payload){.bytes = text, .size = (size_t)length});
  const double us = now_us() - start;
  if (error != 0) return failed("oneway", "%s", strerror(-error));
  // The service has one thread and takes work in the order in which it came, so by now it has read the note.
  error = call_for_bytes(client, kLastNote, (struct payload){0}, noted, (size_t)length);
  if (error != 0) return failed("oneway", "asking for the note: %s", strerror(-error));
  if (memcmp(text, noted, (size_t)length) != 0) return failed("oneway", "the service read something else");
  return passed("oneway", us, "sent \"%s\" without waiting; the service read it", text);
}

bool pass_descriptor(struct client* client) {
  int ends[2];
  if (pipe(ends) < 0) return failed("descriptor", "pipe: %s", strerror(errno));
  // The number in the object is ours; the driver opens the same file in the service and puts its number there
  // instead.
  const struct binder_fd_object object = {.hdr.type = BINDER_TYPE_FD, .fd = (uint32_t)ends[1]};
  const double start = now_us();
  const int error =
      call_for_bytes(client, kWriteText,
                     (struct payload){.bytes = &object, .size = sizeof object, .has_object = true}, NULL, 0);
  const double us = now_us() - start;
  close(ends[1]);
  char text[sizeof kWrittenText + 16];
  size_t size = 0;
  bool ended = false;
  // Until the end of the pipe, which comes only when the service's copy is closed too.
  while (error == 0 && size < sizeof text && !ended) {
    struct pollfd readable = {.fd = ends[0], .events = POLLIN};
    if (poll(&readable, 1, 10000) != 1) break;
    const ssize_t got = read(ends[0], text + size, sizeof text - size);
    if (got < 0) break;
    size += (size_t)got;
    ended = got == 0;
  }
  close(ends[0]);
  if (error != 0) return failed("descriptor", "%s", strerror(-error));
  if (!ended) return failed("descriptor", "the pipe did not end: somebody still holds its other end");
  if (size != sizeof kWrittenText - 1 || memcmp(text, kWrittenText, size) != 0)
    return failed("descriptor", "%zu wrong bytes came out of the pipe", size);
  return passed("descriptor", us, "passed descriptor %d; read \"%.*s\"", ends[1], (int)size - 1, text);
}

bool send_large_payload(struct client* client) {
  unsigned char* bytes = malloc(kLargePayload);
  if (bytes == NULL) return failed("payload", "no memory");
  uint32_t random = (uint32_t)getpid();
  for (size_t i = 0; i < kLargePayload; i++) {
    random = random * 1664525 + 1013904223;
    bytes[i] = (unsigned char)(random >> 24);
  }
  const uint32_t expected = checksum(bytes, kLargePayload);
  uint32_t seen = 0;
  const double start = now_us();
  const int error = call_for_bytes(client, kChecksum, (struct payload){.bytes = bytes, .size = kLargePayload},
                                   &seen, sizeof seen);
  const double us = now_us() - start;
  free(bytes);
  if (error != 0) return failed("payload", "%s", strerror(-error));
  if (seen != expected) return failed("payload", "checksum %08x, the service saw %08x", expected, seen);
  return passed("payload", us, "%d KiB; both sides compute checksum %08x", kLargePayload / 1024, seen);
}

// The child: a client like any other that attaches its object, tells its parent the id, and waits for its
// end.
static void be_mortal(struct client* parent, pid_t parent_pid, int tell) {
  struct client mortal;
  uint32_t id;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // not to outlive a parent that was killed
  if (getppid() != parent_pid) _exit(EXIT_FAILURE);
  // An open device stands for the process that opened it; a child opens its own.
  const char* device = parent->device;
  client_close(parent);
  if (!client_open(&mortal, device)) _exit(EXIT_FAILURE);
  if (call_for_handle(&mortal, 0, kGetService, (struct payload){0}, &mortal.service) != 0)
    _exit(EXIT_FAILURE);
  if (attach(&mortal, &id) != 0 || write(tell, &id, sizeof id) != sizeof id) _exit(EXIT_FAILURE);
  for (;;) pause();
}

// Waits until the driver reports the death of what we watch. `killed_at`: to say how long that took.
static bool wait_for_death(struct client* client, uint32_t handle, int pid, double killed_at) {
  while (client->dead_cookie != kWatchCookie) {
    uint32_t command;
    struct binder_transaction_data unused;
    const int error = connection_read(&client->connection, &command, &unused);
    if (error != 0) return failed("death", "%s", strerror(-error));
  }
  const double us = now_us() - killed_at;
  connection_release(&client->connection, handle);
  const int error = connection_flush(&client->connection);
  if (error != 0) return failed("death", "%s", strerror(-error));
  return passed("death", us, "killed process %d, whose object is our handle %u: BR_DEAD_BINDER came", pid,
                handle);
}

bool see_death(struct client* client) {
  int ends[2];
  if (pipe(ends) < 0) return failed("death", "pipe: %s", strerror(errno));
  fflush(stdout);
  const pid_t self = getpid(), child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return failed("death", "fork: %s", strerror(errno));
  }
  if (child == 0) {
    close(ends[0]);
    be_mortal(client, self, ends[1]);
  }
  close(ends[1]);
  uint32_t id, handle = 0;
  int error = read(ends[0], &id, sizeof id) == sizeof id ? 0 : -ECHILD;
  close(ends[0]);
  client->dead_cookie = 0;
  if (error == 0) {
    error = call_for_handle(client, client->service, kFind, (struct payload){.bytes = &id, .size = sizeof id},
                            &handle);
    if (error == 0) {
      connection_watch(&client->connection, handle, kWatchCookie);
      error = connection_flush(&client->connection);
    }
  }
  const double start = now_us();
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  if (error != 0) return failed("death", "%s", strerror(-error));
  return wait_for_death(client, handle, child, start);
}
