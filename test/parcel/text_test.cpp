// Text for people: TextOutput, HexDump, TypeCode, Parcel::print.
#include <binder/Debug.h>
#include <binder/Parcel.h>
#include <binder/TextOutput.h>
#include <sys/mman.h>

#include <thread>

#include "test/parcel/support/bytes.h"
#include "test/parcel/support/fds.h"
#include "test/support/catch.h"

using namespace android;

namespace {

// Remembers what is printed.
class Recorder : public TextOutput {
 public:
  std::string text;
  int indent = 0;
  status_t print(const char* txt, size_t len) override {
    text.append(txt, len);
    return OK;
  }
  void moveIndent(int delta) override { indent += delta; }
  void pushBundle() override { text += "["; }
  void popBundle() override { text += "]"; }
};

template <typename T>
std::string printed(const T& value) {
  Recorder out;
  out << value;
  return out.text;
}

// What `print` writes to a descriptor of the process.
template <typename Print>
std::string captured(int fd, Print print) {
  base::unique_fd file(memfd_create("captured", MFD_CLOEXEC));
  const base::unique_fd before(dup(fd));
  REQUIRE(dup2(file.get(), fd) == fd);
  print();
  REQUIRE(dup2(before.get(), fd) == fd);
  char buffer[4096];
  const ssize_t size = pread(file.get(), buffer, sizeof(buffer), 0);
  return std::string(buffer, static_cast<size_t>(size));
}

}  // namespace

TEST_CASE("values are printed as std::ostream does, and those of libutils") {
  CHECK(printed(5) == "5");
  CHECK(printed("text") == "text");
  CHECK(printed(std::string("text")) == "text");
  CHECK(printed(true) == "true");
  CHECK(printed('c') == "c");
  CHECK(printed(String16("sixteen")) == "sixteen");
  CHECK(printed(String8("eight")) == "eight");
  Recorder out;
  {
    const TextOutput::Bundle bundle(out);
    out << "a" << indent << endl << dedent << dedent << std::endl;
  }
  CHECK(out.text == "[a\n\n]");
  CHECK(out.indent == -1);
}

TEST_CASE("type codes") {
  CHECK(printed(TypeCode(0x61626364)) == "'abcd'");
  CHECK(printed(TypeCode(1)) == "0x00000001");
  CHECK(printed(TypeCode(0x66642a00)) == "'fd*'");
  CHECK(printed(TypeCode(0x66642a85)) == "'fd*\\x85'");
  CHECK(printed(TypeCode(0x61006263)) == "0x61006263");
  CHECK(printed(TypeCode(0x30786162)) == "0x30786162");
  std::string text;
  printTypeCode(
      0x5f504e47, [](void* to, const char* piece) { *static_cast<std::string*>(to) += piece; }, &text);
  CHECK(text == "'_PNG'");
}

TEST_CASE("bytes in hexadecimal") {
  CHECK(printed(HexDump("abc\n", 4)) == "0a636261    'abc.'");
  CHECK(printed(HexDump("abcde", 5)) == "64636261 65   'abcde'");
  CHECK(printed(HexDump("", 0)) == "(empty)");
  CHECK(printed(HexDump(nullptr, 4)) == "(NULL)");
  CHECK(printed(HexDump("", 0).setSingleLineCutoff(-1)) == "\n(empty)");
  CHECK(printed(HexDump("0123456789abcdefX", 17)) ==
        "\n0x00000000: 33323130 37363534 62613938 66656463 '0123456789abcdef'"
        "\n0x00000010: 58                                  'X               '");
  CHECK(printed(HexDump("abcd", 4, 2).setSingleLineCutoff(-1)) ==
        "\n0x00000000: 61 62 'ab'"
        "\n0x00000002: 63 64 'cd'");
  CHECK(printed(HexDump("abcdefghi", 9, 8).setCArrayStyle(true)) ==
        "{\n  0x6261, 0x6463, 0x6665, 0x6867,\n  0x69\n};");
  std::string text;
  printHexData(
      2, "abcdefgh", 8, 4, -1, 4, false,
      [](void* to, const char* line) { *static_cast<std::string*>(to) += line; }, &text);
  CHECK(text == "\n  0x00000000: 64636261 'abcd'\n  0x00000004: 68676665 'efgh'");
  CHECK(std::string(stringForIndent(3)) == "   ");
  CHECK(std::string(stringForIndent(-1)).empty());
  CHECK(std::string(stringForIndent(1000)).size() == 32);
}

TEST_CASE("a parcel is printed with its objects") {
  CHECK(printed(Parcel()) == "Parcel(NULL)");
  Parcel parcel;
  parcel.writeInt32(1);
  parcel.writeFileDescriptor(0);
  CHECK(printed(parcel) ==
        "Parcel(\n"
        "  0x00000000: 00000001 66642a85 00000000 00000000 '.....*df........'\n"
        "  0x00000010: 00000000 00000000 00000000          '............    '\n"
        "Object #0 @ 0x4: 'fd*' = 0)");
  Parcel small;
  small.writeInt32(0);
  small.writeBool(true);
  CHECK(printed(small) == "Parcel(00000000 00000001   '........')");
  parcel.setError(NO_MEMORY);
  CHECK(printed(parcel) == "Parcel(Error: -12 \"Cannot allocate memory\")");
}

TEST_CASE("the standard streams give out whole lines, indented") {
  const std::string text = captured(STDERR_FILENO, [] {
    aerr << "one" << endl << indent << "two" << endl << endl << "th";
    aerr << "ree" << dedent;
    aerr << endl;
    {
      const TextOutput::Bundle bundle(aerr);
      aerr << "four" << endl;
      std::thread([] { aerr << "other" << endl << "rest"; }).join();
    }
  });
  CHECK(text == "one\n  two\n\n  three\nother\nrestfour\n");
  CHECK(captured(STDOUT_FILENO, [] { aout << 1 << endl; }) == "1\n");
}
