// differential: random sequences on two drivers, compared step by step. See README.md.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "cuse_binder/base/log.h"
#include "test/conformance/traits.h"
#include "test/differential/runs.h"

namespace cuse_binder::differential {
namespace {

const char kUsage[] =
    R"(usage: differential [OPTION...] [--replay FILE...]

Plays random sequences of binder operations on our driver in this process and on another one, and compares everything
that clients see, and the drivers' own account of their state, after each step. A sequence that differs is made as small
as possible and printed as a file for kept/. Without --device our driver meets itself.

  --device FILE    the other driver's device file; the first of the two is then the reference: lines behind '-'
  --logs DIR       its logs (found beside the device, or in debugfs)
  --seed N         the first seed (1); one sequence each
  --count N        how many (100)
  --seconds N      stop after that time, however many were done
  --keep-going     go on after a difference
  --keep DIR       write what is found to DIR/seed-N.txt
  --pictures WHEN  compare the drivers' logs: at-end (default), each-step, never
  --print          print the sequences and what came of them
  --replay FILE    play a kept file instead, on the device if there is one, and compare with what it says
  --update         with --replay: write into the files what the driver says

Exit status: 0 no difference, 1 differences, 2 it could not be tried.
)";

struct Options {
  std::string device, logs, keep;
  std::uint64_t seed = 1, count = 100;
  long seconds = 0;
  bool keep_going = false, print = false, update = false;
  Player::Pictures pictures = Player::Pictures::at_end;
  std::vector<std::string> replay;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) throw std::runtime_error(word + " needs a value");
      return argv[++i];
    };
    const auto number = [&] { return std::stoull(value()); };
    if (word == "--device") {
      options.device = value();
    } else if (word == "--logs") {
      options.logs = value();
    } else if (word == "--seed") {
      options.seed = number();
    } else if (word == "--count") {
      options.count = number();
    } else if (word == "--seconds") {
      options.seconds = static_cast<long>(number());
    } else if (word == "--keep-going") {
      options.keep_going = true;
    } else if (word == "--keep") {
      options.keep = value();
    } else if (word == "--print") {
      options.print = true;
    } else if (word == "--update") {
      options.update = true;
    } else if (word == "--pictures") {
      const std::string when = value();
      options.pictures = when == "never"       ? Player::Pictures::none
                         : when == "each-step" ? Player::Pictures::each_step
                                               : Player::Pictures::at_end;
    } else if (word == "--replay") {
      while (i + 1 < argc && argv[i + 1][0] != '-') options.replay.push_back(argv[++i]);
    } else if (word == "-h" || word == "--help") {
      std::cout << kUsage;
      std::exit(0);
    } else {
      throw std::runtime_error("unknown option " + word);
    }
  }
  return options;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string find_logs(const std::string& device) {
  const std::string beside = device.substr(0, device.rfind('/') + 1) + "binder_logs";
  for (const std::string& place : {beside, std::string("/sys/kernel/debug/binder")}) {
    if (std::ifstream(place + "/state")) return place;
  }
  throw std::runtime_error("no logs of " + device + " found: --logs");
}

class Judge {
 public:
  explicit Judge(Options options)
      : options_(std::move(options)), ours_([] { return conformance::make_in_process_backend(); }, false) {
    if (options_.device.empty()) {
      theirs_ = std::make_unique<Cast>([] { return conformance::make_in_process_backend(); }, false);
      return;
    }
    if (options_.logs.empty()) options_.logs = find_logs(options_.device);
    const conformance::Traits traits = conformance::traits_of(conformance::probe_driver(options_.device));
    theirs_ = std::make_unique<Cast>(
        [this] { return conformance::make_device_backend(options_.device, options_.logs); }, true,
        traits.name.starts_with("kernel"));
    std::cout << "driver: " << traits.name << "\n";
    reach_.freeze_notifications = traits.freeze_notifications;
    if (!traits.logs_are_complete) options_.pictures = Player::Pictures::none;  // they look different there
  }

