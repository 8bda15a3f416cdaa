#include "cuse_binder/frontends/crew.h"

#include "cuse_binder/frontends/device_file.h"
#include "cuse_binder/protocol/driver.h"

namespace cuse_binder::frontends {

void Crew::start(Watchdog::Actions places) {
  auto replace = std::move(places.replace);
  places.replace = [this, replace = std::move(replace)](Worker& worker) {
    replace(worker);
    // What the stuck worker still owed to others. In a worker, because whoever does it may get stuck as well.
    workers_.spawn([this](Worker& helper) {
      driver_.rescue();
      if (helper.stuck) no_longer_stuck(helper);
    });
  };
  watchdog_.start(std::move(places));
}

void Crew::no_longer_stuck(Worker& worker) {
  watchdog_.worker_is_free(worker, &DeviceFile::serve);
}

void Crew::join() {
  workers_.join_all();
  watchdog_.stop();
}

}  // namespace cuse_binder::frontends
