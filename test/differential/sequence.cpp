#include "test/differential/sequence.h"

#include <cctype>
#include <stdexcept>

namespace cuse_binder::differential {

std::int64_t Term::get(std::string_view name, std::int64_t otherwise) const {
  for (const auto& [key, value] : numbers) {
    if (key == name) return value;
  }
  return otherwise;
}

bool Term::has(std::string_view name) const {
  for (const auto& [key, value] : numbers) {
    if (key == name) return true;
  }
  return false;
}

Term& Term::set(std::string name, std::int64_t value) {
  for (auto& [key, present] : numbers) {
    if (key == name) {
      present = value;
      return *this;
    }
  }
  numbers.emplace_back(std::move(name), value);
  return *this;
}

Term& Term::add(Term term) {
  inside.push_back(std::move(term));
  return *this;
}

std::string Term::text() const {
  std::string out = word;
  if (!numbers.empty()) {
    out += '(';
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (i != 0) out += ',';
      out += numbers[i].first + '=' + std::to_string(numbers[i].second);
    }
    out += ')';
  }
  if (!inside.empty()) {
    out += '[';
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (i != 0) out += ' ';
      out += inside[i].text();
    }
    out += ']';
  }
  return out;
}

std::string text_of(const Sequence& sequence) {
  std::string out;
  for (const Term& step : sequence) out += step.text() + "\n";
  return out;
}

namespace {

class Parser {
 public:
  Parser(std::string_view text, int line) : text_(text), line_(line) {}

  Term whole() {
    Term result = term();
    spaces();
    if (at_ != text_.size()) fail("something behind the step");
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error("line " + std::to_string(line_) + ", column " + std::to_string(at_ + 1) + ": " +
                             what);
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  void spaces() {
    while (peek() == ' ') ++at_;
  }
  std::string name() {
    const std::size_t from = at_;
    while (std::isalnum(static_cast<unsigned char>(peek())) || peek() == '_') ++at_;
    if (from == at_) fail("a word is missing");
    return std::string(text_.substr(from, at_ - from));
  }
  std::int64_t number() {
    std::size_t used = 0;
    std::int64_t value = 0;
    try {
      value = std::stoll(std::string(text_.substr(at_)), &used, 0);
    } catch (const std::logic_error&) {
      fail("a number is missing");
    }
    at_ += used;
    return value;
  }
  Term term() {
    spaces();
    Term result(name());
    if (take('(')) {
      do {
        std::string key = name();
        if (!take('=')) fail("'=' is missing");
        result.numbers.emplace_back(std::move(key), number());
      } while (take(','));
      if (!take(')')) fail("')' is missing");
    }
    if (take('[')) {
      for (spaces(); !take(']'); spaces()) {
        if (at_ == text_.size()) fail("']' is missing");
        result.inside.push_back(term());
      }
    }
    return result;
  }

  std::string_view text_;
  int line_;
  std::size_t at_ = 0;
};

}  // namespace

Term parse_term(std::string_view line, int line_number) {
  return Parser(line, line_number).whole();
}

}  // namespace cuse_binder::differential
