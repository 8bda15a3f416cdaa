#include <set>

#include "cuse_binder/core/handle_table.h"
#include "cuse_binder/core/process.h"
#include "test/support/catch.h"

namespace cuse_binder::core {
namespace {

struct Table {
  Process process{1, 1};
  std::vector<std::unique_ptr<Node>> nodes;
  Ref& add(std::uint32_t lowest = 1) {
    nodes.push_back(std::make_unique<Node>(1, nullptr, nodes.size(), 0, 0));
    return process.refs.add(1, process, *nodes.back(), lowest);
  }
};

TEST_CASE("a new handle is the lowest free number from 1") {
  Table table;
  std::vector<Ref*> refs;
  for (std::uint32_t i = 1; i <= 5; ++i) {
    refs.push_back(&table.add());
    CHECK(refs.back()->handle == i);
  }
  table.process.refs.remove(*refs[3]);
  table.process.refs.remove(*refs[1]);
  CHECK(table.add().handle == 2);
  CHECK(table.add().handle == 4);
  CHECK(table.add().handle == 6);
}

TEST_CASE("number 0 is only for the manager's node, once") {
  Table table;
  CHECK(table.add(0).handle == 0);
  CHECK(table.add(0).handle == 1);
  CHECK(table.add(1).handle == 2);
}

TEST_CASE("an emptied table starts again and gives its memory back") {
  Table table;
  std::vector<Ref*> refs;
  for (int i = 0; i < 1000; ++i) refs.push_back(&table.add());
  for (Ref* ref : refs) table.process.refs.remove(*ref);
  CHECK(table.process.refs.size() == 0);
  CHECK(table.add().handle == 1);
}

}  // namespace
}  // namespace cuse_binder::core
