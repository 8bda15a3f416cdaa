// Parts of the tools that need no device: arguments, and the driver's logs.
#include <binder/Parcel.h>
#include <fcntl.h>
#include <unistd.h>
#include <utils/String8.h>

#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "test/support/catch.h"
#include "tools/dumpsys/options.h"
#include "tools/service/call_arguments.h"
#include "tools/support/binder_logs.h"
#include "tools/support/connection.h"

namespace binder_tools::test {
namespace {

using android::Parcel;
using android::String16;

DumpsysOptions parse(std::vector<std::string> words) {
  words.insert(words.begin(), "dumpsys");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return parse_dumpsys(static_cast<int>(words.size()), argv.data());
}

std::string joined(const android::Vector<String16>& words) {
  std::string text;
  for (const String16& word : words)
    text += std::string(text.empty() ? "" : " ") + android::String8(word).c_str();
  return text;
}

constexpr char kLog[] = R"(binder proc state:
proc 2300
context hwbinder
  thread 2300: l 12 need_return 0 tr 0
  node 5: u0000000000001000 c0000000000002000 hs 1 hw 1 ls 0 lw 0 is 2 iw 2 tr 1 proc 7 8
proc 2300
context binder
  thread 2300: l 12 need_return 0 tr 0
    incoming transaction 99: 0000000000000000 from 1:1 to 2300:2301 code 1 flags 10 pri 0:120 r1
  thread 2301: l 11 need_return 1 tr 0
  thread 2302: l 02 need_return 0 tr 1
  thread 2303: l 22 need_return 0 tr 0
  thread 2304: l 00 need_return 0 tr 0
  node 66730: u00007590061890e0 c0000759036130950 pri 0:120 hs 1 hw 1 ls 0 lw 0 is 2 iw 2 tr 1 proc 2300 1790
  node 66731: u00007590061890e8 c0000759036130958 hs 1 hw 1 ls 0 lw 0 is 0 iw 0 tr 1
  ref 52493: desc 910 node 52492 s 1 w 1 d 0000000000000000
  ref 52494: desc 911 dead node 52495 s 1 w 1 d 0000000000000000
  buffer 12: 0 size 100:8:0 delivered
)";

}  // namespace

TEST_CASE("words become a parcel") {
  Parcel parcel;
  REQUIRE(
      write_arguments({"i32", "-5", "i64", "9223372036854775807", "f", "1.5", "d", "-2e3", "s16", "a b",
                       "null", "i32", "0xffffffff", "i64", "-9223372036854775808", "i32", "010", "s16", ""},
                      parcel) == "");
  parcel.setDataPosition(0);
  CHECK(parcel.readInt32() == -5);
  CHECK(parcel.readInt64() == std::numeric_limits<int64_t>::max());
  CHECK(parcel.readFloat() == 1.5f);
  CHECK(parcel.readDouble() == -2000.0);
  CHECK(parcel.readString16() == String16("a b"));
  android::sp<android::IBinder> binder;
  CHECK(parcel.readNullableStrongBinder(&binder) == android::OK);
  CHECK(binder == nullptr);
  CHECK(parcel.readInt32() == -1);
  CHECK(parcel.readInt64() == std::numeric_limits<int64_t>::min());
  CHECK(parcel.readInt32() == 10);
  CHECK(parcel.readString16() == String16(""));
  CHECK(parcel.dataAvail() == 0);
}

TEST_CASE("an intent is strings, flags and categories") {
  Parcel parcel;
  REQUIRE(write_arguments(
              {"intent", "action=a.VIEW", "launchFlags=0x10", "categories=x,,y", "data=k=v", "i32", "3"},
              parcel) == "");
  parcel.setDataPosition(0);
  CHECK(parcel.readString16() == String16("a.VIEW"));
  CHECK(parcel.readString16() == String16("k=v"));
  CHECK(parcel.readInt32() == -1);  // type
  CHECK(parcel.readInt32() == 16);
  CHECK(parcel.readInt32() == -1);  // component
  CHECK(parcel.readInt32() == 2);
  CHECK(parcel.readString16() == String16("x"));
  CHECK(parcel.readString16() == String16("y"));
  CHECK(parcel.readInt32() == -1);  // extras
  CHECK(parcel.readInt32() == 3);
  CHECK(parcel.dataAvail() == 0);
}

TEST_CASE("words that are no arguments are refused") {
  const auto problem = [](std::vector<std::string> words) {
    Parcel parcel;
    return write_arguments(words, parcel);
  };
  CHECK(problem({"i32", "x"}) == "'x' is not a number that fits");
  for (const char* text :
       {"", "-", "+1", " 1", "1 ", "0x", "0x-1", "--1", "-2147483649", "4294967296", "1.0"})
    CHECK(problem({"i32", text}) == "'" + std::string(text) + "' is not a number that fits");
  for (const char* text : {"-9223372036854775809", "18446744073709551616"})
    CHECK(problem({"i64", text}) == "'" + std::string(text) + "' is not a number that fits");
  CHECK(problem({"f", "one"}) != "");
  CHECK(problem({"d", ""}) != "");
  CHECK(problem({"d", "1.0x"}) != "");
  CHECK(problem({"s16"}) == "no string supplied for 's16'");
  CHECK(problem({"fd", "/no/such/file"}) == "could not open '/no/such/file': No such file or directory");
  CHECK(problem({"afd", "/no/such/file"}) == "could not open '/no/such/file': No such file or directory");
  CHECK(problem({"nfd", "1000000"}) == "there is no open descriptor 1000000");
  CHECK(problem({"nfd", "-1"}) == "'-1' is not a number that fits");
  CHECK(problem({"intent", "launchFlags=x"}) == "'x' is not a number that fits");
  CHECK(problem({"i31", "1"}) == "unknown option i31");
  uint32_t code = 7;
  CHECK(parse_code("1599098439", code));
  CHECK(code == 1599098439);
  CHECK(parse_code("0x5f504e47", code));
  CHECK(code == 0x5f504e47);
  CHECK_FALSE(parse_code("-1", code));
  CHECK_FALSE(parse_code("4294967296", code));
}

