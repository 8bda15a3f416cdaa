#include "c_api.h"

#include "test/support/catch.h"

TEST_CASE("a C program can use all of it", "[c]") {
  CHECK(run_c_api() == 0);
}
