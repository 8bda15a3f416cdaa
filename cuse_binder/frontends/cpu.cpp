#include "cuse_binder/frontends/cpu.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

namespace cuse_binder::frontends {

unsigned possible_cpus() {
  std::ifstream file("/sys/devices/system/cpu/possible");  // e.g. "0-3"
  std::string text;
  file >> text;
  const auto last = text.find_last_of("-,");
  const int highest = std::atoi(text.c_str() + (last == std::string::npos ? 0 : last + 1));
  return static_cast<unsigned>(std::max<long>(highest + 1, sysconf(_SC_NPROCESSORS_CONF)));
}

void pin_to_cpu(unsigned cpu) {
  cpu_set_t* set = CPU_ALLOC(cpu + 1);
  if (set == nullptr) return;
  const std::size_t size = CPU_ALLOC_SIZE(cpu + 1);
  CPU_ZERO_S(size, set);
  CPU_SET_S(cpu, size, set);
  pthread_setaffinity_np(pthread_self(), size, set);
  CPU_FREE(set);
}

}  // namespace cuse_binder::frontends
