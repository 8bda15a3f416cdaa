// What calls gave, compared with what was expected, and printed.
#include <cstring>
#include <ostream>

#include "test/conformance/world.h"

namespace cuse_binder::conformance {

const Return& Result::only(std::uint32_t code) const {
  const Return* found = nullptr;
  for (const Return& item : returns) {
    if (item.code != code) continue;
    if (found) FAIL("more than one " << return_name(code) << " in: " << *this);
    found = &item;
  }
  if (!found) FAIL("no " << return_name(code) << " in: " << *this);
  return *found;
}

const binder_transaction_data& Result::transaction() const {
  return only(has(BR_TRANSACTION_SEC_CTX) ? static_cast<std::uint32_t>(BR_TRANSACTION_SEC_CTX)
                                          : static_cast<std::uint32_t>(BR_TRANSACTION))
      .data;
}

const binder_transaction_data& Result::reply() const {
  return only(BR_REPLY).data;
}

bool Result::has(std::uint32_t code) const {
  for (const Return& item : returns) {
    if (item.code == code) return true;
  }
  return false;
}

std::uint32_t Result::word(std::size_t index) const {
  std::uint32_t value = 0;
  REQUIRE(buffer.size() >= 4 * (index + 1));
  std::memcpy(&value, buffer.data() + 4 * index, 4);
  return value;
}

bool operator==(const Result& result, const Gets& expected) {
  if (result.error != 0) return false;
  std::size_t at = 0;
  if (!result.continued) {
    if (result.returns.empty() || result.returns[0].code != expected.first) return false;
    at = 1;
  }
  if (result.returns.size() - at != expected.codes.size()) return false;
  for (std::size_t i = 0; i < expected.codes.size(); ++i) {
    if (result.returns[at + i].code != expected.codes[i]) return false;
  }
  return true;
}

bool operator==(const Result& result, const Fails& expected) {
  return result.error == expected.error;
}

std::ostream& operator<<(std::ostream& out, const Result& result) {
  out << (result.error ? errno_name(result.error) : "0") << " wc=" << result.write_consumed
      << " rc=" << result.read_consumed;
  if (!result.returns.empty()) out << ":";
  for (const Return& item : result.returns) out << " " << return_name(item.code);
  return out;
}

std::ostream& operator<<(std::ostream& out, const Gets& expected) {
  out << "gets " << return_name(expected.first);
  for (const std::uint32_t code : expected.codes) out << " " << return_name(code);
  return out;
}

std::ostream& operator<<(std::ostream& out, const Fails& expected) {
  return out << "fails with " << errno_name(expected.error);
}

bool operator==(const ExtendedError& error, const Ee& expected) {
  return error.command == expected.command && error.param == expected.param;
}

std::ostream& operator<<(std::ostream& out, const ExtendedError& error) {
  return out << "ee " << (error.id ? "{id, " : "{0, ") << return_name(error.command) << ", " << error.param
             << "}";
}

std::ostream& operator<<(std::ostream& out, const Ee& expected) {
  return out << "ee {…, " << return_name(expected.command) << ", " << expected.param << "}";
}

}  // namespace cuse_binder::conformance
