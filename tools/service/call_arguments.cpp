#include "tools/service/call_arguments.h"

#include <android-base/unique_fd.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>

namespace binder_tools {

using android::Parcel;
using android::String16;
using android::base::unique_fd;

namespace {

using Words = std::vector<std::string>;

// A whole number between `lowest` and `highest`; a sign or 0x in front, nothing behind.
bool parse_integer(const std::string& text, int64_t lowest, uint64_t highest, uint64_t& value) {
  const bool negative = !text.empty() && text[0] == '-';
  const std::string digits = negative ? text.substr(1) : text;
  const bool hexadecimal = digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
  const char first = hexadecimal ? digits[2] : digits.empty() ? '\0' : digits[0];
  if (isxdigit(static_cast<unsigned char>(first)) == 0) return false;
  char* end = nullptr;
  errno = 0;
  const uint64_t size = std::strtoull(digits.c_str(), &end, hexadecimal ? 16 : 10);
  if (*end != '\0' || errno != 0) return false;
  if (negative ? size > uint64_t{0} - static_cast<uint64_t>(lowest) : size > highest) return false;
  value = negative ? uint64_t{0} - size : size;
  return true;
}

bool parse_real(const std::string& text, double& value) {
  char* end = nullptr;
  value = std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0';
}

std::string not_a_number(const std::string& text) {
  return "'" + text + "' is not a number that fits";
}

std::string could_not(const std::string& what, const std::string& path) {
  return "could not " + what + " '" + path + "': " + std::strerror(errno);
}

std::string write_i32(const std::string& text, Parcel& parcel) {
  uint64_t value = 0;
  // As unsigned, too: hexadecimal numbers are often meant so.
  if (!parse_integer(text, std::numeric_limits<int32_t>::min(), std::numeric_limits<uint32_t>::max(), value))
    return not_a_number(text);
  parcel.writeInt32(static_cast<int32_t>(value));
  return {};
}

std::string write_i64(const std::string& text, Parcel& parcel) {
  uint64_t value = 0;
  if (!parse_integer(text, std::numeric_limits<int64_t>::min(), std::numeric_limits<uint64_t>::max(), value))
    return not_a_number(text);
  parcel.writeInt64(static_cast<int64_t>(value));
  return {};
}

std::string write_float(const std::string& text, Parcel& parcel) {
  double value = 0;
  if (!parse_real(text, value)) return not_a_number(text);
  parcel.writeFloat(static_cast<float>(value));
  return {};
}

std::string write_double(const std::string& text, Parcel& parcel) {
  double value = 0;
  if (!parse_real(text, value)) return not_a_number(text);
  parcel.writeDouble(value);
  return {};
}

std::string write_string(const std::string& text, Parcel& parcel) {
  parcel.writeString16(String16(text.c_str()));
  return {};
}

std::string write_file(const std::string& path, Parcel& parcel) {
  unique_fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return could_not("open", path);
  parcel.writeFileDescriptor(fd.release(), true);
  return {};
}

std::string write_descriptor(const std::string& text, Parcel& parcel) {
  uint64_t fd = 0;
  if (!parse_integer(text, 0, std::numeric_limits<int>::max(), fd)) return not_a_number(text);
  if (fcntl(static_cast<int>(fd), F_GETFD) < 0) return "there is no open descriptor " + text;
  parcel.writeFileDescriptor(static_cast<int>(fd), true);
  return {};
}

std::string write_memory(const std::string& path, Parcel& parcel) {
  const unique_fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (file.get() < 0 || fstat(file.get(), &info) != 0) return could_not("open", path);
  unique_fd memory(memfd_create("service", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (memory.get() < 0) return could_not("make memory for", path);
  for (;;) {
    const ssize_t copied = TEMP_FAILURE_RETRY(sendfile(memory.get(), file.get(), nullptr, 1 << 20));
    if (copied < 0) return could_not("read", path);
    if (copied == 0) break;
  }
  (void)lseek(memory.get(), 0, SEEK_SET);
  parcel.writeFileDescriptor(memory.release(), true);
  return {};
}

// What AOSP's `service` writes for an Intent: a string or null each, and no extras.
class Intent {
 public:
  // False if that is nothing of an intent, but the next argument.
  bool take(const std::string& word) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return false;
    const std::string key = word.substr(0, equals);
    if (key != "action" && key != "data" && key != "type" && key != "launchFlags" && key != "component" &&
        key != "categories")
      return false;
    values_[key] = word.substr(equals + 1);
    return true;
  }

  std::string write(Parcel& parcel) const {
    write_text(parcel, "action");
    write_text(parcel, "data");
    write_text(parcel, "type");
    const auto flags = values_.find("launchFlags");
    if (std::string problem = write_i32(flags == values_.end() ? "0" : flags->second, parcel);
        !problem.empty())
      return problem;
    write_text(parcel, "component");
    Words categories;
    if (const auto list = values_.find("categories"); list != values_.end()) {
      for (size_t begin = 0; begin < list->second.size();) {
        const size_t end = std::min(list->second.find(',', begin), list->second.size());
        if (end > begin) categories.push_back(list->second.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    parcel.writeInt32(static_cast<int32_t>(categories.size()));
    for (const std::string& category : categories) write_string(category, parcel);
    parcel.writeInt32(-1);  // no extras
    return {};
  }

 private:
  void write_text(Parcel& parcel, const char* key) const {
    const auto value = values_.find(key);
    if (value == values_.end())
      parcel.writeInt32(-1);
    else
      write_string(value->second, parcel);
  }

  std::map<std::string, std::string> values_;
};

struct Kind {
  const char* value;  // what must follow, for messages
  std::string (*write)(const std::string& value, Parcel& parcel);
};

const std::map<std::string, Kind>& kinds() {
  static const std::map<std::string, Kind> map = {
      {"i32", {"integer", write_i32}},
      {"i64", {"integer", write_i64}},
      {"f", {"number", write_float}},
      {"d", {"number", write_double}},
      {"s16", {"string", write_string}},
      {"fd", {"path", write_file}},
      {"nfd", {"file descriptor", write_descriptor}},
      {"afd", {"path", write_memory}},
  };
  return map;
}

}  // namespace

std::string write_arguments(const Words& words, Parcel& parcel) {
  for (size_t i = 0; i < words.size();) {
    const std::string& name = words[i++];
    if (name == "null") {
      parcel.writeStrongBinder(nullptr);
    } else if (name == "intent") {
      Intent intent;
      while (i < words.size() && intent.take(words[i])) ++i;
      if (std::string problem = intent.write(parcel); !problem.empty()) return problem;
    } else {
      const auto kind = kinds().find(name);
      if (kind == kinds().end()) return "unknown option " + name;
      if (i == words.size()) return std::string("no ") + kind->second.value + " supplied for '" + name + "'";
      if (std::string problem = kind->second.write(words[i++], parcel); !problem.empty())
        return problem;
    }
  }
  return {};
}

bool parse_code(const std::string& text, uint32_t& code) {
  uint64_t value = 0;
  if (!parse_integer(text, 0, std::numeric_limits<uint32_t>::max(), value)) return false;
  code = static_cast<uint32_t>(value);
  return true;
}

}  // namespace binder_tools
