#include "test/support/fake_descriptions.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cuse_binder::test {

int FakeDescription::alive_ = 0;

long FakeDescription::read(void*, std::size_t) {
  return -EINVAL;
}
long FakeDescription::write(const void*, std::size_t) {
  return -EINVAL;
}

std::pair<DescriptionPtr, DescriptionPtr> PipeEnd::make() {
  auto pipe = std::make_shared<Pipe>();
  return {DescriptionPtr(new PipeEnd(pipe, kReading)), DescriptionPtr(new PipeEnd(pipe, kWriting))};
}

PipeEnd::~PipeEnd() {
  --pipe_->ends[side_];
}

long PipeEnd::read(void* to, std::size_t size) {
  if (side_ != kReading) return -EBADF;
  if (pipe_->bytes.empty()) return pipe_->ends[kWriting] == 0 ? 0 : -EAGAIN;
  const std::size_t count = std::min(size, pipe_->bytes.size());
  std::memcpy(to, pipe_->bytes.data(), count);
  pipe_->bytes.erase(0, count);
  return static_cast<long>(count);
}

long PipeEnd::write(const void* from, std::size_t size) {
  if (side_ != kWriting) return -EBADF;
  if (pipe_->ends[kReading] == 0) return -EPIPE;
  pipe_->bytes.append(static_cast<const char*>(from), size);
  return static_cast<long>(size);
}

}  // namespace cuse_binder::test
