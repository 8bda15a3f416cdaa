#include "test/differential/generator.h"

#include <algorithm>

namespace cuse_binder::differential {

Generator::Generator(std::uint64_t seed, Reach reach)
    : state_(seed * 0x9e3779b97f4a7c15 + 0x1234567), reach_(reach) {
  const auto weight = [&](int percent, int value) { return chance(percent) ? value : 0; };
  mood_.descriptors = weight(30, 5);
  mood_.pointers = weight(25, 6);
  mood_.deaths = weight(45, 8);
  mood_.freezes = weight(35, 8);
  mood_.ends = weight(40, 4);
  mood_.wrong = weight(50, 6);
  mood_.loopers = weight(30, 6);
  mood_.nested = weight(30, 3);
  mood_.small_areas = chance(40);
  mood_.blocking = chance(30);
  mood_.siblings = chance(12);
  length_ = 15 + below(45);
  actors_ = 2 + below(3);
  acknowledged_.resize(static_cast<std::size_t>(actors_));
}

// splitmix64
std::uint64_t Generator::random() {
  std::uint64_t value = state_ += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

std::vector<Term> Generator::beginning() {
  std::vector<Term> steps;
  for (int i = 0; i < actors_; ++i) {
    Term actor("actor");
    if (mood_.small_areas) actor.set("size", one_of<std::int64_t>({4096, 4096, 8192, 65536}));
    if (mood_.blocking && chance(60)) actor.set("blocking", 1);
    if (mood_.siblings && i > 0 && chance(50)) actor.set("process", 1 + below(i));
    if (chance(2)) actor.set("unmapped", 1);
    steps.push_back(actor);
  }
  if (chance(97)) {
    Term manager("manager");
    if (chance(20)) manager.set("flags", one_of<std::int64_t>({0, 0x100, 0x17f}));
    if (chance(20)) manager.set("n", below(3));
    if (chance(5)) manager.set("plain", 1);
    steps.push_back(manager);
  }
  return steps;
}

std::int64_t Generator::handle(const Player& player, int actor, int manager_percent) {
  if (chance(manager_percent)) return 0;
  const auto& handles = player.seen(actor).handles;
  if (!handles.empty() && !chance(4))
    return *std::next(handles.begin(), below(static_cast<int>(handles.size())));
  return below(5);
}

Term Generator::object(const Player& player, int actor) {
  const int wild = 20 + mood_.descriptors * 4 + mood_.wrong;
  int choice = below(60 + wild);
  if (choice < 32) {
    Term node(chance(80) ? "binder" : "wbinder");
    node.set("n", 1 + below(3));
    if (chance(3)) node.set("c", 1);
    if (chance(10)) node.set("flags", one_of<std::int64_t>({0, 0x100, 0x10a}));
    return node;
  }
  if (choice < 60) return Term(chance(75) ? "handle" : "whandle").set("h", handle(player, actor, 15));
  choice = below(wild);
  if (choice < mood_.descriptors * 4) return Term("fd").set("kind", chance(85) ? 0 : 1 + below(2));
  if (choice < mood_.descriptors * 4 + mood_.wrong) {
    switch (below(3)) {
      case 0:
        return Term("raw").set("type", one_of<std::int64_t>({0x11223344, BINDER_TYPE_PTR, BINDER_TYPE_FDA}));
      case 1:
        return Term("at").set("offset", one_of<std::int64_t>({0, 2, 4, 8, 24, 1000}));
      default:
        return Term("skip").set("n", 1 + below(9));
    }
  }
  return Term("skip").set("n", 4 * (1 + below(6)));
}

// Scatter-gather: parents, children and arrays of descriptors, mostly right.
void Generator::pointers(Term& transaction) {
  // A parent at data offset 0 is special to the driver.
  if (chance(85)) transaction.add(Term("skip").set("n", 8));
  std::int64_t room = 0;
  const int count = 1 + below(4);
  std::vector<std::int64_t> lengths;
  for (int i = 0; i < count; ++i) {
    const int kind = lengths.empty() ? 0 : below(10);
    if (kind < 7) {
      Term ptr("ptr");
      const std::int64_t length = one_of<std::int64_t>({8, 16, 24, 32, 40, 6, 9, 0});
      ptr.set("len", length);
      if (chance(40)) ptr.set("fds", 1 + below(3));
      if (chance(3)) ptr.set("fault", 1);
      if (!lengths.empty() && chance(55)) {
        ptr.set("parent", chance(90) ? below(static_cast<int>(lengths.size())) : below(6));
        ptr.set("po", one_of<std::int64_t>({0, 0, 4, 8, 8, 16, 24, 9, 25}));
      }
      room += (length + 7) / 8 * 8;
      lengths.push_back(length);
      transaction.add(ptr);
    } else {
      Term array("fda");
      array.set("n", below(4));
      array.set("parent", chance(90) ? below(static_cast<int>(lengths.size())) : below(6));
      array.set("po", one_of<std::int64_t>({0, 0, 0, 4, 8, 2}));
      lengths.push_back(0);
      transaction.add(array);
    }
  }
  transaction.set("sg", chance(90) ? room + 8 * below(3) : one_of<std::int64_t>({0, 8, 9, 16}));
}

Term Generator::transaction(const Player& player, int actor, bool reply) {
  Term term(reply ? "reply" : "call");
  if (!reply) term.set("h", handle(player, actor, actor == 0 ? 4 : 40));
  term.set("code", 1 + below(4));
  std::int64_t flags = 0;
  if (!reply && chance(45)) flags |= TF_ONE_WAY;
  if (mood_.descriptors + mood_.pointers != 0 && chance(60)) flags |= TF_ACCEPT_FDS;
  if (chance(8)) flags |= 0x20;                                                      // TF_CLEAR_BUF
  if (mood_.freezes != 0 && (flags & TF_ONE_WAY) != 0 && chance(40)) flags |= 0x40;  // TF_UPDATE_TXN
  if (flags != 0) term.set("flags", flags);
  if (chance(60)) term.set("size", mood_.small_areas && chance(40) ? 8 * below(400) : below(70));
  if (mood_.pointers != 0 && below(20) < mood_.pointers) {
    pointers(term);
  } else if (chance(55)) {
    // Objects lie at multiples of four.
    if (chance(95)) term.set("size", term.get("size") / 4 * 4);
    for (int count = 1 + below(3); count > 0; --count) term.add(object(player, actor));
  }
  if (below(60) < mood_.wrong) {
    switch (below(5)) {
      case 0:
        term.set("fault", 1 + below(2));
        break;
      case 1:
        term.set("odd", 1 + below(9));
        break;
      case 2:
        term.set("claim", one_of<std::int64_t>({-4, 5000000, 0}));
        break;
      case 3:
        term.set("tail", below(12));
        break;
      default:
        term.set("sg", one_of<std::int64_t>({9, 8, -8}));
        break;
    }
    // A size that is not true makes bytes that nobody set visible.
    if (term.has("claim") && term.get("claim") > 0 && term.get("claim") < 5000000) term.set("claim", 0);
  }
  return term;
}

Term Generator::command(const Player& player, int actor, int thread) {
  const Seen& seen = player.seen(actor);
  const auto count = [](const auto& container) { return static_cast<int>(container.size()); };
  const bool serving = seen.incoming[static_cast<std::size_t>(thread)] > 0;
  std::size_t& acknowledged = acknowledged_[static_cast<std::size_t>(actor)];
  acknowledged = std::min(acknowledged, seen.announcements.size());
  const bool to_acknowledge = acknowledged < seen.announcements.size();
  const int weights[] = {
      serving ? 10 + mood_.nested * 5 : 34,                           // 0 call
      serving ? 40 : 1 + mood_.wrong / 3,                             // 1 reply
      seen.held.empty() ? 1 : 22,                                     // 2 free
      14,                                                             // 3 counts
      to_acknowledge ? 30 : 1,                                        // 4 acknowledgements
      mood_.deaths,                                                   // 5 requests of deaths
      seen.deaths.empty() ? mood_.wrong / 4 : 10,                     // 6
      reach_.freeze_notifications ? mood_.freezes : 0,                // 7
      seen.freezes.empty() || !reach_.freeze_notifications ? 0 : 10,  // 8
      mood_.loopers,                                                  // 9
      mood_.wrong / 3,                                                // 10
  };
  int total = 0;
  for (const int weight : weights) total += weight;
  int choice = below(total);
  int kind = 0;
  while (choice >= weights[kind]) choice -= weights[kind++];
  const auto cookie = [&] { return static_cast<std::int64_t>(1 + below(3)); };
  switch (kind) {
    case 0:
    case 1:
      return transaction(player, actor, kind == 1);
    case 2:
      if (chance(4)) return Term("free").set("at", 8 * below(10));
      return Term("free").set("k", chance(50) ? 0 : below(count(seen.held) + 1));
    case 3: {
      Term term(one_of<const char*>({"acquire", "acquire", "release", "increfs", "decrefs"}));
      return term.set("h", handle(player, actor, 20));
    }
    case 4: {
      if (!to_acknowledge || chance(5))
        return Term(chance(50) ? "acqdone" : "incdone").set("n", 1 + below(3));
      Term term = seen.announcements[acknowledged];
      if (!chance(10)) ++acknowledged;
      return term;
    }
    case 5:
      return Term(chance(60) ? "reqdeath" : "cleardeath")
          .set("h", handle(player, actor, 15))
          .set("cookie", cookie());
    case 6: {
      const auto known =
          seen.deaths.empty()
              ? cookie()
              : static_cast<std::int64_t>(seen.deaths[static_cast<std::size_t>(below(count(seen.deaths)))]);
      return Term("deaddone").set("cookie", known);
    }
    case 7:
      return Term(chance(65) ? "reqfreeze" : "clearfreeze")
          .set("h", handle(player, actor, 15))
          .set("cookie", cookie());
    case 8: {
      const auto known = seen.freezes[static_cast<std::size_t>(below(count(seen.freezes)))];
      return Term("freezedone").set("cookie", static_cast<std::int64_t>(known));
    }
    case 9:
      return Term(one_of<const char*>({"enter", "enter", "register", "register", "exit"}));
    default:
      return Term("word").set("v", one_of<std::int64_t>({0xdeadbeef, 0x40046302, 0x4008630a, 0x720c, 0}));
  }
}

Term Generator::write_read(const Player& player, int actor, int thread) {
  Term step("wr");
  if (actor != 0) step.set("a", actor);
  if (thread != 0) step.set("t", thread);
  if (!chance(35)) {
    for (int count = one_of({1, 1, 1, 2, 2, 3, 4}); count > 0; --count)
      step.add(command(player, actor, thread));
    if (chance(50)) step.set("rs", 0);
  }
  if (!step.has("rs") && chance(8))
    step.set("rs", one_of<std::int64_t>({4, 8, 12, 20, 24, 72, 79, 80, 84, 100}));
  if (below(100) < mood_.wrong / 2) {
    switch (below(4)) {
      case 0:
        step.set("wfault", 1);
        break;
      case 1:
        step.set("rfault", 1);
        break;
      case 2:
        if (step.get("rs", 1024) >= 8) step.set("rc", 8);
        break;
      default:
        step.set("wc", 100000);
        break;
    }
  }
  return step;
}

Term Generator::ioctl(const Player& player, int actor, int thread) {
  const int weights[] = {
      4,                       // 0 exit
      mood_.loopers * 2,       // 1 max
      6,                       // 2 poll
      6,                       // 3 ee
      2,                       // 4 spam
      2,                       // 5 manager
      3,                       // 6 inspection
      mood_.freezes * 3,       // 7 freeze
      mood_.freezes,           // 8 frozen
      mood_.blocking ? 6 : 0,  // 9 signal
      mood_.ends,              // 10 end of a process or file
      mood_.descriptors / 2,   // 11 list
      mood_.wrong / 3,         // 12 nonsense
      1,                       // 13 version
  };
  int total = 0;
  for (const int weight : weights) total += weight;
  int choice = below(total);
  int kind = 0;
  while (choice >= weights[kind]) choice -= weights[kind++];
  Term step;
  switch (kind) {
    case 0:
      step = Term("exit");
      break;
    case 1:
      step = Term("max").set("v", below(4));
      break;
    case 2:
      step = Term("poll");
      break;
    case 3:
      step = Term("ee");
      break;
    case 4:
      step = Term("spam").set("v", chance(80) ? 1 : 0);
      break;
    case 5:
      step = Term("manager").set("n", below(3)).set("flags", 0x100);
      break;
    case 6:
      step = chance(50) ? Term("nodedebug").set("n", below(4)) : Term("noderef").set("h", below(4));
      break;
    case 7:
      step = Term("freeze").set("who", below(actors_)).set("enable", chance(60) ? 1 : 0);
      break;
    case 8:
      step = Term("frozen").set("who", below(actors_));
      break;
    case 9:
      step = Term("signal");
      break;
    case 10:
      if (!player.open(actor)) {
        step = Term("open");
      } else {
        step = Term(chance(50) ? "kill" : "close");
      }
      break;
    case 11:
      step = Term("fds");
      break;
    case 12:
      step = Term("ioctl").set("req", one_of<std::int64_t>({0x40086203, 0x40046206, 0xc0086209, 0x6214}));
      break;
    default:
      step = Term("version");
      break;
  }
  if (actor != 0) step.set("a", actor);
  if (thread != 0) step.set("t", thread);
  return step;
}

Term Generator::next(const Player& player) {
  int actor = below(actors_);
  int thread = chance(65) ? 0 : below(kThreads);
  for (int attempt = 0; attempt < 8; ++attempt) {
    // Threads that can do something are more interesting.
    if (player.open(actor) && !player.busy(actor, thread)) break;
    if (!player.open(actor) && chance(30)) return Term("open").set("a", actor);
    actor = below(actors_);
    thread = below(kThreads);
  }
  if (player.busy(actor, thread) && chance(20)) return Term("signal").set("a", actor).set("t", thread);
  return chance(82) ? write_read(player, actor, thread) : ioctl(player, actor, thread);
}

}  // namespace cuse_binder::differential
