// Runs a fuzz target without a fuzzer: over the files and directories named on the command line, then over
// inputs made up from fixed seeds. For builds without libFuzzer, and for debugging a single input.
//
//   replay [--random COUNT] [FILE | DIRECTORY]…
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "cuse_binder/base/log.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// False if the file cannot be read.
bool replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  // A copy of the exact size, so that reading past its end is found.
  const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  return true;
}

void made_up(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> bytes(64 + random() % 4096);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  cuse_binder::base::set_log_levels("off");
  unsigned count = 0;
  unsigned files = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--random") == 0 && i + 1 < argc) {
      count = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
      continue;
    }
    const std::filesystem::path path = argv[i];
    bool good = true;
    if (std::filesystem::is_directory(path)) {
      for (const auto& entry : std::filesystem::directory_iterator(path))
        good = replay(entry.path()) && good, ++files;
    } else {
      good = replay(path);
      ++files;
    }
    if (!good) {
      std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
      return 2;
    }
  }
  for (unsigned seed = 1; seed <= count; ++seed) made_up(seed);
  std::printf("%u files and %u made-up inputs\n", files, count);
  return files + count > 0 ? 0 : 2;
}
