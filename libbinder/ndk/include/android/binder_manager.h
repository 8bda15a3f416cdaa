// The service manager: objects by name.
//
// Thread-safe. Every function asks the service manager's process. Binders that are returned carry one
// reference, which is the caller's. Upstream:
// frameworks/native/libs/binder/ndk/include_platform/android/binder_manager.h.
#pragma once

#include <android/binder_ibinder.h>
#include <android/binder_status.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

enum AServiceManager_AddServiceFlag
#ifdef __cplusplus
    : uint32_t
#endif
{
  // Isolated processes may get it too.
  ADD_SERVICE_ALLOW_ISOLATED = 1 << 0,
  // Which dumps it takes part in.
  ADD_SERVICE_DUMP_FLAG_PRIORITY_CRITICAL = 1 << 1,
  ADD_SERVICE_DUMP_FLAG_PRIORITY_HIGH = 1 << 2,
  ADD_SERVICE_DUMP_FLAG_PRIORITY_NORMAL = 1 << 3,
  ADD_SERVICE_DUMP_FLAG_PRIORITY_DEFAULT = 1 << 4,
};
#ifndef __cplusplus
typedef enum AServiceManager_AddServiceFlag AServiceManager_AddServiceFlag;
#endif

// Registers under that name. EX_NONE if it worked.
__attribute__((warn_unused_result)) binder_exception_t AServiceManager_addService(AIBinder* binder,
                                                                                  const char* instance)
    __INTRODUCED_IN(29);
__attribute__((warn_unused_result)) binder_exception_t AServiceManager_addServiceWithFlags(
    AIBinder* binder, const char* instance, const AServiceManager_AddServiceFlag flags) __INTRODUCED_IN(34);

// The service, or null if it is not there now.
__attribute__((warn_unused_result)) AIBinder* AServiceManager_checkService(const char* instance)
    __INTRODUCED_IN(29);
// The same, but waits for some seconds.
__attribute__((warn_unused_result)) AIBinder* AServiceManager_getService(const char* instance)
    __INTRODUCED_IN(29);
// The same, but waits until it is there. Needs threads that serve calls.
__attribute__((warn_unused_result)) AIBinder* AServiceManager_waitForService(const char* instance)
    __INTRODUCED_IN(31);

// A service was registered under the name; `registered` carries one reference, which is the callback's. Runs
// under a lock that AServiceManager_NotificationRegistration_delete() takes.
typedef void (*AServiceManager_onRegister)(const char* instance, AIBinder* registered, void* cookie);

struct AServiceManager_NotificationRegistration;
typedef struct AServiceManager_NotificationRegistration AServiceManager_NotificationRegistration;

// Tells whenever a service is registered under the name, and at once if there is one. Null on error.
__attribute__((warn_unused_result)) AServiceManager_NotificationRegistration*
AServiceManager_registerForServiceNotifications(const char* instance, AServiceManager_onRegister onRegister,
                                                void* cookie) __INTRODUCED_IN(34);
// Afterwards the callback does not run and will not run again. Not from within the callback. Null is fine.
void AServiceManager_NotificationRegistration_delete(AServiceManager_NotificationRegistration* notification)
    __INTRODUCED_IN(34);

// Whether the service manager was told that this service belongs to the system ("interface/instance").
bool AServiceManager_isDeclared(const char* instance) __INTRODUCED_IN(31);
// Calls back for each declared instance of an interface.
void AServiceManager_forEachDeclaredInstance(const char* interface, void* context,
                                             void (*callback)(const char*, void*)) __INTRODUCED_IN(31);
bool AServiceManager_isUpdatableViaApex(const char* instance) __INTRODUCED_IN(31);
// Calls back with the name of the APEX, if there is one.
void AServiceManager_getUpdatableApexName(const char* instance, void* context,
                                          void (*callback)(const char*, void*)) __INTRODUCED_IN(34);

// Opens the library of a HAL that is declared to be loaded into the process: dlopen()'s result with these
// flags.
void* AServiceManager_openDeclaredPassthroughHal(const char* interface, const char* instance, int flag)
    __INTRODUCED_IN(35);

// --- Lazy services: the process ends when nobody uses them. Not together with AServiceManager_addService()
// ---

binder_status_t AServiceManager_registerLazyService(AIBinder* binder, const char* instance)
    __INTRODUCED_IN(31);
binder_status_t AServiceManager_registerLazyServiceWithFlags(AIBinder* binder, const char* instance,
                                                             const AServiceManager_AddServiceFlag flags)
    __INTRODUCED_IN(37);
// Whether the process stays though nobody uses its services.
void AServiceManager_forceLazyServicesPersist(bool persist) __INTRODUCED_IN(31);
// Called when the first user comes (true) and when the last has gone (false); true returned in the latter
// case keeps the process.
void AServiceManager_setActiveServicesCallback(bool (*callback)(bool, void*), void* context)
    __INTRODUCED_IN(31);
// From within that callback: takes all services back (false if one could not be), and registers them again.
bool AServiceManager_tryUnregister(void) __INTRODUCED_IN(31);
void AServiceManager_reRegister(void) __INTRODUCED_IN(31);

__END_DECLS
