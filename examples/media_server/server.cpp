// One process with several services: each is instantiated, then the pool starts and the main thread joins it.
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>

#include <atomic>
#include <cstdio>

#include "services.h"

using android::defaultServiceManager;
using android::IPCThreadState;
using android::OK;
using android::ProcessState;
using android::sp;
using android::status_t;
using android::String16;
using android::String8;

namespace {

class Player : public BnPlayer {
 public:
  static status_t instantiate() {
    return defaultServiceManager()->addService(String16("media.player"), new Player);
  }
  int32_t play(const String16& title) override {
    printf("playing %s\n", String8(title).string());
    return static_cast<int32_t>(title.size());
  }
};

class Volume : public BnVolume {
 public:
  static status_t instantiate() {
    return defaultServiceManager()->addService(String16("media.volume"), new Volume);
  }
  int32_t set(int32_t volume) override { return volume_.exchange(volume); }

 private:
  std::atomic<int32_t> volume_{50};
};

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const sp<ProcessState> process = ProcessState::self();
  if (Player::instantiate() != OK || Volume::instantiate() != OK) return 1;
  printf("media.player and media.volume are registered\n");
  process->startThreadPool();
  IPCThreadState::self()->joinThreadPool();
  return 0;
}
