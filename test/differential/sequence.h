// A sequence of steps as text and as a tree: what a random run is made of, what is shrunk, what is kept in a
// file.
//
// Everything is a Term: a word, named numbers, and terms inside it. One line is one step:
//
//   actor(size=65536)
//   wr(a=1,t=0,rs=1024)[call(h=0,code=7,size=8)[binder(n=1)] free(k=0)]
//
// A number that is not given is 0 unless player.h says otherwise. Numbers name things as the actors see them
// (handle 1, the oldest buffer held, node 2), never addresses or ids, so that the same text means the same on
// every driver and still means something after other steps were taken out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cuse_binder::differential {

struct Term {
  std::string word;
  std::vector<std::pair<std::string, std::int64_t>> numbers;
  std::vector<Term> inside;

  Term() = default;
  explicit Term(std::string name) : word(std::move(name)) {}

  std::int64_t get(std::string_view name, std::int64_t otherwise = 0) const;
  bool has(std::string_view name) const;
  // Sets a number; a 0 is left out where nothing else is the default.
  Term& set(std::string name, std::int64_t value);
  Term& add(Term term);
  std::string text() const;

  bool operator==(const Term&) const = default;
};

// Steps of which the first ones are actor(...): who takes part.
using Sequence = std::vector<Term>;

std::string text_of(const Sequence& sequence);  // one line a step
// Throws std::runtime_error with the line's number if it is not a term.
Term parse_term(std::string_view line, int line_number);

}  // namespace cuse_binder::differential
