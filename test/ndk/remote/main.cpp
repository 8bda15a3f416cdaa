// The tests of libbinder_ndk between processes, on the device BINDER_DEVICE.
#define CATCH_CONFIG_RUNNER
#include <android/binder_process.h>
#include <binder/ProcessState.h>

#include <cstdio>

#include "scene.h"
#include "test/support/catch.h"

int main(int argc, char** argv) {
  if (cuse_binder::test::device().empty()) {
    std::puts("skipped: no BINDER_DEVICE");
    return 77;
  }
  android::ProcessState::initWithDriver(cuse_binder::test::device().c_str());
  ABinderProcess_startThreadPool();
  const int failed = Catch::Session().run(argc, argv);
  cuse_binder::test::end_scene();
  return failed == 0 ? 0 : 1;
}
