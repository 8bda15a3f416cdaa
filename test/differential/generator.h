// Random sequences that get somewhere: the next step is chosen by what the actors have seen so far.
//
// A seed gives one sequence. Each sequence has a mood, so that some are about descriptors, some about deaths,
// some about full areas; a few steps of each are plainly wrong.
#pragma once

#include <cstdint>
#include <vector>

#include "test/differential/player.h"
#include "test/differential/sequence.h"

namespace cuse_binder::differential {

// What the drivers to be compared have in common.
struct Reach {
  bool freeze_notifications = true;
};

class Generator {
 public:
  Generator(std::uint64_t seed, Reach reach);

  std::vector<Term> beginning();          // actor(...) and a manager
  Term next(const Player& player);        // the next step
  int length() const { return length_; }  // steps after the beginning

 private:
  struct Mood {
    int descriptors, pointers, deaths, freezes, ends, wrong, loopers, nested;  // weights, 0: never
    bool small_areas, blocking, siblings;
  };
  std::uint64_t random();
  int below(int limit) {
    return limit <= 0 ? 0 : static_cast<int>(random() % static_cast<std::uint64_t>(limit));
  }
  bool chance(int percent) { return below(100) < percent; }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return *(values.begin() + below(static_cast<int>(values.size())));
  }

  Term write_read(const Player& player, int actor, int thread);
  Term command(const Player& player, int actor, int thread);
  Term transaction(const Player& player, int actor, bool reply);
  Term object(const Player& player, int actor);
  void pointers(Term& transaction);
  std::int64_t handle(const Player& player, int actor, int manager_percent);
  Term ioctl(const Player& player, int actor, int thread);

  std::uint64_t state_;
  Reach reach_;
  Mood mood_{};
  int length_ = 0;
  int actors_ = 0;
  std::vector<std::size_t> acknowledged_;  // announcements, per actor
};

}  // namespace cuse_binder::differential
