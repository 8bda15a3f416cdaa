#include <binder/WireDialect.h>

#include <atomic>

namespace android {
namespace internal {

namespace {
std::atomic<WireDialect> g_dialect{kNewestWireDialect};
}

WireDialect getWireDialect() {
  return g_dialect.load(std::memory_order_relaxed);
}

void setWireDialect(WireDialect dialect) {
  g_dialect.store(dialect, std::memory_order_relaxed);
}

}  // namespace internal
}  // namespace android
