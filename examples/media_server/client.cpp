// media_client TITLE VOLUME
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>

#include <cstdio>
#include <cstdlib>

#include "services.h"

using android::sp;
using android::String16;

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: media_client TITLE VOLUME\n");
    return 2;
  }
  android::ProcessState::self()->startThreadPool();
  const sp<IPlayer> player = android::waitForService<IPlayer>(String16("media.player"));
  const sp<IVolume> volume = android::waitForService<IVolume>(String16("media.volume"));
  if (player == nullptr || volume == nullptr) return 1;
  printf("it lasts %d s\n", player->play(String16(argv[1])));
  const int32_t before = volume->set(atoi(argv[2]));
  if (before < 0) {
    printf("the volume cannot be %s: %s\n", argv[2], before == android::BAD_VALUE ? "BAD_VALUE" : "an error");
  } else {
    printf("the volume was %d\n", before);
  }
  return 0;
}
