// The CUSE door: character devices such as /dev/binder, on any kernel that has /dev/cuse.
//
// All devices of a door are served by one crew of workers. What a client sees that mmap cannot give here is
// handed over by an AreaServer.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cuse_binder/frontends/fuse_mount.h"

namespace cuse_binder::frontends {

class CuseDoor {
 public:
  using NamedDevice = FuseMount::NamedDevice;
  struct Options {
    std::vector<NamedDevice> devices;  // the nodes' names, and which contexts are behind them
    mode_t mode = 0600;
    uid_t uid = 0;
    gid_t gid = 0;
    unsigned workers = 0;     // over all devices, at least two for each; 0: chosen by the number of CPUs
    std::string area_socket;  // see AreaServer::Options::path
  };
  // What could not be done.
  struct Failure {
    enum class What { cuse, device, socket } what;
    std::string name;  // of the device, or path of the socket
    int error;         // positive errno; of a device: EEXIST if its name is taken
  };

  // Makes all devices or none; when it returns, their nodes can be opened. Null on failure. `driver` is
  // borrowed until the destructor has run.
  static std::unique_ptr<CuseDoor> open(protocol::Driver& driver, Options options, Failure& failure);

  virtual ~CuseDoor() = default;  // closes

  // Ends every pending call, joins all threads, removes the devices. Clients that keep descriptors get
  // ENOTCONN from then on. Not to be called from a callback of this class.
  virtual void close() = 0;

  virtual FuseCounters counters() const = 0;
  // `callback` is called once, from a thread of the door, when a device was aborted by somebody else; at once
  // if that has happened already.
  virtual void on_lost(std::function<void()> callback) = 0;
};

}  // namespace cuse_binder::frontends
