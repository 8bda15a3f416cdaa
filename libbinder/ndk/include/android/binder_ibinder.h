// AIBinder: an object that can be called, here or in another process, and be sent to others.
//
// Usable from C and C++. There is one AIBinder per object and process: equal pointers are equal objects, also
// after an object has travelled to another process and back. Reference counted; a function that returns an
// AIBinder gives the caller one strong reference, a function that takes one takes none, unless said
// otherwise.
//
// Thread-safe, except that a class must be completely set up before its first object is made. A class's
// callbacks run on whatever thread serves the call, without locks, and several at once.
//
// Upstream: frameworks/native/libs/binder/ndk/include_ndk/android/binder_ibinder.h.
#pragma once

#include <android/binder_parcel.h>
#include <android/binder_status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

__BEGIN_DECLS

typedef uint32_t binder_flags_t;
enum {
  // Do not wait for an answer; there is none. Calls to one object stay in order.
  FLAG_ONEWAY = 0x01,
};

// What a class calls its methods by.
typedef uint32_t transaction_code_t;
enum {
  FIRST_CALL_TRANSACTION = 0x00000001,
  LAST_CALL_TRANSACTION = 0x00ffffff,
};

// What objects of one interface have in common.
struct AIBinder_Class;
typedef struct AIBinder_Class AIBinder_Class;

struct AIBinder;
typedef struct AIBinder AIBinder;

struct AIBinder_Weak;
typedef struct AIBinder_Weak AIBinder_Weak;

struct AIBinder_DeathRecipient;
typedef struct AIBinder_DeathRecipient AIBinder_DeathRecipient;

struct AIBinder_FrozenStateChangeCallback;
typedef struct AIBinder_FrozenStateChangeCallback AIBinder_FrozenStateChangeCallback;

// --- Classes ---

// Makes the user data of a new object from what AIBinder_new() got.
typedef void* (*AIBinder_Class_onCreate)(void* args);
// The last reference to an object has gone; destroys its user data.
typedef void (*AIBinder_Class_onDestroy)(void* userData);
// Serves one call with a code between FIRST_ and LAST_CALL_TRANSACTION. The interface token has been checked
// and read. `out` may be written also for oneway calls; nobody reads it then. Returns a STATUS_*, or a
// positive number of the interface's own.
typedef binder_status_t (*AIBinder_Class_onTransact)(AIBinder* binder, transaction_code_t code,
                                                     const AParcel* in, AParcel* out);
// Writes about the object to `fd`, which is borrowed. `args` may be null if there are none.
typedef binder_status_t (*AIBinder_onDump)(AIBinder* binder, int fd, const char** args, uint32_t numArgs);

// A new class; null if an argument is null. Classes live for ever. The descriptor is copied.
__attribute__((warn_unused_result)) AIBinder_Class* AIBinder_Class_define(
    const char* interfaceDescriptor, AIBinder_Class_onCreate onCreate, AIBinder_Class_onDestroy onDestroy,
    AIBinder_Class_onTransact onTransact) __INTRODUCED_IN(29);
// Without it, dumping does nothing.
void AIBinder_Class_setOnDump(AIBinder_Class* clazz, AIBinder_onDump onDump) __INTRODUCED_IN(29);
// Names of the methods for traces: index 0 is FIRST_CALL_TRANSACTION, null for a code that is not used.
// Borrowed for ever. Aborts on null and on a second call.
void AIBinder_Class_setTransactionCodeToFunctionNameMap(AIBinder_Class* clazz,
                                                        const char** transactionCodeToFunctionMap,
                                                        size_t length) __INTRODUCED_IN(36);
// Null if there is no name.
const char* AIBinder_Class_getFunctionName(AIBinder_Class* clazz, transaction_code_t code)
    __INTRODUCED_IN(36);
// For peers that write no interface token: none is written, none is checked.
void AIBinder_Class_disableInterfaceTokenHeader(AIBinder_Class* clazz) __INTRODUCED_IN(33);
// UTF-8; valid as long as the class.
const char* AIBinder_Class_getDescriptor(const AIBinder_Class* clazz) __INTRODUCED_IN(31);

// --- Objects ---

