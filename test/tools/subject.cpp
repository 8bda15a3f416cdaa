// Services for the tests of the tools: subject DEVICE [NAME...]; "serving" when they are registered.
//
//   plain    dumps its arguments; knows commands; adds the numbers of `call plain 1`
//   hanging  writes a line of its dump and never returns
//   failing  has no dump, but an error
//   mute     a shell command that never has a result; its process ends at the first one
//   urgent   of priority CRITICAL, dumps as protobuf, too
#include <android-base/file.h>
#include <android-base/unique_fd.h>
#include <binder/Binder.h>
#include <binder/IPCThreadState.h>
#include <binder/IResultReceiver.h>
#include <binder/IServiceManager.h>
#include <binder/IShellCallback.h>
#include <binder/Parcel.h>
#include <binder/ProcessState.h>
#include <unistd.h>
#include <utils/String8.h>

#include <cstdio>
#include <map>
#include <string>

namespace {

using namespace android;

std::string text_of(const Vector<String16>& words) {
  std::string text;
  for (const String16& word : words) text += std::string(" [") + String8(word).c_str() + "]";
  return text;
}

class Service : public BBinder {
 public:
  explicit Service(std::string name) : name_(std::move(name)) {}

  const String16& getInterfaceDescriptor() const override {
    static const String16 descriptor("test.ISubject");
    return descriptor;
  }

  status_t dump(int fd, const Vector<String16>& args) override {
    base::WriteStringToFd(name_ + " was given" + text_of(args) + "\n", fd);
    if (name_ == "failing") return INVALID_OPERATION;
    while (name_ == "hanging") pause();
    return OK;
  }

 protected:
  status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) override {
    if (code == SHELL_COMMAND_TRANSACTION) return shell_command(data);
    if (code == 1) return add(data, reply);
    if (code == 2) return read_file(data, reply);
    return BBinder::onTransact(code, data, reply, flags);
  }

 private:
  // Two numbers and a string; their sum and the string.
  status_t add(const Parcel& data, Parcel* reply) {
    if (!data.enforceInterface(getInterfaceDescriptor())) return PERMISSION_DENIED;
    const int32_t small = data.readInt32();
    const int64_t large = data.readInt64();
    String16 text;
    if (const status_t status = data.readString16(&text); status != OK) return status;
    reply->writeInt64(small + large);
    return reply->writeString16(text);
  }

  // A descriptor; the length of what can be read there.
  status_t read_file(const Parcel& data, Parcel* reply) {
    if (!data.enforceInterface(getInterfaceDescriptor())) return PERMISSION_DENIED;
    base::unique_fd fd;
    if (const status_t status = data.readUniqueFileDescriptor(&fd); status != OK) return status;
    std::string text;
    if (!base::ReadFdToString(fd, &text)) return UNKNOWN_ERROR;
    return reply->writeInt32(static_cast<int32_t>(text.size()));
  }

  status_t shell_command(const Parcel& data) {
    if (name_ == "mute") {
      std::printf("mute got a command\n");
      _exit(0);
    }
    const int in = data.readFileDescriptor();
    const int out = data.readFileDescriptor();
    const int err = data.readFileDescriptor();
    const int32_t count = data.readInt32();
    Vector<String16> args;
    for (int32_t i = 0; i < count && data.dataAvail() > 0; ++i) args.add(data.readString16());
    const sp<IShellCallback> files = IShellCallback::asInterface(data.readStrongBinder());
    const sp<IResultReceiver> result = IResultReceiver::asInterface(data.readStrongBinder());
    result->send(run(in, out, err, args, files));
    return OK;
  }

  int run(int in, int out, int err, const Vector<String16>& args, const sp<IShellCallback>& files) {
    const std::string command = args.empty() ? "" : String8(args[0]).c_str();
    if (command == "cat") {
      std::string text;
      base::ReadFdToString(in, &text);
      base::WriteStringToFd(text, out);
      return 0;
    }
    if (command == "exit" && args.size() > 1) {
      base::WriteStringToFd("leaving\n", err);
      return std::atoi(String8(args[1]).c_str());
    }
    if ((command == "open" || command == "write") && args.size() > 2) {
      const base::unique_fd file(files->openFile(args[1], String16(), args[2]));
      if (file.get() < 0) {
        base::WriteStringToFd("cannot open it\n", err);
        return 1;
      }
      if (command == "write") return base::WriteStringToFd("by the service\n", file) ? 0 : 1;
      std::string text;
      base::ReadFdToString(file, &text);
      base::WriteStringToFd(text, out);
      return 0;
    }
    base::WriteStringToFd("what is" + text_of(args) + "\n", out);
    return 64;
  }

  const std::string name_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a line is an event
  ProcessState::initWithDriver(argv[1]);
  const sp<IServiceManager> manager = defaultServiceManager();
  std::map<std::string, int> flags;
  flags["urgent"] = IServiceManager::DUMP_FLAG_PRIORITY_CRITICAL | IServiceManager::DUMP_FLAG_PROTO;
  for (int i = 2; i < argc; ++i) {
    const auto it = flags.find(argv[i]);
    const status_t status =
        manager->addService(String16(argv[i]), sp<IBinder>(new Service(argv[i])), false,
                            it == flags.end() ? IServiceManager::DUMP_FLAG_PRIORITY_DEFAULT : it->second);
    if (status != OK) {
      std::printf("status %d\n", status);
      return 1;
    }
  }
  ProcessState::self()->startThreadPool();
  std::printf("serving\n");
  IPCThreadState::self()->joinThreadPool();
  return 0;
}
