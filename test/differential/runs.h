// Whole runs: a sequence on one driver, a comparison of two, the smallest sequence that still differs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "test/differential/generator.h"
#include "test/differential/player.h"

namespace cuse_binder::differential {

struct Run {
  Sequence steps;
  std::vector<std::vector<std::string>> lines;  // of each step: its text, then what came of it; last: the end
  bool raced = false;                           // Player::raced
};

Run generate(std::uint64_t seed, Reach reach, Cast& cast, Player::Pictures pictures);
Run play(const Sequence& steps, Cast& cast, Player::Pictures pictures);

struct Difference {
  std::size_t step;  // the number of steps: at the end
  std::string text;  // lines behind '-' are the first's, behind '+' the second's
};
std::optional<Difference> compare(const Run& first, const Run& second);

// The transcript as a file: steps, what they gave indented below each.
std::string text_of(const Run& run);
// The reverse. Lines that begin with '#' are for people. Throws std::runtime_error.
Run parse_run(const std::string& text);

// The smallest sequence found that `differs`, by leaving out steps, then commands and objects, then numbers.
Sequence shrink(Sequence steps, const std::function<bool(const Sequence&)>& differs);

}  // namespace cuse_binder::differential
