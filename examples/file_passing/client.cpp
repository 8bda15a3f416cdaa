#include <binder/IServiceManager.h>
#include <binder/ProcessState.h>
#include <com/example/files/IFiles.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

using android::sp;
using android::String16;
using android::base::unique_fd;
using android::os::ParcelFileDescriptor;
using com::example::files::IFiles;

int main() {
  android::ProcessState::self()->startThreadPool();
  const sp<IFiles> files = android::waitForService<IFiles>(String16("files"));
  if (files == nullptr) return 1;

  ParcelFileDescriptor received;
  if (!files->open("out of the service's pipe", &received).isOk()) return 1;
  char text[64] = {};
  if (read(received.get(), text, sizeof text - 1) < 0) return 1;
  printf("read: %s\n", text);
  fflush(stdout);

  // Our own standard output, on which the service writes.
  const ParcelFileDescriptor out(unique_fd(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)));
  return files->write(out, "written by the service\n").isOk() ? 0 : 1;
}
