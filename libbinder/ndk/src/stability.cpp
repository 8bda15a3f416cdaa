#include <android/binder_stability.h>
#include <binder/Stability.h>

#include "object.h"

using android::internal::Stability;

void AIBinder_markVendorStability(AIBinder* binder) {
  Stability::markVndk(binder->platform_binder().get());
}

void AIBinder_markSystemStability(AIBinder* binder) {
  Stability::markCompilationUnit(binder->platform_binder().get());
}

void AIBinder_markVintfStability(AIBinder* binder) {
  Stability::markVintf(binder->platform_binder().get());
}

bool AIBinder_requiresVintfDeclaration(AIBinder* binder) {
  return binder != nullptr && Stability::requiresVintfDeclaration(binder->platform_binder());
}

void AIBinder_forceDowngradeToVendorStability(AIBinder* binder) {
  Stability::forceDowngradeToVendorStability(binder->platform_binder());
}

void AIBinder_forceDowngradeToSystemStability(AIBinder* binder) {
  Stability::forceDowngradeToSystemStability(binder->platform_binder());
}