// A new local object with one reference, which is the caller's. Null if the class is null.
__attribute__((warn_unused_result)) AIBinder* AIBinder_new(const AIBinder_Class* clazz, void* args)
    __INTRODUCED_IN(29);

bool AIBinder_isRemote(const AIBinder* binder) __INTRODUCED_IN(29);
// What is known without asking: false once a call or an obituary has told that the process is gone.
bool AIBinder_isAlive(const AIBinder* binder) __INTRODUCED_IN(29);
// One empty call.
binder_status_t AIBinder_ping(AIBinder* binder) __INTRODUCED_IN(29);
// `fd` is borrowed; `args` may be null if there are none.
binder_status_t AIBinder_dump(AIBinder* binder, int fd, const char** args, uint32_t numArgs)
    __INTRODUCED_IN(29);

// Null is fine for both (decStrong logs it).
void AIBinder_incStrong(AIBinder* binder) __INTRODUCED_IN(29);
void AIBinder_decStrong(AIBinder* binder) __INTRODUCED_IN(29);
// Strong references in this process; -1 for null. For debugging.
int32_t AIBinder_debugGetRefCount(AIBinder* binder) __INTRODUCED_IN(29);

// Says which interface the caller takes the object for, and checks it: a remote object is asked for its
// descriptor, once. False, and nothing is changed, if the descriptors differ, the object is a local one of
// another class (even if that has the same descriptor), or the process is dead.
bool AIBinder_associateClass(AIBinder* binder, const AIBinder_Class* clazz) __INTRODUCED_IN(29);
// The class it was made or associated with, or null.
const AIBinder_Class* AIBinder_getClass(AIBinder* binder) __INTRODUCED_IN(29);
// What onCreate returned; null for objects that were not made here.
void* AIBinder_getUserData(AIBinder* binder) __INTRODUCED_IN(29);

// A total order of the objects of this process; null comes first.
bool AIBinder_lt(const AIBinder* lhs, const AIBinder* rhs) __INTRODUCED_IN(31);

// --- Calls: prepare, fill, transact, read ---

// A parcel with the interface token of the binder's class. STATUS_INVALID_OPERATION if it has none yet.
binder_status_t AIBinder_prepareTransaction(AIBinder* binder, AParcel** in) __INTRODUCED_IN(29);
// Sends the parcel, which must be from AIBinder_prepareTransaction() of the same binder; it is deleted and
// *in is set to null whatever happens. On STATUS_OK the reply is in *out, which the caller deletes; null
// otherwise. STATUS_UNKNOWN_TRANSACTION for codes outside of FIRST_ .. LAST_CALL_TRANSACTION,
// STATUS_BAD_VALUE for unknown flags.
binder_status_t AIBinder_transact(AIBinder* binder, transaction_code_t code, AParcel** in, AParcel** out,
                                  binder_flags_t flags) __INTRODUCED_IN(29);

// Whose call this thread serves; this process if it serves none. The pid of a oneway call is 0.
uid_t AIBinder_getCallingUid(void) __INTRODUCED_IN(29);
pid_t AIBinder_getCallingPid(void) __INTRODUCED_IN(29);
// Whether this thread is serving a call.
bool AIBinder_isHandlingTransaction(void) __INTRODUCED_IN(33);

// --- Weak references ---

// Null for null.
__attribute__((warn_unused_result)) AIBinder_Weak* AIBinder_Weak_new(AIBinder* binder) __INTRODUCED_IN(29);
void AIBinder_Weak_delete(AIBinder_Weak* weakBinder) __INTRODUCED_IN(29);
// The object with one more reference, which is the caller's, or null if it has gone.
__attribute__((warn_unused_result)) AIBinder* AIBinder_Weak_promote(AIBinder_Weak* weakBinder)
    __INTRODUCED_IN(29);
AIBinder_Weak* AIBinder_Weak_clone(const AIBinder_Weak* weak) __INTRODUCED_IN(31);
// A total order; null comes first. References to different objects never compare as equal, even if one has
// gone and the other was made at the same address.
bool AIBinder_Weak_lt(const AIBinder_Weak* lhs, const AIBinder_Weak* rhs) __INTRODUCED_IN(31);

