// conformance: runs the cases on the driver that the environment names (environment.h).
#define CATCH_CONFIG_RUNNER
#include <exception>
#include <iostream>

#include "test/conformance/environment.h"
#include "test/support/catch.h"

int main(int argc, char** argv) {
  using cuse_binder::conformance::environment;
  try {
    std::cout << "driver: " << environment().traits().name << "\n";
  } catch (const std::exception& error) {
    std::cerr << "conformance: " << error.what() << "\n";
    return 2;
  }
  const int failed = Catch::Session().run(argc, argv);
  for (const std::string& line : environment().unreachable()) std::cout << "not reachable: " << line << "\n";
  return failed;
}
