#include "test/client/ioctl_mount.h"

#define FUSE_USE_VERSION 314
#include <fuse3/fuse_lowlevel.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace cuse_binder::test {
namespace {

constexpr fuse_ino_t kFile = 2;

struct stat attributes_of(fuse_ino_t inode) {
  struct stat attributes {};
  attributes.st_ino = inode;
  attributes.st_nlink = 1;
  attributes.st_mode = inode == kFile ? S_IFREG | 0666 : S_IFDIR | 0755;
  return attributes;
}

void lookup(fuse_req_t request, fuse_ino_t, const char* name) {
  if (std::strcmp(name, "file") != 0) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  fuse_entry_param entry{};
  entry.ino = kFile;
  entry.attr = attributes_of(kFile);
  fuse_reply_entry(request, &entry);
}

void getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
  const struct stat attributes = attributes_of(inode);
  fuse_reply_attr(request, &attributes, 1);
}

void open(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
  fuse_reply_open(request, file);
}

void ioctl(fuse_req_t request, fuse_ino_t, unsigned, void*, fuse_file_info*, unsigned, const void* in,
           size_t size, size_t) {
  PendingIoctl pending{request, fuse_req_ctx(request)->pid, {}};
  if (size == sizeof pending.argument) std::memcpy(&pending.argument, in, size);
  static_cast<IoctlMount*>(fuse_req_userdata(request))->arrived(pending);
}

void flush(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
  static_cast<IoctlMount*>(fuse_req_userdata(request))->flush(request);
}

}  // namespace

void PendingIoctl::answer(const IoctlArgument& out, int result) {
  if (result < 0) {
    fuse_reply_err(request, -result);
  } else {
    fuse_reply_ioctl(request, result, &out, sizeof out);
  }
}

IoctlMount::IoctlMount() {
  char name[] = "/tmp/client_test.XXXXXX";
  if (mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp failed");
  directory_ = name;
  chmod(name, 0755);
  char program[] = "client_test", option[] = "-oallow_other", *words[] = {program, option, nullptr};
  fuse_args arguments = FUSE_ARGS_INIT(2, words);
  fuse_lowlevel_ops operations{};
  operations.lookup = lookup;
  operations.getattr = getattr;
  operations.open = open;
  operations.ioctl = ioctl;
  operations.flush = cuse_binder::test::flush;
  session_ = fuse_session_new(&arguments, &operations, sizeof operations, this);
  fuse_opt_free_args(&arguments);
  if (session_ == nullptr || fuse_session_mount(session_, directory_.c_str()) != 0) {
    throw std::runtime_error("mounting failed: these tests need root and /dev/fuse");
  }
  server_ = std::thread([this] { fuse_session_loop(session_); });
}

IoctlMount::~IoctlMount() {
  for (PendingIoctl& left : pending_) left.answer({}, -ENODEV);
  release_flushes();
  fuse_session_exit(session_);
  umount2(directory_.c_str(),
          MNT_FORCE | MNT_DETACH);  // ends the loop's read; libfuse's way would close its descriptor
  server_.join();
  fuse_session_unmount(session_);
  fuse_session_destroy(session_);
  rmdir(directory_.c_str());
}

PendingIoctl IoctlMount::next() {
  std::unique_lock guard(mutex_);
  if (!changed_.wait_for(guard, std::chrono::seconds(10), [this] { return !pending_.empty(); })) {
    throw std::runtime_error("no ioctl came within ten seconds");
  }
  const PendingIoctl ioctl = pending_.front();
  pending_.pop_front();
  return ioctl;
}

void IoctlMount::refuse(pid_t tid) {
  std::lock_guard guard(mutex_);
  refused_.insert(tid);
  std::erase_if(pending_, [tid](PendingIoctl& ioctl) {
    if (ioctl.tid == tid) ioctl.answer({}, -EINTR);
    return ioctl.tid == tid;
  });
}

void IoctlMount::hold_flushes() {
  std::lock_guard guard(mutex_);
  holds_flushes_ = true;
}

void IoctlMount::release_flushes() {
  std::lock_guard guard(mutex_);
  holds_flushes_ = false;
  for (fuse_req* request : held_flushes_) fuse_reply_err(request, 0);
  held_flushes_.clear();
}

void IoctlMount::flush(fuse_req* request) {
  std::lock_guard guard(mutex_);
  if (holds_flushes_) {
    held_flushes_.push_back(request);
  } else {
    fuse_reply_err(request, 0);
  }
}

std::size_t IoctlMount::pending() {
  std::lock_guard guard(mutex_);
  return pending_.size();
}

void IoctlMount::arrived(PendingIoctl ioctl) {
  {
    std::lock_guard guard(mutex_);
    if (refused_.contains(ioctl.tid)) {
      ioctl.answer({}, -EINTR);
      return;
    }
    pending_.push_back(ioctl);
  }
  changed_.notify_one();
}

}  // namespace cuse_binder::test
