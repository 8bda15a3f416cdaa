#include "test/differential/runs.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace cuse_binder::differential {

Run generate(std::uint64_t seed, Reach reach, Cast& cast, Player::Pictures pictures) {
  Run run;
  Generator generator(seed, reach);
  Player player(cast, pictures);
  const auto take = [&](Term step) {
    run.lines.push_back(player.play(step));
    run.steps.push_back(std::move(step));
  };
  for (Term& step : generator.beginning()) take(std::move(step));
  for (int i = 0; i < generator.length() && !player.raced(); ++i) take(generator.next(player));
  run.lines.push_back(player.finish());
  if (!player.raced()) return run;
  run.steps.pop_back();
  return play(run.steps, cast, pictures);
}

Run play(const Sequence& steps, Cast& cast, Player::Pictures pictures) {
  Run run;
  Player player(cast, pictures);
  for (const Term& step : steps) run.lines.push_back(player.play(step));
  run.lines.push_back(player.finish());
  run.steps = steps;
  run.raced = player.raced();
  return run;
}

std::optional<Difference> compare(const Run& first, const Run& second) {
  for (std::size_t i = 0; i < std::min(first.lines.size(), second.lines.size()); ++i) {
    if (first.lines[i] == second.lines[i]) continue;
    Difference difference{i, ""};
    const auto& a = first.lines[i];
    const auto& b = second.lines[i];
    for (std::size_t k = 0; k < std::max(a.size(), b.size()); ++k) {
      if (k < a.size() && k < b.size() && a[k] == b[k]) {
        difference.text += "  " + a[k] + "\n";
        continue;
      }
      if (k < a.size()) difference.text += "- " + a[k] + "\n";
      if (k < b.size()) difference.text += "+ " + b[k] + "\n";
    }
    return difference;
  }
  return std::nullopt;
}

std::string text_of(const Run& run) {
  std::string out;
  for (const auto& lines : run.lines) {
    for (const std::string& line : lines) out += line + "\n";
  }
  return out;
}

Run parse_run(const std::string& text) {
  Run run;
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == ' ') {
      if (run.lines.empty())
        throw std::runtime_error("line " + std::to_string(number) + ": nothing gave this");
      run.lines.back().push_back(line);
    } else {
      if (line != "at the end") run.steps.push_back(parse_term(line, number));
      run.lines.push_back({line});
    }
  }
  return run;
}

namespace {

using Differs = std::function<bool(const Sequence&)>;

// Leaves out pieces of `list` (part of `steps`), first long ones.
bool thin_out(Sequence& steps, const std::function<std::vector<Term>&(Sequence&)>& list,
              const Differs& differs) {
  bool shorter = false;
  for (std::size_t piece = std::max<std::size_t>(1, list(steps).size() / 2);; piece /= 2) {
    for (std::size_t at = 0; at < list(steps).size();) {
      Sequence attempt = steps;
      auto& items = list(attempt);
      const auto from = items.begin() + static_cast<std::ptrdiff_t>(at);
      items.erase(from, from + static_cast<std::ptrdiff_t>(std::min(piece, items.size() - at)));
      if (differs(attempt)) {
        steps = std::move(attempt);
        shorter = true;
      } else {
        at += piece;
      }
    }
    if (piece <= 1) break;
  }
  return shorter;
}

bool simplify_numbers(Sequence& steps, const std::function<Term&(Sequence&)>& term, const Differs& differs) {
  bool simpler = false;
  for (std::size_t i = 0; i < term(steps).numbers.size();) {
    Sequence attempt = steps;
    auto& numbers = term(attempt).numbers;
    numbers.erase(numbers.begin() + static_cast<std::ptrdiff_t>(i));
    if (differs(attempt)) {
      steps = std::move(attempt);
      simpler = true;
    } else {
      ++i;
    }
  }
  return simpler;
}

}  // namespace

Sequence shrink(Sequence steps, const Differs& differs) {
  for (int round = 0; round < 3; ++round) {
    bool better = thin_out(
        steps, [](Sequence& s) -> std::vector<Term>& { return s; }, differs);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      better = thin_out(
                   steps, [i](Sequence& s) -> std::vector<Term>& { return s[i].inside; }, differs) ||
               better;
      better = simplify_numbers(
                   steps, [i](Sequence& s) -> Term& { return s[i]; }, differs) ||
               better;
      for (std::size_t k = 0; k < steps[i].inside.size(); ++k) {
        better = thin_out(
                     steps, [i, k](Sequence& s) -> std::vector<Term>& { return s[i].inside[k].inside; },
                     differs) ||
                 better;
        better = simplify_numbers(
                     steps, [i, k](Sequence& s) -> Term& { return s[i].inside[k]; }, differs) ||
                 better;
      }
    }
    if (!better) break;
  }
  return steps;
}

}  // namespace cuse_binder::differential
