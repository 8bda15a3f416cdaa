// What raw_client and raw_service say to each other. The driver carries code and bytes without looking at
// them.
#pragma once

#include <stdint.h>

// Calls to handle 0, the context manager: the one object everybody can reach without having been given it.
enum manager_code {
  kGetService = 1,  // → the service's object
};

// Calls to the service's object.
enum service_code {
  kEcho = 1,  // bytes → the same bytes
  kAttach,    // an object of the client → uint32_t id. The service calls the object back before it answers,
              // keeps it, and asks to be told when it dies
  kFind,      // uint32_t id → the object that was attached under this id
  kNote,      // oneway: text
  kLastNote,  // → text of the last note
  kWriteText,  // a descriptor; the service writes kWrittenText into it and closes it
  kChecksum,   // bytes → uint32_t checksum
};

// Calls to the object a client attached.
enum callback_code {
  kCallback = 1,  // uint32_t → uint32_t, one more
};

// Answers that carry TF_STATUS_CODE hold an int32_t: a negative errno.

static const char kWrittenText[] = "written by the service into the client's pipe\n";

// Adler-32: short enough to be read, and it notices swapped bytes.
static inline uint32_t checksum(const unsigned char* bytes, uint64_t size) {
  uint32_t a = 1, b = 0;
  for (uint64_t i = 0; i < size; i++) {
    a = (a + bytes[i]) % 65521;
    b = (b + a) % 65521;
  }
  return (b << 16) | a;
}
