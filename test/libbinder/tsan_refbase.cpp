// For ThreadSanitizer: Debian's libutils is not instrumented, so that the order which its reference counts
// make is unknown. These functions stand in front of its own and tell: whoever gives a reference up is before
// whoever destroys.
#include <dlfcn.h>
#include <utils/RefBase.h>

extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);

namespace android {
namespace {

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// Of an object and of its counts, whichever a thread has.
void both(const void* object, const void* counts, void (*tell)(void*)) {
  tell(const_cast<void*>(object));
  tell(const_cast<void*>(counts));
}

}  // namespace

void RefBase::decStrong(const void* id) const {
  static const auto real = next<void (*)(const RefBase*, const void*)>("_ZNK7android7RefBase9decStrongEPKv");
  const void* const counts = getWeakRefs();
  both(this, counts, __tsan_release);
  both(this, counts, __tsan_acquire);
  real(this, id);
}

void RefBase::weakref_type::decWeak(const void* id) {
  static const auto real =
      next<void (*)(weakref_type*, const void*)>("_ZN7android7RefBase12weakref_type7decWeakEPKv");
  __tsan_release(this);
  __tsan_acquire(this);
  real(this, id);
}

// Runs after the last strong reference went, before the object does.
void RefBase::onLastStrongRef(const void*) {
  both(this, getWeakRefs(), __tsan_acquire);
}

}  // namespace android
