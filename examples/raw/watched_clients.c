#include "watched_clients.h"

#include <string.h>

enum { kSlots = sizeof((struct watched_clients*)0)->slots / sizeof(struct watched_client) };

struct watched_client* watched_clients_find(struct watched_clients* clients, uint64_t id) {
  for (size_t i = 0; i < kSlots; i++)
    if (clients->slots[i].id == id && id != 0) return &clients->slots[i];
  return NULL;
}

struct watched_client* watched_clients_by_handle(struct watched_clients* clients, uint32_t handle) {
  for (size_t i = 0; i < kSlots; i++)
    if (clients->slots[i].id != 0 && clients->slots[i].handle == handle) return &clients->slots[i];
  return NULL;
}

struct watched_client* watched_clients_add(struct watched_clients* clients) {
  for (size_t i = 0; i < kSlots; i++) {
    if (clients->slots[i].id != 0) continue;
    do {
      clients->last_id++;  // wraps after four billion clients; 0 and ids in use are skipped
    } while (clients->last_id == 0 || watched_clients_find(clients, clients->last_id) != NULL);
    clients->slots[i].id = clients->last_id;
    clients->count++;
    return &clients->slots[i];
  }
  return NULL;
}

void watched_clients_remove(struct watched_clients* clients, struct watched_client* client) {
  memset(client, 0, sizeof *client);
  clients->count--;
}
