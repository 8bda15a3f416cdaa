#include "cuse_binder/daemon/pid_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cuse_binder::daemon {
namespace {

std::string first_line(int fd) {
  char text[32];
  const ssize_t size = pread(fd, text, sizeof(text), 0);
  std::string line(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  return line.substr(0, line.find('\n'));
}

// Whether `path` still names the file we have open: its former owner may have removed it while we waited to
// lock it.
bool still_named(int fd, const std::string& path) {
  struct stat opened, named;
  return fstat(fd, &opened) == 0 && stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

std::optional<StartError> PidFile::acquire(const std::string& path) {
  const auto failed = [&path](const char* what) {
    return StartError{ExitCode::failure,
                      fmt::format("cannot {} the pid file {}: {}", what, path, std::strerror(errno))};
  };
  base::UniqueFd file;
  do {
    file.reset(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file) return failed("open");
    if (flock(file.get(), LOCK_EX | LOCK_NB) < 0) {
      if (errno != EWOULDBLOCK) return failed("lock");
      return StartError{ExitCode::busy,
                        fmt::format("the pid file {} is held by process {}; is a daemon running already?",
                                    path, first_line(file.get()))};
    }
  } while (!still_named(file.get(), path));

  const auto text = fmt::format("{}\n", getpid());
  if (ftruncate(file.get(), 0) < 0 ||
      pwrite(file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return failed("write");
  path_ = path;
  file_ = std::move(file);
  return std::nullopt;
}

PidFile::~PidFile() {
  if (file_ && still_named(file_.get(), path_)) unlink(path_.c_str());
}

}  // namespace cuse_binder::daemon
