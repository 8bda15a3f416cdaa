#include "manager/dialect.h"

#include <binder/IBinder.h>

#include <algorithm>

namespace android::manager {
namespace {

using enum Method;

// Each list is the order of declaration in that release's IServiceManager.aidl, which is what numbers the
// codes; for 9 and 10 that of the enum in cmds/servicemanager/binder.h (frameworks/native).
constexpr Method kOfCProgram[] = {getService, checkService, addService, listServices};

constexpr Method kOf11[] = {getService,
                            checkService,
                            addService,
                            listServices,
                            registerForNotifications,
                            unregisterForNotifications,
                            isDeclared,
                            registerClientCallback,
                            tryUnregisterService};

constexpr Method kOf12[] = {getService,
                            checkService,
                            addService,
                            listServices,
                            registerForNotifications,
                            unregisterForNotifications,
                            isDeclared,
                            getDeclaredInstances,
                            updatableViaApex,
                            registerClientCallback,
                            tryUnregisterService,
                            getServiceDebugInfo};

constexpr Method kOf13[] = {getService,
                            checkService,
                            addService,
                            listServices,
                            registerForNotifications,
                            unregisterForNotifications,
                            isDeclared,
                            getDeclaredInstances,
                            updatableViaApex,
                            getConnectionInfo,
                            registerClientCallback,
                            tryUnregisterService,
                            getServiceDebugInfo};

constexpr Method kOf14[] = {getService,
                            checkService,
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
                            getServiceDebugInfo};

// Its checkService answers with a Service: checkService2 under the older name.
constexpr Method kOf15[] = {getService,
                            getService2,
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
                            getServiceDebugInfo};

// The last one came after the first release; requests for it are answered in any case.
constexpr Method kOf16[] = {getService,
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
                            checkServiceAccess};

using internal::WireDialect;

//   name, releases, wire, C program, trailing data, methods
constexpr Dialect kDialects[] = {
    {"9", "Android 9", WireDialect::kAndroid9, true, false, kOfCProgram},
    {"10", "Android 10", WireDialect::kAndroid10, true, false, kOfCProgram},
    {"11", "Android 11", WireDialect::kAndroid11, false, false, kOf11},
    {"12", "Android 12, 12L", WireDialect::kAndroid12, false, false, kOf12},
    {"13", "Android 13", WireDialect::kAndroid13, false, true, kOf13},
    {"14", "Android 14, first builds of 15", WireDialect::kAndroid13, false, true, kOf14},
    {"15", "Android 15", WireDialect::kAndroid13, false, true, kOf15},
    {"16", "Android 16", WireDialect::kAndroid13, false, true, kOf16},
};

}  // namespace

std::optional<Method> Dialect::method(uint32_t code) const {
  const uint32_t index = code - IBinder::FIRST_CALL_TRANSACTION;
  if (code < IBinder::FIRST_CALL_TRANSACTION || index >= methods.size()) return std::nullopt;
  return methods[index];
}

std::optional<uint32_t> Dialect::code(Method wanted) const {
  const auto found = std::find(methods.begin(), methods.end(), wanted);
  if (found == methods.end()) return std::nullopt;
  return IBinder::FIRST_CALL_TRANSACTION + static_cast<uint32_t>(found - methods.begin());
}

std::span<const Dialect> dialects() {
  return kDialects;
}

const Dialect& newest_dialect() {
  return std::end(kDialects)[-1];
}

const Dialect* find_dialect(std::string_view name) {
  if (name == "newest") return &newest_dialect();
  for (const Dialect& dialect : kDialects)
    if (dialect.name == name) return &dialect;
  return nullptr;
}

std::string_view dialect_names() {
  return "9, 10, 11, 12, 13, 14, 15, 16 or newest";
}

}  // namespace android::manager
