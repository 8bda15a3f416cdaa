// The node /dev/NAME of a CUSE device.
//
// The kernel makes it in devtmpfs, where it is for root only until we give it its owner and mode, and takes
// it away when the connection ends. Where /dev is something else (containers), we do both.
#pragma once

#include <sys/types.h>

#include <string>

namespace cuse_binder::frontends {

class CuseNode {
 public:
  struct Options {
    std::string directory = "/dev";
    std::string registry = "/sys/class/cuse";    // NAME/dev has the device's number
    std::string char_devices = "/sys/dev/char";  // MAJOR:MINOR exists for each device there is
    mode_t mode = 0600;
    uid_t uid = 0;
    gid_t gid = 0;
  };

  CuseNode(std::string name, Options options);
  ~CuseNode();
  CuseNode(const CuseNode&) = delete;
  CuseNode& operator=(const CuseNode&) = delete;

  // 0 if the name is free, EEXIST if something is there that is not the rest of a device that has gone.
  // To be asked before the device is made: the kernel makes one all the same, without a node.
  int claim();
  // The device exists: finds or makes its node, and sets owner and mode. A positive errno on failure.
  int publish();
  const std::string& path() const { return path_; }

 private:
  // What is at path() now.
  enum class Found { nothing, device, left_over, other };
  Found look(dev_t wanted) const;
  int device_number(dev_t& number) const;

  const std::string name_;
  const Options options_;
  const std::string path_;
  bool made_ = false;  // by us, not by the kernel
  dev_t number_ = 0;
};

}  // namespace cuse_binder::frontends
