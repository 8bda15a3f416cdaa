// Threads of this process that serve calls.
//
// For the main program; libraries leave it alone. Either the pool or polling, not both. Upstream:
// frameworks/native/libs/binder/ndk/include_platform/android/binder_process.h.
#pragma once

#include <android/binder_status.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

// Starts one thread, and lets the driver ask for more, up to the maximum. More calls do nothing.
void ABinderProcess_startThreadPool(void);
// At most this many threads at the driver's request, besides the one of startThreadPool() and those that join
// by themselves. 15 if nothing is said. False if the driver refuses.
bool ABinderProcess_setThreadPoolMaxThreadCount(uint32_t numThreads);
bool ABinderProcess_isThreadPoolStarted(void) __INTRODUCED_IN(34);
// The calling thread serves calls; does not return before the process lets go of the driver.
void ABinderProcess_joinThreadPool(void);

// For event loops of one thread: when the descriptor (it is the library's) is readable,
// handlePolledCommands() serves what has come and returns.
binder_status_t ABinderProcess_setupPolling(int* fd) __INTRODUCED_IN(31);
binder_status_t ABinderProcess_handlePolledCommands(void) __INTRODUCED_IN(31);

// Whether threads that serve calls of background processes go to the background as well. Nothing moves
// threads here; the setting is kept.
void ABinderProcess_disableBackgroundScheduling(bool disable) __INTRODUCED_IN(37);

__END_DECLS
