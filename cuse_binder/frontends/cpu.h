// Which CPUs there are, and running on one of them.
#pragma once

namespace cuse_binder::frontends {

// The number of CPUs that the kernel could ever have, switched on or not.
unsigned possible_cpus();
// Binds the calling thread to a CPU; without effect if that CPU is offline.
void pin_to_cpu(unsigned cpu);

}  // namespace cuse_binder::frontends
