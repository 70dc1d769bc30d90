// Lines of `plenum eval --batch`.
#include "engine/cel/batch.h"
#include "tests/cel/table.h"

using namespace plenum;
using namespace plenum::cel;

namespace {

std::string line(const char* text) {
  return to_text(evaluate_line(Json::parse(text)));
}

// `expression` with x bound to a tagged value.
std::string with_x(const char* expression, const char* tagged) {
  Json text = Json::object();
  text["expr"] = expression;
  text["bindings"]["x"] = Json::parse(tagged);
  return to_text(evaluate_line(text));
}

void check_line(const char* text, const char* wanted) {
  INFO(text);
  CHECK(line(text) == wanted);
}

void check_error(const char* text, const char* wanted) {
  INFO(text);
  const Json answer = evaluate_line(Json::parse(text));
  REQUIRE(answer.contains("error"));
  CHECK_THAT(answer["error"].get<std::string>(), Catch::Contains(wanted));
}

}  // namespace

TEST_CASE("a batch line gives a tagged value", "[cel]") {
  check_line(R"j({"expr": "1 + 1"})j", R"j({"value":{"int":"2"}})j");
  check_line(R"j({"expr": "[1.5, 0.0/0.0, -1.0/0.0]"})j",
             R"j({"value":{"list":[{"double":1.5},{"double":"NaN"},{"double":"-Infinity"}]}})j");
  check_line(R"j({"expr": "{'a': null, 1: true}"})j",
             R"j({"value":{"map":[[{"string":"a"},{"null":null}],[{"int":"1"},{"bool":true}]]}})j");
  check_line(R"j({"expr": "b'hi'"})j", R"j({"value":{"bytes_base64":"aGk="}})j");
  check_line(R"j({"expr": "[timestamp(0), duration('1.5s')]"})j",
             R"j({"value":{"list":[{"timestamp":"1970-01-01T00:00:00Z"},{"duration":"1.5s"}]}})j");
  check_line(R"j({"expr": "[optional.none(), optional.of(1)]"})j",
             R"j({"value":{"list":[{"optional":null},{"optional":{"int":"1"}}]}})j");
  CHECK(with_x("x + 1u", R"j({"uint": "2"})j") == R"j({"value":{"uint":"3"}})j");
  CHECK(with_x("type(x)", R"j({"bytes_base64": "aGk="})j") == R"j({"value":{"type":"bytes"}})j");
}

TEST_CASE("every tag is read as it is written", "[cel]") {
  const char* values[] = {R"j({"int":"-9223372036854775808"})j",
                          R"j({"uint":"18446744073709551615"})j",
                          R"j({"double":2.5})j",
                          R"j({"double":"NaN"})j",
                          R"j({"double":"Infinity"})j",
                          R"j({"string":"é"})j",
                          R"j({"bool":false})j",
                          R"j({"null":null})j",
                          R"j({"bytes_base64":"AP8="})j",
                          R"j({"list":[{"int":"1"},{"string":"a"}]})j",
                          R"j({"map":[[{"int":"1"},{"string":"a"}],[{"bool":true},{"list":[]}]]})j",
                          R"j({"timestamp":"2026-11-21T09:30:00Z"})j",
                          R"j({"duration":"-90s"})j",
                          R"j({"type":"google.protobuf.Duration"})j",
                          R"j({"optional":null})j",
                          R"j({"optional":{"int":"1"}})j"};
  for (const char* value : values)
    CHECK(with_x("x", value) == R"j({"value":)j" + std::string(value) + "}");
}

TEST_CASE("nothing is checked first in a batch line, unless types are given", "[cel]") {
  check_line(R"j({"expr": "nope || true"})j", R"j({"value":{"bool":true}})j");
  check_line(R"j({"expr": "f(1) || true"})j", R"j({"value":{"bool":true}})j");
  check_line(R"j({"expr": "1 == 'a'"})j", R"j({"value":{"bool":false}})j");
  check_error(R"j({"expr": "nope"})j", "1:1: undeclared reference: unknown name `nope`");
  check_error(R"j({"expr": "f(1)"})j", "1:1: unbound function: no function `f` with 1 arguments");
  check_error(R"j({"expr": "'a'.matches('[')"})j", "not a regular expression");
  check_error(R"j({"expr": "nope || true", "types": []})j", "1:1: unknown name `nope`");
}

TEST_CASE("qualified names are one name, the longest first; a macro's variable hides them",
          "[cel]") {
  check_line(
      R"j({"expr": "a.b.c", "bindings": {"a.b": {"map": [[{"string": "c"}, {"int": "1"}]]}}})j",
      R"j({"value":{"int":"1"}})j");
  check_line(R"j({"expr": "[1].map(a, .a.b)", "bindings": {"a.b": {"int": "7"}}})j",
             R"j({"value":{"list":[{"int":"7"}]}})j");
  check_error(R"j({"expr": "[1].map(a, a.b)", "bindings": {"a.b": {"int": "7"}}})j",
              "it has no field `b`");
}

TEST_CASE("a batch line of another shape gives an error that says so", "[cel]") {
  check_error("[]", "a line is an object with `expr`, and `bindings` if it uses names");
  check_error(R"j({"expr": 1})j", "`expr`");
  check_error(R"j({"expr": "1", "bindings": []})j", "`bindings` must be an object");
  check_error(R"j({"expr": "(1"})j", "1:3: the expression ends too early: `)` is missing");
  check_error(R"j({"expr": "lists.range(1000000)"})j", "more steps");
  const char* bad[] = {
      R"j(1)j",
      R"j({})j",
      R"j({"int": "x"})j",
      R"j({"int": "99999999999999999999"})j",
      R"j({"uint": "-1"})j",
      R"j({"bool": 1})j",
      R"j({"list": {}})j",
      R"j({"map": [[{"string": "a"}]]})j",
      R"j({"map": [[{"list": []}, {"null": null}]]})j",
      R"j({"map": [[{"int": "1"}, {"null": null}], [{"uint": "1"}, {"null": null}]]})j",
      R"j({"what": 1})j",
      R"j({"int": "1", "uint": "1"})j",
      R"j({"bytes_base64": "$"})j",
      R"j({"timestamp": "today"})j",
      R"j({"type": "thing"})j"};
  for (const char* tagged : bad) {
    INFO(tagged);
    CHECK_THAT(with_x("x", tagged), Catch::Contains(R"j({"error":)j"));
  }
}
