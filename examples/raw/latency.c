#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"
#include "steps.h"

enum { kWarmUp = 200, kSize = 64 };

static int by_value(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

bool measure_latency(struct client* client, long calls) {
  double* us = malloc((size_t)calls * sizeof *us);
  if (us == NULL) {
    printf("%-12sFAILED: no memory for %ld figures\n", "latency", calls);
    return false;
  }
  unsigned char bytes[kSize] = {0};
  for (long i = -kWarmUp; i < calls; i++) {
    struct binder_transaction_data reply;
    const double start = now_us();
    // The previous reply's buffer is given back by the same ioctl that sends this call.
    const int error = connection_call(&client->connection, client->service, kEcho,
                                      (struct payload){.bytes = bytes, .size = sizeof bytes}, &reply);
    if (error != 0) {
      printf("%-12sFAILED: %s\n", "latency", strerror(-error));
      free(us);
      return false;
    }
    if (i >= 0) us[i] = now_us() - start;
    connection_free(&client->connection, &reply);
  }
  qsort(us, (size_t)calls, sizeof *us, by_value);
  printf("%-12s%ld calls of %d bytes: min %.1f µs, median %.1f µs, p99 %.1f µs\n", "latency", calls, kSize,
         us[0], us[calls / 2], us[calls - 1 - calls / 100]);
  free(us);
  return true;
}
