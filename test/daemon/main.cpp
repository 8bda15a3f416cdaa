// Catch2's main, but a machine that cannot mount makes the tests that do a skip, with the reason.
#define CATCH_CONFIG_RUNNER
#include <cstdio>
#include <cstdlib>

#include "test/daemon/scene.h"
#include "test/support/catch.h"

namespace {
constexpr int kSkipped = 77;  // SKIP_RETURN_CODE in CMakeLists.txt
}

int main(int argc, char** argv) {
  // The tests of a mount are asked for by name; see CMakeLists.txt.
  if (std::getenv("DAEMON_TEST_MOUNTS") != nullptr) {
    if (const auto reason = cuse_binder::test::why_no_mounts(); !reason.empty()) {
      std::printf("skipped: %s\n", reason.c_str());
      return kSkipped;
    }
  }
  return Catch::Session().run(argc, argv);
}
