// Fuzzed clients give much reason for log lines; a fuzzer wants none.
#include "cuse_binder/base/log.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  cuse_binder::base::set_log_levels("off");
  return 0;
}
