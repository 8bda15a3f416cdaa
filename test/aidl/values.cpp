#include "test/aidl/values.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>

namespace cuse_binder::test::aidl_corpus {

int make_file(Random& random) {
  std::uint64_t content[4];
  for (std::uint64_t& word : content) word = random.next();
  const int fd = memfd_create("aidl corpus", MFD_CLOEXEC);
  const std::size_t size = random.below(sizeof content + 1);
  if (fd < 0 || write(fd, content, size) != static_cast<ssize_t>(size)) throw std::runtime_error("no file");
  return fd;
}

void add_file(Digest& digest, int fd) {
  char content[64];
  const ssize_t size = pread(fd, content, sizeof content, 0);
  digest.add_number(static_cast<std::uint64_t>(size));
  if (size > 0) digest.add(content, static_cast<std::size_t>(size));
}

}  // namespace cuse_binder::test::aidl_corpus
