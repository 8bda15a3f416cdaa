// The workers of a door and the watchdog over them.
#pragma once

#include <functional>

#include "cuse_binder/frontends/watchdog.h"
#include "cuse_binder/frontends/worker.h"

namespace cuse_binder::protocol {
class Driver;
}

namespace cuse_binder::frontends {

class Crew {
 public:
  explicit Crew(protocol::Driver& driver) : driver_(driver), watchdog_(workers_) {}

  WorkerSet& workers() { return workers_; }
  const WorkerSet& workers() const { return workers_; }
  Watchdog& watchdog() { return watchdog_; }
  const Watchdog& watchdog() const { return watchdog_; }

  // `places`: how workers lose their places and others take them. What a stuck one still owes to others is
  // seen to here.
  void start(Watchdog::Actions places);
  // Called by a worker that was declared stuck, when it has finished its request.
  void no_longer_stuck(Worker& worker);
  // Waits for all workers; the transports have been told to end before.
  void join();

 private:
  protocol::Driver& driver_;
  WorkerSet workers_;
  Watchdog watchdog_;
};

}  // namespace cuse_binder::frontends
