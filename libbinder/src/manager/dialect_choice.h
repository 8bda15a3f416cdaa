// Which dialect the manager of a device speaks, as configured.
//
//   CUSE_BINDER_DIALECT         its name ("11"), for every device that this process uses
//   /etc/cuse_binder/dialects   lines "DEVICE DIALECT"; DEVICE is a path or a pattern (fnmatch). The first
//   line that
//                               matches decides. CUSE_BINDER_DIALECTS names another file.
//
// Otherwise: the newest. ProcessState gives the process its parcels' layout accordingly when it opens the
// device.
#pragma once

#include <string>

#include "manager/dialect.h"

namespace android::manager {

// What is configured, or null. What is wrong with the configuration goes to the log and counts as not said.
const Dialect* configured_dialect(const std::string& device);
const Dialect& chosen_dialect(const std::string& device);

// The lines of a file for one device; null if none is for it. `problem` gets the first mistake.
const Dialect* dialect_from_file(const std::string& text, const std::string& device, std::string& problem);

}  // namespace android::manager
