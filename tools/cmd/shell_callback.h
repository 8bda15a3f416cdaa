// Opens files for a service that runs a shell command, with the rights of whoever called the command.
#pragma once

#include <binder/IShellCallback.h>

#include <atomic>
#include <string>

namespace binder_tools {

class ShellCallback final : public android::BnShellCallback {
 public:
  // Relative paths begin at `directory`.
  explicit ShellCallback(std::string directory) : directory_(std::move(directory)) {}

  // mode: "r", "r+", "w" or "w+", as of fopen(). A descriptor, or a negative errno, with a message on
  // standard error if the service is to blame. The security context is not looked at: that of files on
  // Android.
  int openFile(const android::String16& path, const android::String16& seLinuxContext,
               const android::String16& mode) override;

  // The command is over: nothing is opened any more.
  void end() { active_ = false; }

 private:
  const std::string directory_;
  std::atomic<bool> active_{true};
};

}  // namespace binder_tools