TEST_CASE("the driver's log tells threads, nodes and who has them") {
  const auto log = [] { return std::istringstream(kLog); };
  auto stream = log();
  ThreadUse use = read_threads(stream, "binder");
  CHECK(use.all == 4);   // 2304 only calls
  CHECK(use.busy == 2);  // 2302, and 2303, which polls: one cannot tell
  stream = log();
  use = read_threads(stream, "hwbinder");
  CHECK(use.all == 1);
  CHECK(use.busy == 0);
  stream = log();
  CHECK(read_threads(stream, "vndbinder").all == 0);

  stream = log();
  CHECK(read_node_of_handle(stream, "binder", 910) == 52492u);
  stream = log();
  CHECK(read_node_of_handle(stream, "binder", 911) == 52495u);
  stream = log();
  CHECK_FALSE(read_node_of_handle(stream, "binder", 912).has_value());
  stream = log();
  CHECK_FALSE(read_node_of_handle(stream, "hwbinder", 910).has_value());

  stream = log();
  CHECK(read_holders(stream, "binder", 66730) == std::vector<pid_t>{2300, 1790});
  stream = log();
  CHECK(read_holders(stream, "binder", 66731) == std::vector<pid_t>{});
  stream = log();
  CHECK_FALSE(read_holders(stream, "binder", 5).has_value());
}

TEST_CASE("a log that is damaged is passed over") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text = kLog;
    for (int i = 0; i < 20; ++i) text[random() % text.size()] = static_cast<char>(random());
    text.resize(random() % text.size());
    std::istringstream threads(text), nodes(text), holders(text);
    CHECK(read_threads(threads, "binder").all <= 5);
    (void)read_node_of_handle(nodes, "binder", 910);
    (void)read_holders(holders, "binder", 66730);
  }
}

TEST_CASE("the command line of dumpsys") {
  using Action = DumpsysOptions::Action;
  CHECK(parse({}).action == Action::dump);
  CHECK(parse({}).kinds == DumpsysOptions::kDump);
  CHECK(parse({}).timeout == std::chrono::seconds(10));
  CHECK(joined(parse({}).service_args()) == "-a");
  CHECK(joined(parse({"--priority", "NORMAL", "--proto"}).service_args()) ==
        "--dump-priority NORMAL -a --proto");
  CHECK(joined(parse({"--priority", "HIGH"}).service_args()) == "--dump-priority HIGH");
  const DumpsysOptions one = parse({"-t", "3", "--pid", "--clients", "it", "-l", "--pid", "--proto"});
  CHECK(one.action == Action::dump);
  CHECK(one.service == "it");
  CHECK(one.kinds == (DumpsysOptions::kPid | DumpsysOptions::kClients));
  CHECK(one.timeout == std::chrono::seconds(3));
  CHECK(joined(one.service_args()) == "-l --pid --proto");
  CHECK(one.proto);
  CHECK(parse({"-T", "2147483647"}).timeout == std::chrono::milliseconds(2147483647));
  CHECK(parse({"-t", "2147483647"}).timeout == std::chrono::seconds(2147483647));
  CHECK(parse({"-t", "2147483648"}).action == Action::refuse);
  CHECK(parse({"-t", "-1"}).action == Action::refuse);
  CHECK(parse({"-t"}).action == Action::refuse);
  CHECK(parse({"--skip", "a,b,", "c"}).skipped == std::set<std::string>{"a", "b", "c"});
  CHECK(parse({"--skip", ","}).action == Action::refuse);
  CHECK(parse({"-l"}).action == Action::list);
  CHECK(parse({"-l", "--skip", "a"}).action == Action::refuse);
  CHECK(parse({"--help", "x"}).action == Action::help);
}

TEST_CASE("the device is taken out of the arguments") {
  const auto take = [](std::vector<std::string> words, std::string& rest) {
    words.insert(words.begin(), "tool");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int argc = static_cast<int>(words.size());
    std::string device;
    if (!take_device("tool", argc, argv.data(), device)) return std::string("refused");
    rest.clear();
    for (int i = 1; i < argc; ++i) rest += std::string(argv[i]) + ";";
    CHECK(argv[argc] == nullptr);
    return device;
  };
  unsetenv("CUSE_BINDER_DEVICE");
  std::string rest;
  CHECK(take({"list"}, rest) == "/dev/binder");
  CHECK(rest == "list;");
  CHECK(take({"--device", "/a", "list"}, rest) == "/a");
  CHECK(rest == "list;");
  CHECK(take({"--device=/a"}, rest) == "/a");
  CHECK(rest.empty());
  CHECK(take({"list", "--device", "/a"}, rest) == "/dev/binder");
  CHECK(rest == "list;--device;/a;");
  CHECK(take({"--devices", "x"}, rest) == "/dev/binder");
  CHECK(take({"--device"}, rest) == "refused");
  CHECK(take({"--device="}, rest) == "refused");
  setenv("CUSE_BINDER_DEVICE", "/b", 1);
  CHECK(take({}, rest) == "/b");
  CHECK(take({"--device", "/a"}, rest) == "/a");
  unsetenv("CUSE_BINDER_DEVICE");
}

}  // namespace binder_tools::test
