// The normalised record of a run: one heading per case, one line per step.
//
// Written to the file named by CONFORMANCE_TRANSCRIPT, and shown by Catch for the steps before a failing
// assertion.
#pragma once

#include <string>

namespace cuse_binder::conformance {

void transcript_heading(const std::string& case_name);
void transcript_line(const std::string& line);

}  // namespace cuse_binder::conformance
