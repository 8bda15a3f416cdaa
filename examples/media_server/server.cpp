// One process with several services: each is published, then the pool starts and the main thread joins it.
#include <binder/BinderService.h>
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>

#include <atomic>
#include <cstdio>

#include "services.h"

using android::BinderService;
using android::IPCThreadState;
using android::OK;
using android::ProcessState;
using android::sp;
using android::String16;
using android::String8;

namespace {

class Player : public BnPlayer, public BinderService<Player> {
 public:
  static const char* getServiceName() { return "media.player"; }
  int32_t play(const String16& title) override {
    printf("playing %s\n", String8(title).c_str());
    return static_cast<int32_t>(title.size());
  }
};

class Volume : public BnVolume, public BinderService<Volume> {
 public:
  static const char* getServiceName() { return "media.volume"; }
  int32_t set(int32_t volume) override { return volume_.exchange(volume); }

 private:
  std::atomic<int32_t> volume_{50};
};

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const sp<ProcessState> process = ProcessState::self();
  if (Player::publish() != OK || Volume::publish() != OK) return 1;
  printf("media.player and media.volume are registered\n");
  process->startThreadPool();
  IPCThreadState::self()->joinThreadPool();
  return 0;
}
