#define LOG_TAG "libbinder"
#include "manager/dialect_choice.h"

#include <fnmatch.h>
#include <log/log.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace android::manager {
namespace {

constexpr char kVariable[] = "CUSE_BINDER_DIALECT";
constexpr char kFileVariable[] = "CUSE_BINDER_DIALECTS";
constexpr char kFile[] = "/etc/cuse_binder/dialects";

}  // namespace

const Dialect* dialect_from_file(const std::string& text, const std::string& device, std::string& problem) {
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line.substr(0, line.find('#')));
    std::string pattern, name, rest;
    if (!(words >> pattern)) continue;
    const Dialect* dialect = words >> name ? find_dialect(name) : nullptr;
    if (dialect == nullptr || words >> rest) {
      if (problem.empty())
        problem = "line " + std::to_string(number) + ": expected DEVICE DIALECT, with a dialect of " +
                  std::string(dialect_names());
      continue;
    }
    if (fnmatch(pattern.c_str(), device.c_str(), FNM_PATHNAME) == 0) return dialect;
  }
  return nullptr;
}

const Dialect* configured_dialect(const std::string& device) {
  if (const char* name = std::getenv(kVariable)) {
    if (const Dialect* dialect = find_dialect(name)) return dialect;
    ALOGE("%s is '%s', but must be %s", kVariable, name, std::string(dialect_names()).c_str());
  }
  const char* path = std::getenv(kFileVariable);
  if (path == nullptr) path = kFile;
  std::ifstream file(path);
  if (!file) return nullptr;
  std::ostringstream text;
  text << file.rdbuf();
  std::string problem;
  const Dialect* dialect = dialect_from_file(text.str(), device, problem);
  if (!problem.empty()) ALOGE("%s: %s", path, problem.c_str());
  return dialect;
}

const Dialect& chosen_dialect(const std::string& device) {
  const Dialect* configured = configured_dialect(device);
  return configured != nullptr ? *configured : newest_dialect();
}

}  // namespace android::manager