  int replay() {
    int failed = 0;
    for (const std::string& path : options_.replay) {
      const std::string text = read_file(path);
      Run said = parse_run(text);
      const Run played = play(said.steps, *theirs_, options_.pictures);
      if (options_.update) {
        std::ofstream(path) << remarks_of(text) << text_of(played);
        continue;
      }
      if (options_.pictures == Player::Pictures::none) drop_pictures(said);
      if (const auto difference = compare(said, played)) {
        std::cout << path << ": differs:\n" << difference->text;
        ++failed;
      }
    }
    std::cout << options_.replay.size() << " sequences replayed, " << failed << " differ\n";
    return failed != 0 ? 1 : 0;
  }

  int random() {
    const auto started = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
      return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started)
          .count();
    };
    std::uint64_t done = 0, different = 0, unrepeatable = 0, steps = 0;
    for (std::uint64_t seed = options_.seed; seed < options_.seed + options_.count; ++seed) {
      if (options_.seconds != 0 && elapsed() >= options_.seconds) break;
      const Run ours = generate(seed, reach_, ours_, options_.pictures);
      if (options_.print) std::cout << "# seed " << seed << "\n" << text_of(ours);
      const Run theirs = play(ours.steps, *theirs_, options_.pictures);
      ++done;
      steps += ours.steps.size();
      const auto difference = compare(theirs, ours);
      if (!difference) continue;
      if (!report(seed, ours.steps, *difference)) {
        ++unrepeatable;
        continue;
      }
      ++different;
      if (!options_.keep_going) break;
    }
    std::cout << done << " sequences, " << steps << " steps, " << different << " differ, ";
    if (unrepeatable != 0) std::cout << unrepeatable << " did once only, ";
    std::cout << elapsed() << " s\n";
    return different != 0 ? 1 : 0;
  }

 private:
  static std::string remarks_of(const std::string& text) {
    std::string remarks;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line) && line.starts_with('#');) remarks += line + "\n";
    return remarks;
  }

  static void drop_pictures(Run& run) {
    for (auto& lines : run.lines) {
      std::erase_if(lines,
                    [](const std::string& line) { return line.starts_with("  | ") || line == "at the end"; });
    }
  }

  // False if it cannot be repeated.
  bool report(std::uint64_t seed, Sequence steps, const Difference& difference) {
    std::cout << "seed " << seed << " differs at step " << difference.step << ":\n"
              << difference.text << std::flush;
    if (difference.step < steps.size()) steps.resize(difference.step + 1);
    const auto differs = [&](const Sequence& attempt) {
      const Run right = play(attempt, *theirs_, options_.pictures);
      const Run wrong = play(attempt, ours_, options_.pictures);
      return !right.raced && !wrong.raced && compare(right, wrong).has_value();
    };
    bool again = false;
    for (int attempt = 0; attempt < 5 && !again; ++attempt) again = differs(steps);
    if (!again) {
      std::cout
          << "and does not in five more attempts: it depends on more than the steps, and does not count\n"
          << std::flush;
      return false;
    }
    steps = shrink(std::move(steps), differs);
    const Run right = play(steps, *theirs_, options_.pictures);
    const Run wrong = play(steps, ours_, options_.pictures);
    const auto smallest = compare(right, wrong);
    std::cout << "--- the smallest found, as the reference answers it:\n" << text_of(right);
    if (smallest) std::cout << "--- and the difference:\n" << smallest->text;
    std::cout << "---\n" << std::flush;
    if (!options_.keep.empty()) {
      std::ofstream(options_.keep + "/seed-" + std::to_string(seed) + ".txt") << text_of(right);
    }
    return true;
  }

  Options options_;
  Reach reach_;
  Cast ours_;
  std::unique_ptr<Cast> theirs_;
};

}  // namespace
}  // namespace cuse_binder::differential

int main(int argc, char** argv) {
  using namespace cuse_binder::differential;
  cuse_binder::base::set_log_levels("off");  // wrong requests are what this is about
  try {
    Options options = parse(argc, argv);
    const bool replay = !options.replay.empty();
    Judge judge(std::move(options));
    return replay ? judge.replay() : judge.random();
  } catch (const std::exception& error) {
    std::cerr << "differential: " << error.what() << "\n";
    return 2;
  }
}
