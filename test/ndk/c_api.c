/* The whole way in plain C: a class, an object, a call, its reply. */
#include "c_api.h"

#include <android/binder_ibinder.h>
#include <android/binder_manager.h>
#include <android/binder_parcel.h>
#include <android/binder_process.h>
#include <android/binder_status.h>
#include <stdlib.h>
#include <string.h>

enum { JOIN = FIRST_CALL_TRANSACTION };

/* The user data counts how often it was called. */
static void* on_create(void* args) {
  return args;
}
static void on_destroy(void* data) {
  *(int*)data = -1;
}

static bool allocate(void* data, int32_t length, char** buffer) {
  if (length < 0) return false;
  *(char**)data = *buffer = malloc((size_t)length);
  return *buffer != NULL;
}

static binder_status_t on_transact(AIBinder* binder, transaction_code_t code, const AParcel* in,
                                   AParcel* out) {
  char* first = NULL;
  char* second = NULL;
  char joined[64];
  AStatus* ok = AStatus_newOk();
  binder_status_t status = code == JOIN ? STATUS_OK : STATUS_UNKNOWN_TRANSACTION;
  if (status == STATUS_OK) status = AParcel_readString(in, &first, allocate);
  if (status == STATUS_OK) status = AParcel_readString(in, &second, allocate);
  if (status == STATUS_OK) status = AParcel_writeStatusHeader(out, ok);
  if (status == STATUS_OK && strlen(first) + strlen(second) < sizeof(joined)) {
    strcpy(joined, first);
    strcat(joined, second);
    status = AParcel_writeString(out, joined, (int32_t)strlen(joined));
  }
  ++*(int*)AIBinder_getUserData(binder);
  AStatus_delete(ok);
  free(first);
  free(second);
  return status;
}

#define EXPECT(condition) \
  if (!(condition)) return __LINE__

int run_c_api(void) {
  int calls = 0;
  AParcel* in = NULL;
  AParcel* out = NULL;
  AStatus* status = NULL;
  char* joined = NULL;
  AIBinder_Class* clazz = AIBinder_Class_define("test.IJoin", on_create, on_destroy, on_transact);
  AIBinder* binder = AIBinder_new(clazz, &calls);
  EXPECT(binder != NULL);
  EXPECT(AIBinder_associateClass(binder, clazz));
  EXPECT(AIBinder_prepareTransaction(binder, &in) == STATUS_OK);
  EXPECT(AParcel_writeString(in, "un", 2) == STATUS_OK);
  EXPECT(AParcel_writeString(in, "ited", 4) == STATUS_OK);
  EXPECT(AIBinder_transact(binder, JOIN, &in, &out, 0) == STATUS_OK);
  EXPECT(in == NULL);
  EXPECT(AParcel_readStatusHeader(out, &status) == STATUS_OK);
  EXPECT(AStatus_isOk(status));
  EXPECT(AParcel_readString(out, &joined, allocate) == STATUS_OK);
  EXPECT(strcmp(joined, "united") == 0);
  EXPECT(calls == 1);
  free(joined);
  AStatus_delete(status);
  AParcel_delete(out);
  AIBinder_decStrong(binder);
  EXPECT(calls == -1);
  return 0;
}
