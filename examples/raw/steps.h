// What raw_client shows, one function per step. Each prints one line and says whether everything happened as
// it should.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "connection.h"

struct client {
  struct connection connection;
  const char* device;
  uint32_t service;  // our handle of the service's object

  // Set by the handlers below.
  int callback_thread;  // where the last call back arrived
  binder_uintptr_t dead_cookie;
};

bool client_open(struct client* client, const char* device);
void client_close(struct client* client);

bool find_service(struct client* client);
bool attach_object(struct client* client);
bool call_sync(struct client* client);
bool send_oneway(struct client* client);
bool pass_descriptor(struct client* client);
bool send_large_payload(struct client* client);
bool see_death(struct client* client);

// latency.c: `calls` synchronous calls of 64 bytes; prints minimum, median and 99th percentile.
bool measure_latency(struct client* client, long calls);

double now_us(void);
