#include "bench/support/report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace cuse_binder::bench {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value >= 1000 ? "%.0f" : value >= 100 ? "%.1f" : "%.2f", value);
  return text;
}

std::string range(const Series& series) {
  if (series.values().size() < 2) return number(series.median());
  return number(series.median()) + " (" + number(series.min()) + "–" + number(series.max()) + ")";
}

// Pads to a width in characters; the only ones of more than a byte are the dash and the µ.
std::string padded(const std::string& text, std::size_t width) {
  std::size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return characters < width ? text + std::string(width - characters, ' ') : text;
}

std::string row(const std::vector<std::string>& cells) {
  static constexpr std::size_t kWidths[] = {44, 8, 32, 44, 24, 8};
  std::string line;
  for (std::size_t i = 0; i < cells.size(); i++) line += padded(cells[i], kWidths[i]) + "  ";
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string row(const Figure& figure) {
  std::vector<std::string> cells{figure.what, figure.subject, range(figure.ours) + " " + figure.unit};
  if (figure.peer.empty()) {
    cells.insert(cells.end(), {"", ""});
  } else {
    cells.push_back(number(figure.peer.median()) + " " + figure.unit + " " + figure.peer_name);
    cells.push_back(range(figure.ours.over(figure.peer)));
  }
  cells.push_back(figure.aim);
  return row(cells);
}

nlohmann::json to_json(const Series& series) {
  return {
      {"median", series.median()}, {"min", series.min()}, {"max", series.max()}, {"rounds", series.values()}};
}

}  // namespace

double Series::median() const {
  std::vector<double> sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Series::min() const {
  return *std::min_element(values_.begin(), values_.end());
}
double Series::max() const {
  return *std::max_element(values_.begin(), values_.end());
}

Series Series::over(const Series& other) const {
  Series ratio;
  for (std::size_t i = 0; i < std::min(values_.size(), other.values_.size()); i++)
    ratio.add(values_[i] / other.values_[i]);
  return ratio;
}

void Report::add(Figure figure) {
  std::fprintf(stderr, "%s\n", row(figure).c_str());
  figures_.push_back(std::move(figure));
}

void Report::add_failure(const std::string& group, const std::string& subject, const std::string& why) {
  std::fprintf(stderr, "binder_bench: %s, %s: FAILED: %s\n", group.c_str(), subject.c_str(), why.c_str());
  failures_.push_back({group, subject, why});
}

void Report::print_table() const {
  std::string group;
  for (const Figure& figure : figures_) {
    if (figure.group != group) {
      group = figure.group;
      std::printf(
          "\n%s\n%s\n", group.c_str(),
          row({"measured", "over", "median (min–max of rounds)", "peer", "ratio (min–max)", "aim"}).c_str());
    }
    std::printf("%s\n", row(figure).c_str());
    if (!figure.note.empty()) std::printf("    %s\n", figure.note.c_str());
  }
  for (const Failure& failure : failures_)
    std::printf("\nFAILED: %s, %s: %s\n", failure.group.c_str(), failure.subject.c_str(),
                failure.why.c_str());
}

nlohmann::json Report::to_json() const {
  nlohmann::json figures = nlohmann::json::array(), failures = nlohmann::json::array();
  for (const Figure& figure : figures_) {
    nlohmann::json one = {{"group", figure.group},
                          {"what", figure.what},
                          {"subject", figure.subject},
                          {"unit", figure.unit},
                          {"aim", figure.aim},
                          {"note", figure.note},
                          {"ours", bench::to_json(figure.ours)}};
    if (!figure.peer.empty()) {
      one["peer_name"] = figure.peer_name;
      one["peer"] = bench::to_json(figure.peer);
      one["ratio"] = bench::to_json(figure.ours.over(figure.peer));
    }
    figures.push_back(std::move(one));
  }
  for (const Failure& failure : failures_)
    failures.push_back({{"group", failure.group}, {"subject", failure.subject}, {"why", failure.why}});
  return {{"figures", figures}, {"failures", failures}};
}

}  // namespace cuse_binder::bench
