// The results: figures next to what they were compared with, as a table for people and JSON for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace cuse_binder::bench {

// One number per round. The rounds of a figure and of its peer alternate, so that each pair saw the same
// machine.
class Series {
 public:
  void add(double value) { values_.push_back(value); }
  bool empty() const { return values_.empty(); }
  double median() const;
  double min() const;
  double max() const;
  // This series divided by the other, round by round.
  Series over(const Series& other) const;
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> values_;
};

struct Figure {
  std::string group;
  std::string what;
  std::string subject;
  std::string unit;
  Series ours;
  std::string peer_name;  // empty: nothing to compare with
  Series peer;
  std::string aim;  // of the ratio if there is a peer
  std::string note;
};

class Report {
 public:
  // Also prints a line, so that a long run can be watched.
  void add(Figure figure);
  void add_failure(const std::string& group, const std::string& subject, const std::string& why);
  bool failed() const { return !failures_.empty(); }

  void print_table() const;
  nlohmann::json to_json() const;

 private:
  struct Failure {
    std::string group, subject, why;
  };
  std::vector<Figure> figures_;
  std::vector<Failure> failures_;
};

}  // namespace cuse_binder::bench
