#include "cuse_binder/daemon/client_services.h"

#include "cuse_binder/client/process_files.h"
#include "cuse_binder/client/process_identity.h"
#include "cuse_binder/client/process_memory.h"

namespace cuse_binder::daemon {

ClientServices ClientServices::create() {
  ClientServices services;
  services.memory = std::make_unique<client::ProcessMemory>();
  services.files = std::make_unique<client::ProcessFiles>();
  services.identity = std::make_unique<client::ProcClientIdentity>();
  return services;
}

}  // namespace cuse_binder::daemon