// --- Death of the process that has the object ---

typedef void (*AIBinder_DeathRecipient_onBinderDied)(void* cookie) __INTRODUCED_IN(29);
// The library will not use the cookie again.
typedef void (*AIBinder_DeathRecipient_onBinderUnlinked)(void* cookie) __INTRODUCED_IN(33);

// May be linked to any number of binders. Null if the callback is null.
__attribute__((warn_unused_result)) AIBinder_DeathRecipient* AIBinder_DeathRecipient_new(
    AIBinder_DeathRecipient_onBinderDied onBinderDied) __INTRODUCED_IN(29);
// Called exactly once for each AIBinder_linkToDeath(): behind onBinderDied, or when the link ended otherwise
// (unlinked, recipient or binder gone, linking failed), but never during an onBinderDied with that cookie.
// May come later than the call that ended the link returns. Set it before linking.
void AIBinder_DeathRecipient_setOnUnlinked(AIBinder_DeathRecipient* recipient,
                                           AIBinder_DeathRecipient_onBinderUnlinked onUnlinked)
    __INTRODUCED_IN(33);
// Ends all its links. Null is fine.
void AIBinder_DeathRecipient_delete(AIBinder_DeathRecipient* recipient) __INTRODUCED_IN(29);

// Needs threads that serve calls (ABinderProcess_startThreadPool()). STATUS_INVALID_OPERATION for a local
// binder, STATUS_DEAD_OBJECT if the process is dead already.
binder_status_t AIBinder_linkToDeath(AIBinder* binder, AIBinder_DeathRecipient* recipient, void* cookie)
    __INTRODUCED_IN(29);
// STATUS_NAME_NOT_FOUND if the two are not linked with that cookie, STATUS_DEAD_OBJECT if the death is being
// reported. An onBinderDied may still be running.
binder_status_t AIBinder_unlinkToDeath(AIBinder* binder, AIBinder_DeathRecipient* recipient, void* cookie)
    __INTRODUCED_IN(29);

// --- Freezing of the process that has the object ---

typedef void (*AIBinder_FrozenStateChangeCallback_onFrozenStateChanged)(void* cookie, bool frozen)
    __INTRODUCED_IN(37);
typedef void (*AIBinder_FrozenStateChangeCallback_onBinderUnlinked)(void* cookie) __INTRODUCED_IN(37);

// `onUnlinked` may be null; it is called once for each AIBinder_addFrozenStateChangeCallback(), also a failed
// one, when the cookie is not used any more.
__attribute__((warn_unused_result)) AIBinder_FrozenStateChangeCallback*
AIBinder_FrozenStateChangeCallback_new(
    AIBinder_FrozenStateChangeCallback_onFrozenStateChanged onFrozenStateChanged,
    AIBinder_FrozenStateChangeCallback_onBinderUnlinked onUnlinked) __INTRODUCED_IN(37);
void AIBinder_FrozenStateChangeCallback_delete(AIBinder_FrozenStateChangeCallback* callback)
    __INTRODUCED_IN(37);
// Tells the state as it is now, then every change. STATUS_INVALID_OPERATION where the driver cannot tell, and
// for a local binder.
binder_status_t AIBinder_addFrozenStateChangeCallback(AIBinder* binder,
                                                      AIBinder_FrozenStateChangeCallback* callback,
                                                      void* cookie) __INTRODUCED_IN(37);
binder_status_t AIBinder_removeFrozenStateChangeCallback(AIBinder* binder,
                                                         AIBinder_FrozenStateChangeCallback* callback,
                                                         void* cookie) __INTRODUCED_IN(37);

// --- Extensions: a second interface that somebody downstream attaches to an object ---

// *outExt is null if there is none. One call if the binder is remote.
binder_status_t AIBinder_getExtension(AIBinder* binder, AIBinder** outExt) __INTRODUCED_IN(30);
// STATUS_INVALID_OPERATION if the binder was not made here. The binder keeps a reference to the extension.
// Before the binder is given to anybody.
binder_status_t AIBinder_setExtension(AIBinder* binder, AIBinder* ext) __INTRODUCED_IN(30);

__END_DECLS
