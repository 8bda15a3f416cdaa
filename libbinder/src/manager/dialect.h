// What clients and the service manager of one Android release say to each other: transaction codes, the words
// in front of a request, and the word behind a binder.
//
// The interface android.os.IServiceManager changed with nearly every release, and codes moved. A dialect is a
// row of a table; both sides of this project, libbinder's client and the servicemanager program, work from
// it. The table of docs/wire-dialects.md says the same for people.
#pragma once

#include <binder/WireDialect.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace android::manager {

// A request that some release knows. `getService2` and `checkService2` are those that answer with the union
// Service.
enum class Method : uint8_t {
  getService,
  getService2,
  checkService,
  checkService2,
  addService,
  listServices,
  registerForNotifications,
  unregisterForNotifications,
  isDeclared,
  getDeclaredInstances,
  updatableViaApex,
  getUpdatableNames,
  getConnectionInfo,
  registerClientCallback,
  tryUnregisterService,
  getServiceDebugInfo,
  checkServiceAccess,
};

struct Dialect {
  std::string_view name;       // as in options and configuration files
  std::string_view releases;   // for people
  internal::WireDialect wire;  // of tokens and binders; Parcel does it, for the whole process
  // The manager is Android's old C program: replies have no exception, services are listed one by one.
  bool is_c_program;
  // Bytes behind the last argument are an error.
  bool refuses_trailing_data;
  // methods[i] has the code FIRST_CALL_TRANSACTION + i.
  std::span<const Method> methods;

  std::optional<Method> method(uint32_t code) const;
  std::optional<uint32_t> code(Method method) const;
  bool has(Method wanted) const { return code(wanted).has_value(); }
};

// All of them, oldest first. The last one is what libbinder and the servicemanager program speak by default.
std::span<const Dialect> dialects();
const Dialect& newest_dialect();
// By name, or "newest"; null if there is no such dialect.
const Dialect* find_dialect(std::string_view name);
// For messages: "9, 10, ... or newest".
std::string_view dialect_names();

inline constexpr char16_t kManagerDescriptor[] = u"android.os.IServiceManager";
inline constexpr char16_t kServiceCallbackDescriptor[] = u"android.os.IServiceCallback";
inline constexpr char16_t kClientCallbackDescriptor[] = u"android.os.IClientCallback";
// The only methods of the two callbacks; both are oneway.
inline constexpr uint32_t kOnRegistration = 1;
inline constexpr uint32_t kOnClients = 1;
// In addService's dump priority: the service comes and goes with its clients.
inline constexpr int32_t kFlagIsLazyService = 1 << 30;

}  // namespace android::manager
