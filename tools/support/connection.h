// What every tool does first: choose the device, and find the service manager.
#pragma once

#include <binder/IServiceManager.h>

#include <string>

namespace binder_tools {

// The device of `--device PATH` or `--device=PATH` at the front of the arguments, which is taken out of them;
// else that of the environment variable CUSE_BINDER_DEVICE, else /dev/binder. False, with a message, if the
// path is missing.
bool take_device(const char* program, int& argc, char** argv, std::string& device);

// Opens the device and waits for its manager. Null, with a message, if the device cannot be opened.
android::sp<android::IServiceManager> connect(const char* program, const std::string& device);

// Sorted, as the tools print them.
android::Vector<android::String16> services_of(const android::sp<android::IServiceManager>& manager,
                                               int flags = android::IServiceManager::DUMP_FLAG_PRIORITY_ALL);

}  // namespace binder_tools
