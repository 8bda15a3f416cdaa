// The context manager of a device under measurement: servers publish an object in a numbered slot, clients
// find it there.
#pragma once

#include <cstdint>
#include <string>

#include "bench/support/binder_client.h"
#include "bench/support/child.h"

namespace cuse_binder::bench {

class Registry {
 public:
  // kPublish: an object as in Android's parcels (with the word that follows it), a slot.
  // kFind: a slot; the answer is the object, with that word.
  enum Code : std::uint32_t { kPublish = 1, kFind, kGreet };

  explicit Registry(const std::string& device);
  pid_t pid() const { return child_.pid(); }

 private:
  Child child_;
};

// For use in other processes. `object` is the number by which the server knows its object.
void publish(BinderClient& client, std::uint32_t slot, binder_uintptr_t object);
std::uint32_t find(BinderClient& client, std::uint32_t slot);
// Any call to the context manager, for whoever wants to have made one.
void greet_registry(BinderClient& client);

}  // namespace cuse_binder::bench
