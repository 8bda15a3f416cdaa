// What services may be called: AOSP's rule (isValidServiceName in cmds/servicemanager/ServiceManager.cpp).
#pragma once

#include <cstddef>
#include <string_view>

namespace servicemanager {

inline constexpr std::size_t kMaxServiceName = 127;

// 1 to 127 of a-z, A-Z, 0-9 and _ - . /
bool is_valid_service_name(std::string_view name);

}  // namespace servicemanager
