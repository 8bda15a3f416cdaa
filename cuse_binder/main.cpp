// binderd: see cuse_binder/daemon.
#include <cstdio>
#include <exception>
#include <variant>

#include "cuse_binder/daemon/daemon.h"
#include "cuse_binder/daemon/options.h"

int main(int argc, char** argv) {
  using namespace cuse_binder::daemon;
  try {
    const auto parsed = parse_options(argc, argv);
    if (const auto* exit = std::get_if<ExitNow>(&parsed)) return exit->status;
    return static_cast<int>(run(std::get<Options>(parsed)));
  } catch (const std::exception& error) {
    // Out of memory or of threads while starting.
    std::fprintf(stderr, "binderd: %s\n", error.what());
    return static_cast<int>(ExitCode::failure);
  }
}
