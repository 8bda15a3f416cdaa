#include "bench/support/caller.h"

#include <algorithm>
#include <vector>

namespace cuse_binder::bench {
namespace {

Answer make_calls(const Order& order, const CallFunction& call) {
  std::vector<double> us(order.calls);
  const Clock::time_point start = Clock::now();
  Clock::time_point last = start;
  for (double& one : us) {
    call(order.size);
    // The end of a call is the begin of the next: one look at the clock per call.
    const Clock::time_point now = Clock::now();
    one = std::chrono::duration<double, std::micro>(now - last).count();
    last = now;
  }
  Answer answer{.calls = order.calls, .seconds = std::chrono::duration<double>(last - start).count()};
  std::sort(us.begin(), us.end());
  answer.min_us = us.front();
  answer.median_us = us[us.size() / 2];
  answer.p99_us = us[us.size() - 1 - us.size() / 100];
  return answer;
}

Answer call_for(const Order& order, const CallFunction& call) {
  Answer answer;
  const Clock::time_point start = Clock::now();
  do {
    for (int i = 0; i < 16; i++) call(order.size);
    answer.calls += 16;
    answer.seconds = seconds_since(start);
  } while (answer.seconds < order.seconds);
  return answer;
}

}  // namespace

void follow_orders(Channel& channel, const CallFunction& call) {
  for (;;) {
    const Order order = channel.next_order();
    channel.answer(order.calls > 0 ? make_calls(order, call) : call_for(order, call));
  }
}

}  // namespace cuse_binder::bench
