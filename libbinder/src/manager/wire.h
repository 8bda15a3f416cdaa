// The parcelables of android.os.IServiceManager.
//
// Reading is safe on any bytes: a status other than OK means that the parcel does not hold what was asked
// for, and outputs are unchanged.
#pragma once

#include <binder/Parcel.h>
#include <utils/StrongPointer.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace android::manager {

// android.os.ServiceWithMetadata
struct FoundService {
  sp<IBinder> service;
  bool is_lazy = false;
};

// android.os.Service, a union: a service, or the name of another one that leads to it over a socket.
struct FoundUnion {
  enum class Tag : int32_t { service_with_metadata = 0, accessor = 1 };
  Tag tag = Tag::service_with_metadata;
  FoundService service;
  sp<IBinder> accessor;
};

// android.os.ConnectionInfo
struct ConnectionInfo {
  std::string ip_address;
  int32_t port = 0;
};

// android.os.ServiceDebugInfo
struct DebugInfo {
  std::string name;
  int32_t pid = 0;
};

// IServiceManager.CallerContext
struct CallerContext {
  std::string sid;
  int32_t pid = 0;
  int32_t uid = 0;
};

status_t write(Parcel& to, const FoundUnion& value);
status_t read(const Parcel& from, FoundUnion& value);
status_t write(Parcel& to, const std::optional<ConnectionInfo>& value);
status_t read(const Parcel& from, std::optional<ConnectionInfo>& value);
status_t write(Parcel& to, const std::vector<DebugInfo>& values);
status_t read(const Parcel& from, std::vector<DebugInfo>& values);
status_t write(Parcel& to, const CallerContext& value);
status_t read(const Parcel& from, CallerContext& value);

}  // namespace android::manager
