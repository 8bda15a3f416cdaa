#include "test/conformance/transcript.h"

#include <cstdlib>
#include <fstream>

#include "test/support/catch.h"

namespace cuse_binder::conformance {
namespace {

std::ostream* transcript() {
  static std::ofstream file;
  static const bool wanted = [] {
    const char* path = std::getenv("CONFORMANCE_TRANSCRIPT");
    if (!path || !*path) return false;
    file.open(path, std::ios::trunc);
    if (!file) FAIL("cannot write the transcript " << path);
    return true;
  }();
  return wanted ? &file : nullptr;
}

}  // namespace

void transcript_heading(const std::string& case_name) {
  if (std::ostream* out = transcript()) *out << "\n== " << case_name << "\n" << std::flush;
}

void transcript_line(const std::string& line) {
  UNSCOPED_INFO("  | " << line);
  if (std::ostream* out = transcript()) *out << line << "\n" << std::flush;
}

}  // namespace cuse_binder::conformance
