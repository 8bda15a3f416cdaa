// Catch2's main; a machine that cannot mount makes these tests a skip, with the reason.
#define CATCH_CONFIG_RUNNER
#include <cstdio>

#include "test/daemon/scene.h"
#include "test/support/catch.h"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;  // SKIP_RETURN_CODE in CMakeLists.txt
  if (const auto reason = cuse_binder::test::why_no_mounts(); !reason.empty()) {
    std::printf("skipped: %s\n", reason.c_str());
    return kSkipped;
  }
  return Catch::Session().run(argc, argv);
}
