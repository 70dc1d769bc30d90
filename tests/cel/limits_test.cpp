// No program and no data crashes, hangs or fills the memory.
#include <chrono>

#include "engine/cel/program.h"
#include "tests/cel/table.h"

using namespace plenum;
using namespace plenum::cel;

namespace {

std::string times(size_t count, const std::string& part) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += part;
  return text;
}

// Runs into the step limit, and quickly.
void check_stopped(const std::string& expression, const Json& data = Json::object()) {
  INFO(expression.substr(0, 200));
  const auto compiled = Expression::compile(expression, names_in(data));
  REQUIRE(compiled);
  const auto before = std::chrono::steady_clock::now();
  const auto value = compiled->evaluate(ObjectScope(data));
  const auto took = std::chrono::steady_clock::now() - before;
  REQUIRE_FALSE(value);
  CHECK(value.error().code == "expression_limit");
  CHECK(value.error().kind == Kind::invalid);
  CHECK(took < std::chrono::seconds(10));  // milliseconds in fact; sanitizers are slow
}

}  // namespace

TEST_CASE("deep nesting is refused at 64 levels, wide expressions are not", "[cel]") {
  const std::string deep[] = {
      times(65, "(") + "1" + times(65, ")"),
      times(65, "[") + "1" + times(65, "]"),
      times(65, "-") + "x",
      times(65, "!") + "true",
      "x" + times(70, ".a"),
      "x" + times(70, "[0]"),
      "x" + times(70, "?.a"),
      times(70, "size(") + "x" + times(70, ")"),
      times(70, "true ? 1 : ") + "2",
      times(70, "{1:") + "x" + times(70, "}"),
      "x" + times(70, ".map(a, a)"),
      times(70, "x.map(a, ") + "a" + times(70, ")"),
      times(70, "1 < ") + "2",
      times(8000, "("),
      times(8000, "["),
      times(8000, "-"),
      times(8000, "!"),
      times(4000, "a?b:"),
      times(4000, "f("),
      times(4000, "{1:"),
  };
  for (const std::string& expression : deep) {
    INFO(expression.substr(0, 60));
    const auto compiled = Expression::compile(expression, {{"x", Type()}});
    REQUIRE_FALSE(compiled);
    CHECK(compiled.error().size() == 1);
    CHECK(compiled.error()[0].message == "the expression is nested deeper than 64 levels");
  }
  const Json data = Json::parse(R"({"x": 1})");
  CHECK(answer(times(30, "(") + "1" + times(30, ")"), data, {}) == "1");
  CHECK(answer("1" + times(3000, " + 1"), data, {}) == "3001");
  CHECK(answer("1" + times(3000, " * 1"), data, {}) == "1");
  CHECK(answer("true" + times(2000, " && true"), data, {}) == "true");
  CHECK(answer("size([1" + times(4000, ", 1") + "])", data, {}) == "4001");
}

TEST_CASE("text longer than 16 KiB is refused", "[cel]") {
  const auto compiled = Expression::compile("'" + times(16 << 10, "a") + "'", {});
  REQUIRE_FALSE(compiled);
  CHECK(compiled.error()[0].message == "the expression has 16386 bytes; at most 16384 are allowed");
  CHECK(Expression::compile("'" + times((16 << 10) - 2, "a") + "'", {}));
  CHECK_FALSE(Expression::compile(std::string(1 << 20, '('), {}));
}

TEST_CASE("bombs of steps stop at the limit", "[cel]") {
  const std::string ten = "[1,2,3,4,5,6,7,8,9,10]";
  check_stopped("lists.range(99999).map(a, a * 2)");
  check_stopped("lists.range(1000000000)");
  check_stopped("lists.range(9223372036854775807)");
  check_stopped(times(6, ten + ".map(x, ") + "x" + times(6, ")"));
  check_stopped(times(6, ten + ".all(x, ") + "true" + times(6, ")"));
  check_stopped("lists.range(40000).exists(a, a / 0 == 1)");
  check_stopped("lists.range(20000).all(a, b, a / 0 == 1) || true");
  check_stopped("lists.range(500).map(a, lists.range(500)).flatten().size()");
  check_stopped("lists.range(400).sortBy(a, lists.range(400).map(b, b).size())");
  check_stopped(
      "lists.range(3000).exists(a, lists.range(100) == lists.range(100).map(x, x) && false)");
  check_stopped("lists.range(700).map(x, [x]).distinct()");
}

