// The ways to reach into clients that every driver of this process uses, made for the machine we run on.
#pragma once

#include <memory>

#include "cuse_binder/client/client_files.h"
#include "cuse_binder/client/client_identity.h"
#include "cuse_binder/client/client_memory.h"

namespace cuse_binder::daemon {

struct ClientServices {
  std::unique_ptr<client::ClientMemory> memory;
  std::unique_ptr<client::ClientFiles> files;
  std::unique_ptr<client::ClientIdentity> identity;

  static ClientServices create();
};

}  // namespace cuse_binder::daemon
