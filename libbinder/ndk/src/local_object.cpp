// How a local object serves calls.
#define LOG_TAG "libbinder_ndk"
#include <binder/IResultReceiver.h>
#include <binder/Parcel.h>
#include <log/log.h>
#include <unistd.h>
#include <utils/String8.h>

#include <limits>
#include <string>
#include <vector>

#include "class.h"
#include "object.h"
#include "parcel.h"
#include "status.h"

using android::IBinder;
using android::IResultReceiver;
using android::Parcel;
using android::sp;
using android::status_t;
using android::String16;
using android::String8;

namespace cuse_binder::ndk {

namespace {

// Android's user of the debug bridge.
constexpr uid_t kShellUid = 2000;

bool may_run_shell_commands(uid_t uid) {
  return uid == 0 || uid == kShellUid || uid == geteuid();
}

// Arguments as the C callbacks want them.
class Arguments {
 public:
  void add(const String16& argument) { texts_.push_back(String8(argument).c_str()); }
  uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }
  const char** get() {
    pointers_.clear();
    for (const std::string& text : texts_) pointers_.push_back(text.c_str());
    return pointers_.data();
  }

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

}  // namespace

LocalObject::LocalObject(const AIBinder_Class* clazz, void* user_data)
    : AIBinder(clazz), own_class_(clazz), user_data_(user_data) {}

LocalObject::~LocalObject() {
  own_class_->on_destroy(user_data_);
}

const String16& LocalObject::getInterfaceDescriptor() const {
  return own_class_->wide_descriptor;
}

status_t LocalObject::dump(int fd, const android::Vector<String16>& args) {
  if (own_class_->on_dump == nullptr) return STATUS_OK;
  Arguments arguments;
  for (size_t i = 0; i < args.size(); ++i) arguments.add(args[i]);
  return prune_status(own_class_->on_dump(this, fd, arguments.get(), arguments.size()));
}

status_t LocalObject::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  if (is_user_command(code)) {
    if (reply != nullptr) return call(code, data, reply);
    // Callbacks may always write an answer.
    Parcel nobody_reads;
    return call(code, data, &nobody_reads);
  }
  if (code == IBinder::SHELL_COMMAND_TRANSACTION && own_class_->handle_shell_command != nullptr) {
    return shell_command(data);
  }
  return BBinder::onTransact(code, data, reply, flags);
}

status_t LocalObject::call(uint32_t code, const Parcel& data, Parcel* reply) {
  if (own_class_->has_token && !data.checkInterface(this)) return STATUS_BAD_TYPE;
  const AParcel in = AParcel::view(this, data);
  AParcel out = AParcel::view(this, reply);
  return prune_status(own_class_->on_transact(this, code, &in, &out));
}

status_t LocalObject::shell_command(const Parcel& data) {
  const int in = data.readFileDescriptor();
  const int out = data.readFileDescriptor();
  const int err = data.readFileDescriptor();
  Arguments arguments;
  const int32_t count = data.readInt32();
  for (int32_t i = 0; i < count && data.dataAvail() > 0; ++i) arguments.add(data.readString16());
  data.readStrongBinder();  // the IShellCallback, which the C API does not have
  const sp<IResultReceiver> receiver = IResultReceiver::asInterface(data.readStrongBinder());

  status_t status;
  if (!may_run_shell_commands(AIBinder_getCallingUid())) {
    status = STATUS_PERMISSION_DENIED;
  } else if (in < 0 || out < 0 || err < 0) {
    status = STATUS_BAD_VALUE;
  } else {
    status = own_class_->handle_shell_command(this, in, out, err, arguments.get(), arguments.size());
    if (receiver != nullptr) receiver->send(status);
    return status;
  }
  if (receiver != nullptr) receiver->send(-1);
  return status;
}

}  // namespace cuse_binder::ndk
