// Access rules, declarations and their files.
#include "servicemanager/access.h"
#include "servicemanager/access_file.h"
#include "servicemanager/declarations.h"
#include "servicemanager/toml_file.h"
#include "test/support/catch.h"

namespace servicemanager::test {
namespace {

const Caller kRoot{1, 0, {}};
const Caller kOwn{2, 1000, {}};
const Caller kOther{3, 2000, {}};

Access from(const char* text) {
  return Access(1000, read_policy(text, "access.toml"));
}

std::string mistake_of_access(const char* text) {
  try {
    read_policy(text, "access.toml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no mistake";
}

std::string mistake_of_declarations(const char* text) {
  try {
    read_declarations(text, "services.toml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no mistake";
}

}  // namespace

TEST_CASE("by default root and the manager's user add, and everybody finds", "[access]") {
  const Access access(1000);
  CHECK(access.can_add(kRoot, "x"));
  CHECK(access.can_add(kOwn, "x"));
  CHECK_FALSE(access.can_add(kOther, "x"));
  CHECK(access.can_find(kOther, "x"));
  CHECK(access.can_list(kOther));
  CHECK_FALSE(access.is_isolated(kOther));
}

TEST_CASE("the first rule that speaks of it decides", "[access]") {
  const Access access = from(R"(
    [[rule]]
    deny = ["find"]
    users = [2000]
    names = ["secret.*"]
    [[rule]]
    allow = ["add"]
    users = [2000, 2001]
    names = ["com.example.*", "greeter"]
    [[rule]]
    deny = ["list"]
  )");
  CHECK_FALSE(access.can_find(kOther, "secret.x"));
  CHECK(access.can_find(kOwn, "secret.x"));
  CHECK(access.can_find(kOther, "public"));
  CHECK(access.can_add(kOther, "com.example.a.b"));
  CHECK(access.can_add(kOther, "greeter"));
  CHECK_FALSE(access.can_add(kOther, "greeter2"));
  CHECK(access.can_add(kOwn, "anything"));
  CHECK_FALSE(access.can_list(kRoot));
}

TEST_CASE("without defaults only the rules count", "[access]") {
  const Access access = from("defaults = false\n[[rule]]\nallow = ['find']\nnames = ['a']\n");
  CHECK(access.can_find(kOther, "a"));
  CHECK_FALSE(access.can_find(kRoot, "b"));
  CHECK_FALSE(access.can_add(kRoot, "a"));
  CHECK_FALSE(access.can_list(kRoot));
}

TEST_CASE("users may be names", "[access]") {
  const Access access = from("[[rule]]\ndeny = ['add']\nusers = ['root']\n");
  CHECK_FALSE(access.can_add(kRoot, "x"));
  CHECK(access.can_add(kOwn, "x"));
}

TEST_CASE("isolated users are a range", "[access]") {
  const Access access = from("isolated = [1999, 2000]\n");
  CHECK(access.is_isolated(kOther));
  CHECK_FALSE(access.is_isolated(kOwn));
}

TEST_CASE("mistakes in an access file are named with their line", "[access]") {
  CHECK(mistake_of_access("rule = 1").find("access.toml:1: 'rule' must be a list") == 0);
  CHECK(mistake_of_access("\n[[rule]]\nallow = ['fly']\n").find("access.toml:3: expected \"add\"") == 0);
  CHECK(mistake_of_access("[[rule]]\nallow = ['add']\ndeny = ['add']\n").find("either 'allow' or 'deny'") !=
        std::string::npos);
  CHECK(mistake_of_access("[[rule]]\nusers = [1]\n").find("either 'allow' or 'deny'") != std::string::npos);
  CHECK(mistake_of_access("[[rule]]\nallow = []\n").find("empty") != std::string::npos);
  CHECK(mistake_of_access("[[rule]]\nallow = ['add']\nusers = []\n").find("empty") != std::string::npos);
  CHECK(mistake_of_access("[[rule]]\nallow = ['add']\nusers = [-1]\n").find("no user id") !=
        std::string::npos);
  CHECK(mistake_of_access("[[rule]]\nallow = ['add']\nusers = [4294967295]\n").find("no user id") !=
        std::string::npos);
  CHECK(mistake_of_access("[[rule]]\nallow = ['add']\nusers = ['no such user']\n").find("there is no user") !=
        std::string::npos);
  CHECK(mistake_of_access("[[rule]]\nallow = ['add']\nnames = [1]\n").find("pattern") != std::string::npos);
  CHECK(mistake_of_access("default = true\n").find("means nothing here") != std::string::npos);
  CHECK(mistake_of_access("defaults = 1\n").find("true or false") != std::string::npos);
  CHECK(mistake_of_access("isolated = [1]\n").find("[first, last]") != std::string::npos);
  CHECK(mistake_of_access("[[rule]\n").find("access.toml:1") == 0);
}

TEST_CASE("mistakes in a declarations file are named with their line", "[declarations]") {
  CHECK(mistake_of_declarations("[[service]]\napex = 'a'\n").find("'name' is missing") != std::string::npos);
  CHECK(mistake_of_declarations("[[service]]\nname = 'a b'\n").find("cannot be the name") !=
        std::string::npos);
  CHECK(mistake_of_declarations("[[service]]\nname = 'a'\nip = '::1'\n").find("go together") !=
        std::string::npos);
  CHECK(mistake_of_declarations("[[service]]\nname = 'a'\nport = 1\n").find("go together") !=
        std::string::npos);
  CHECK(mistake_of_declarations("[[service]]\nname = 'a'\nip = '::1'\nport = 70000\n").find("no port") !=
        std::string::npos);
  CHECK(
      mistake_of_declarations("[[service]]\nname = 'a'\n[[service]]\nname = 'a'\n").find("declared twice") !=
      std::string::npos);
  CHECK(mistake_of_declarations("service = ['a']\n").find("[[service]]") != std::string::npos);
  CHECK(mistake_of_declarations("") == "no mistake");
}

}  // namespace servicemanager::test