TEST_CASE("bombs of text and data stop at the limit", "[cel]") {
  const Json data =
      Json::parse(R"({"s": "0123456789012345678901234567890123456789012345678901234567890123"})");
  std::string doubled = "s";
  for (int i = 0; i < 40; ++i) doubled = "cel.bind(a, " + doubled + ", a + a)";
  check_stopped(doubled, data);
  std::string replaced = "s";
  for (int i = 0; i < 12; ++i) replaced += ".replace('0', s)";
  check_stopped(replaced, data);
  check_stopped("s" + times(20, ".replace('', s)"), data);
  std::string formatted = "s";
  for (int i = 0; i < 30; ++i) formatted = "cel.bind(a, " + formatted + ", '%s%s'.format([a, a]))";
  check_stopped(formatted, data);
  std::string joined = "s";
  for (int i = 0; i < 30; ++i) joined = "cel.bind(a, " + joined + ", [a, a, a].join(s))";
  check_stopped(joined, data);
  std::string lists = "[s]";
  for (int i = 0; i < 40; ++i) lists = "cel.bind(a, " + lists + ", a + a)";
  check_stopped(lists, data);
  // Shared lists unfold only when they are walked: into a result, into text, in a comparison.
  std::string shared = "[s, s]";
  for (int i = 0; i < 40; ++i) shared = "cel.bind(a, " + shared + ", [a, a])";
  const auto compiled = Expression::compile(shared, names_in(data));
  const auto value = compiled->evaluate(ObjectScope(data));
  REQUIRE_FALSE(value);
  CHECK(value.error().code == "expression_limit");
  CHECK(value.error().message ==
        "1:1: the result is larger than 1048576 bytes of JSON; keep less of it");
  check_stopped("json(" + shared + ").size()", data);
  check_stopped("'%s'.format([" + shared + "])", data);
  check_stopped("cel.bind(x, " + shared + ", x == " + shared + ")", data);
}

TEST_CASE("large objects and texts cost what looking through them costs", "[cel]") {
  Json data = Json::object();
  Json& object = data["o"] = Json::object();
  for (int i = 0; i < 10000; ++i) object.emplace("key" + std::to_string(i), i);
  data["text"] = times(1 << 20, "x");
  CHECK(answer("o.key9999", data, names_in(data)) == "9999");
  CHECK(answer("text.size()", data, names_in(data)) == "1048576");
  CHECK(answer("text.matches('^x*$')", data, names_in(data)) == "true");
  check_stopped("lists.range(100).map(i, o.key9999)", data);
  check_stopped("lists.range(100).map(i, text.size())", data);
  check_stopped("lists.range(100).map(i, text.contains('y'))", data);
  check_stopped("lists.range(100).map(i, text.matches('(x+x+)+y'))", data);
  check_stopped("lists.range(500).map(i, 'a'.matches(string(i) + '(b{100}){5}'))", data);
  check_stopped("lists.range(100).map(i, text == text + '')", data);
  check_stopped("lists.range(100).map(i, tokens(text))", data);
  check_stopped("chunks(text, 2, 1)", data);
}

TEST_CASE("the limits are the caller's", "[cel]") {
  const Json data = Json::parse(R"({"list": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]})");
  const Names names = names_in(data);
  CHECK(answer("list.map(x, x + 1).size()", data, names, {1000, 1000}) == "10");
  CHECK_THAT(answer("list.map(x, x + 1).size()", data, names, {20, 1000}),
             Catch::Contains("1:1: the expression takes more steps than allowed"));
  CHECK(answer("list", data, names, {1000, 100}) == "[1,2,3,4,5,6,7,8,9,10]");
  CHECK_THAT(answer("list", data, names, {1000, 20}), Catch::Contains("larger than 20 bytes"));
  CHECK_THAT(answer("1", data, names, {0, 1000}), Catch::Contains("more steps"));
}

TEST_CASE("data of any depth is walked without recursion beyond bounds", "[cel]") {
  Json deep = Json::array();
  for (int i = 0; i < 5000; ++i) {
    Json outer = Json::array();
    outer.push_back(std::move(deep));
    deep = std::move(outer);
  }
  Json data = Json::object();
  data["deep"] = std::move(deep);
  const Names names = names_in(data);
  CHECK(answer("deep.size()", data, names) == "1");
  CHECK_THAT(answer("deep", data, names), Catch::Contains("nested deeper than 512 levels"));
  CHECK_THAT(answer("deep == deep", data, names), Catch::Contains("more steps"));
  CHECK_THAT(answer("json(deep)", data, names), Catch::Contains("more steps"));
  CHECK_THAT(answer("'%s'.format([deep])", data, names), Catch::Contains("more steps"));
}

TEST_CASE("one expression is evaluated by many threads", "[cel]") {
  const Json data = Json::parse(R"({"list": [3, 1, 2], "s": "abc"})");
  const auto compiled = Expression::compile(
      "list.sort().map(x, string(x)).join('-') + s.replace('b', 'B') + "
      "string(s.matches('b'))",
      names_in(data));
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i)
        good += compiled->evaluate(ObjectScope(data)).value() == "1-2-3aBctrue";
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 800);
}
