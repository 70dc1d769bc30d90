// What is shown of a condition that does not hold.
#include <catch2/catch.hpp>

#include "engine/cel/cel.h"

using namespace plenum;

namespace {

std::string parts(const std::string& text) {
  const auto code = cel::Expression::compile(text, {{"a", {}}, {"b", {}}, {"list", {}}});
  REQUIRE(code);
  std::string all;
  for (const std::string& part : code->parts()) {
    CAPTURE(part);
    CHECK(cel::Expression::compile(part, {{"a", {}}, {"b", {}}, {"list", {}}}));
    all += (all.empty() ? "" : " | ") + part;
  }
  return all;
}

}  // namespace

TEST_CASE("the parts of a condition are the sides of its comparisons, constants left out",
          "[cel]") {
  CHECK(parts("a.x == 4") == "a.x");
  CHECK(parts("a.x == b.y") == "a.x | b.y");
  CHECK(parts("4 == 5") == "");
  CHECK(parts("a.x in [1, 2]") == "a.x");
}

TEST_CASE("conditions that are joined give the parts of each, none twice", "[cel]") {
  CHECK(parts("a.x == 1 && !(b.y < 2) || a.x == 3") == "a.x | b.y");
  CHECK(parts("a ? b == 1 : list == []") == "a | b | list");
}

TEST_CASE("a call is shown with what it is about; a macro with its list only", "[cel]") {
  CHECK(parts("size(a.x) == 4") == "size(a.x) | a.x");
  CHECK(parts("size(list.filter(i, i.ok)) > 2") ==
        "size(list.filter(i, i.ok)) | list.filter(i, i.ok) | list");
  CHECK(parts("list.all(i, i.ok == true)") == "list");
}
