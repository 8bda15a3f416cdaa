#include <android/binder_ibinder.h>

#include "object.h"

using cuse_binder::ndk::give;

struct AIBinder_Weak {
  android::wp<AIBinder> object;
};

AIBinder_Weak* AIBinder_Weak_new(AIBinder* binder) {
  return binder == nullptr ? nullptr : new AIBinder_Weak{android::wp<AIBinder>(binder)};
}

void AIBinder_Weak_delete(AIBinder_Weak* weakBinder) {
  delete weakBinder;
}

AIBinder* AIBinder_Weak_promote(AIBinder_Weak* weakBinder) {
  return weakBinder == nullptr ? nullptr : give(weakBinder->object.promote());
}

AIBinder_Weak* AIBinder_Weak_clone(const AIBinder_Weak* weak) {
  return weak == nullptr ? nullptr : new AIBinder_Weak{weak->object};
}

bool AIBinder_Weak_lt(const AIBinder_Weak* lhs, const AIBinder_Weak* rhs) {
  if (lhs == nullptr || rhs == nullptr) return lhs == nullptr && rhs != nullptr;
  // Compares the weak reference counts' addresses if the objects' are equal: those live as long as a
  // reference.
  return lhs->object < rhs->object;
}
