// Gives open files away, and writes into files of its callers.
#include <binder/IPCThreadState.h>
#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <com/example/files/BnFiles.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

using android::OK;
using android::sp;
using android::String16;
using android::base::unique_fd;
using android::binder::Status;
using android::os::ParcelFileDescriptor;

namespace {

class Files : public com::example::files::BnFiles {
 public:
  Status open(const std::string& text, ParcelFileDescriptor* file) override {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return Status::fromServiceSpecificError(errno);
    const unique_fd reading(ends[0]);
    const unique_fd writing(ends[1]);
    // Not more than the pipe holds: nobody reads yet.
    if (fcntl(writing.get(), F_SETFL, O_NONBLOCK) != 0 ||
        ::write(writing.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      return Status::fromServiceSpecificError(errno);
    }
    file->reset(unique_fd(fcntl(reading.get(), F_DUPFD_CLOEXEC, 0)));
    return Status::ok();
  }

  Status write(const ParcelFileDescriptor& file, const std::string& text) override {
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      return Status::fromServiceSpecificError(errno);
    }
    return Status::ok();
  }
};

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  if (android::defaultServiceManager()->addService(String16("files"), sp<Files>(new Files)) != OK) return 1;
  printf("files is registered\n");
  android::IPCThreadState::self()->joinThreadPool();
  return 0;
}
