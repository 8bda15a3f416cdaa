#define CATCH_CONFIG_MAIN
#include "test/support/catch.h"

#if __has_include(<catch2/catch_all.hpp>)
int main(int argc, char** argv) {
  return Catch::Session().run(argc, argv);
}
#endif

// A process may end while the driver still has to confirm that it forgot a proxy's address; the reference that is kept
// until then goes with the memory of a process, and with a Party it is lost. That confirmations do arrive has a test.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:android::BpBinder::create\n";
}
