// raw_client: talks to raw_service through a binder device and tells what happened, step by step.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "steps.h"

enum { kMaxCalls = 10 * 1000 * 1000 };

static int usage(FILE* to, int status) {
  fputs(
      "usage: raw_client [--calls N] DEVICE\n"
      "Goes through all steps against raw_service on the binder device DEVICE; exit status 0 if each of them "
      "succeeded.\n"
      "  --calls N  instead measures the latency of N synchronous calls\n",
      to);
  return status;
}

static bool parse_calls(const char* text, long* calls) {
  char* end;
  errno = 0;
  *calls = strtol(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && *calls > 0 && *calls <= kMaxCalls;
}

// A step that fails does not prevent the next ones; a client without a service can do nothing.
static bool run_steps(struct client* client) {
  const struct connection* c = &client->connection;
  printf("%-12s%s, protocol %d, receive area %zu KiB; process %d, thread %d, uid %u\n", "device",
         client->device, BINDER_CURRENT_PROTOCOL_VERSION, c->receive_area_size / 1024, getpid(), gettid(),
         geteuid());
  if (!find_service(client)) return false;
  bool (*const steps[])(struct client*) = {attach_object,   call_sync,          send_oneway,
                                           pass_descriptor, send_large_payload, see_death};
  bool all = true;
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) all = steps[i](client) && all;
  return all;
}

int main(int argc, char** argv) {
  const char* device = NULL;
  long calls = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) return usage(stdout, EXIT_SUCCESS);
    if (strcmp(argv[i], "--calls") == 0) {
      if (++i == argc || !parse_calls(argv[i], &calls)) return usage(stderr, 2);
    } else if (argv[i][0] == '-' || device != NULL) {
      return usage(stderr, 2);
    } else {
      device = argv[i];
    }
  }
  if (device == NULL) return usage(stderr, 2);

  struct client client;
  if (!client_open(&client, device)) return EXIT_FAILURE;
  // To attach lets the service notice when we are gone.
  const bool succeeded =
      calls > 0 ? find_service(&client) && attach_object(&client) && measure_latency(&client, calls)
                : run_steps(&client);
  client_close(&client);
  return succeeded ? EXIT_SUCCESS : EXIT_FAILURE;
}
