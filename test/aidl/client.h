// What a client does with the corpus: every method many times, and what has to fail.
#pragma once

#include <corpus/ICorpus.h>

#include <cstdint>
#include <string>

#include "test/aidl/echo.h"

namespace cuse_binder::test::aidl_corpus {

// From the environment (CUSE_BINDER_AIDL_SEED), else always the same.
std::uint64_t seed();

// `skipped`: the one method that is not called. Returns how many methods it has called; throws
// std::runtime_error at the first wrong answer. The calling process needs a thread pool: the service calls it
// back.
int call_everything(const android::sp<corpus::ICorpus>& service, std::uint64_t seed, int rounds,
                    const std::string& skipped = {});

}  // namespace cuse_binder::test::aidl_corpus
