// aidl_corpus_client DEVICE ROUNDS [SKIPPED]: calls every method of the corpus that is the context object of
// the device.
#include <binder/ProcessState.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "test/aidl/client.h"

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) return 2;
  const auto process = android::ProcessState::initWithDriver(argv[1]);
  process->startThreadPool();
  const auto service = android::interface_cast<corpus::ICorpus>(process->getContextObject(nullptr));
  if (service == nullptr) {
    std::printf("nobody serves %s\n", argv[1]);
    return 1;
  }
  const std::uint64_t seed = cuse_binder::test::aidl_corpus::seed();
  std::printf("CUSE_BINDER_AIDL_SEED=%" PRIu64 "\n", seed);
  std::fflush(stdout);
  try {
    const int methods = cuse_binder::test::aidl_corpus::call_everything(service, seed, std::atoi(argv[2]),
                                                                        argc > 3 ? argv[3] : "");
    std::printf("all %d methods answer\n", methods);
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
  std::fflush(stdout);
}
