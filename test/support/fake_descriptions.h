// Open file descriptions of fake processes: what their descriptors point to.
//
// A description lives as long as a descriptor, a mapping or a file in transit refers to it; the last one to
// go ends it.
#pragma once

#include <memory>
#include <string>

#include "cuse_binder/base/file.h"

namespace cuse_binder::test {

class FakeDescription {
 public:
  FakeDescription() { ++alive_; }
  virtual ~FakeDescription() { --alive_; }
  FakeDescription(const FakeDescription&) = delete;
  // Whether pidfd_getfd and fget see it; O_PATH descriptors are not open in that sense.
  virtual bool can_be_taken() const { return true; }
  // As read(2) and write(2): bytes, or a negative errno.
  virtual long read(void* to, std::size_t size);
  virtual long write(const void* from, std::size_t size);

  static int alive() { return alive_; }

 private:
  static int alive_;  // of all fake processes of this test program
};

using DescriptionPtr = std::shared_ptr<FakeDescription>;

// A file that a driver holds on its way from one process to another.
class FakeFile final : public base::File {
 public:
  explicit FakeFile(DescriptionPtr description) : description_(std::move(description)) {}
  const DescriptionPtr& description() const { return description_; }

 private:
  DescriptionPtr description_;
};

class PathDescription final : public FakeDescription {
 public:
  bool can_be_taken() const override { return false; }
};

// One end of a non-blocking pipe. Reading gives 0 when no writing end is left, writing EPIPE without a
// reading one.
class PipeEnd final : public FakeDescription {
 public:
  static std::pair<DescriptionPtr, DescriptionPtr> make();  // read end, write end
  ~PipeEnd() override;
  long read(void* to, std::size_t size) override;
  long write(const void* from, std::size_t size) override;

 private:
  struct Pipe {
    std::string bytes;
    int ends[2] = {1, 1};  // open descriptions: reading, writing
  };
  enum Side { kReading, kWriting };
  PipeEnd(std::shared_ptr<Pipe> pipe, Side side) : pipe_(std::move(pipe)), side_(side) {}

  std::shared_ptr<Pipe> pipe_;
  Side side_;
};

}  // namespace cuse_binder::test
