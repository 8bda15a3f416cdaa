// The clients that attached an object to the service, until the driver reports their death.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct watched_client {
  uint32_t id;  // also the cookie of the death notification; 0: free slot
  uint32_t handle;
  int pid;
  unsigned uid;
};

struct watched_clients {
  struct watched_client slots[64];
  size_t count;
  uint32_t last_id;
};

// NULL if all slots are taken: a service that lets anybody consume its memory is not a service for long.
struct watched_client* watched_clients_add(struct watched_clients* clients);
struct watched_client* watched_clients_find(struct watched_clients* clients, uint64_t id);
struct watched_client* watched_clients_by_handle(struct watched_clients* clients, uint32_t handle);
void watched_clients_remove(struct watched_clients* clients, struct watched_client* client);
