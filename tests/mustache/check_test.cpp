// Names against types: what is certain to fail is found before there is data, once, at its place.

#include <catch2/catch.hpp>

#include "tests/mustache/fill.h"

using namespace plenum;
using namespace plenum::mustache;
using K = Type::Kind;

namespace {
const Type kTone =
    Type::object({{"id", {K::string}}, {"label", {K::string}}, {"why", {K::string, false}}});
const Names kNames = {
    {"message", K::string},
    {"context", Type(K::string).nullable()},
    {"analysis",
     Type::object({{"summary", {K::string}},
                   {"tones", {Type::list(kTone)}},
                   {"author", {Type::object({{"name", {K::string}}}).nullable(), false}}})},
    {"tones", Type::list(kTone)},
    {"names", Type::list(K::string)},
    {"grid", Type::list(Type::list(K::integer))},
    {"score", K::number},
    {"ready", K::boolean},
    {"anything", K::any},
    {"open", Type::object({{"known", {K::string}}}, true)},
    {"headers", Type::map(K::string)},
    {"empty", Type::object({})},
};

std::string checked(const std::string& text, Options options = {}) {
  const auto page = Template::parse(text, options);
  return page ? shown(page->check(kNames)) : "does not parse: " + shown(page.error());
}
}  // namespace

TEST_CASE("templates whose names exist pass", "[mustache]") {
  for (const char* text : {"{{message}}",
                           "{{context}}",
                           "{{#context}}{{.}}{{/context}}",
                           "{{^context}}{{message}}{{/context}}",
                           "{{analysis.summary}}",
                           "{{#analysis}}{{summary}}{{message}}{{/analysis}}",
                           "{{#analysis.tones}}{{label}}{{why}}{{/analysis.tones}}",
                           "{{#tones}}{{id}} {{score}}{{/tones}}",
                           "{{#names}}{{.}}{{/names}}",
                           "{{#grid}}{{#.}}{{.}}{{/.}}{{/grid}}",
                           "{{score}}{{ready}}",
                           "{{#ready}}{{message}}{{/ready}}",
                           "{{anything}}",
                           "{{anything.a.b}}",
                           "{{#anything}}{{whatever}}{{x.y}}{{/anything}}",
                           "{{open.known}}{{open.more.of.it}}",
                           "{{#open}}{{more}}{{/open}}",
                           "{{headers.etag}}",
                           "{{#headers}}{{etag}}{{/headers}}",
                           "{{analysis.author.name}}",
                           "{{#analysis.author}}{{name}}{{/analysis.author}}",
                           "{{!nothing}}",
                           "{{> partial}}",
                           "{{#tones}}{{#why}}{{.}}{{/why}}{{/tones}}",
                           "{{#score}}{{.}}{{/score}}"}) {
    INFO(text);
    CHECK(checked(text) == "");
  }
}

TEST_CASE("what is certain to fail is found, with the nearest name", "[mustache]") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"a\n {{mesage}}",
       "T602 2:4-2:10 unknown name `mesage` -> a name that is close exists: `message`"},
      {"{{analysis.sumary}}",
       "T602 1:3-1:18 `analysis` has no field `sumary` -> a name that is close exists: `summary`"},
      {"{{analysis.zzzzzz}}",
       "T602 1:3-1:18 `analysis` has no field `zzzzzz` -> it has `summary`, `tones` or `author`"},
      {"{{empty.x}}", "T602 1:3-1:10 `empty` has no field `x` -> it is an object without fields"},
      {"{{#tones}}{{lable}}{{/tones}}",
       "T602 1:13-1:18 unknown name `lable` -> a name that is close exists: `label`"},
      {"{{#tones}}\n{{#tones}}{{lable}}{{/tones}}{{/tones}}",
       "T602 2:13-2:18 unknown name `lable` -> a name that is close exists: `label`"},
      {"{{#analysis.author}}{{nam}}{{/analysis.author}}",
       "T602 1:23-1:26 unknown name `nam` -> a name that is close exists: `name`"},
      {"{{^tones}}{{label}}{{/tones}}",
       "T602 1:13-1:18 unknown name `label` -> in scope here: `analysis`, `anything`, `context`, "
       "`empty`, `grid`, "
       "`headers`, `message`, `names`, `open`, `ready`, `score` or `tones`"},
      {"{{tones.label}}",
       "T602 1:3-1:14 `tones` is a list, it has no field `label` -> repeat a section over it: "
       "`{{#tones}}{{label}}{{/tones}}`"},
      {"{{message.text}}",
       "T602 1:3-1:15 `message` is a string, it has no field `text` -> write `{{message}}`"},
      {"{{context.x}}",
       "T602 1:3-1:12 `context` is a string or null, it has no field `x` -> write `{{context}}`"},
      {"{{.}}", "T602 1:3-1:4 `.` stands outside every section -> write the name of a value"},
      {"{{analysis}}",
       "T603 1:3-1:11 `analysis` is an object, it has no text form -> use a field, e.g. "
       "`{{analysis.summary}}`, or "
       "`with: {analysis: =json(analysis)}`"},
      {"{{empty}}",
       "T603 1:3-1:8 `empty` is an object, it has no text form -> use a field, or `with: {empty: "
       "=json(empty)}`"},
      {"{{analysis.tones}}",
       "T603 1:3-1:17 `analysis.tones` is a list, it has no text form -> repeat a section over it, "
       "`{{#analysis.tones}}…{{/analysis.tones}}`, or `with: {tones: =json(analysis.tones)}`"},
      {"{{#tones}}{{.}}{{/tones}}",
       "T603 1:13-1:14 `.` is an object, it has no text form -> use a field, e.g. `{{id}}`, or "
       "`with: {item: "
       "=json(item)}`"},
      {"{{headers}}",
       "T603 1:3-1:10 `headers` is an object, it has no text form -> use a field, or `with: "
       "{headers: "
       "=json(headers)}`"},
      {"{{#grid}}{{.}}{{/grid}}",
       "T603 1:12-1:13 `.` is a list, it has no text form -> repeat a section over it, "
       "`{{#.}}…{{/.}}`, or `with: "
       "{item: =json(item)}`"},
  };
  for (const auto& [text, expected] : rows) {
    INFO(text);
    CHECK(checked(text) == expected);
  }
}

TEST_CASE("one mistake gives one finding, each mistake gives its own", "[mustache]") {
  CHECK(checked("{{#tonse}}{{label}}{{x.y}}{{/tonse}}") ==
        "T602 1:4-1:9 unknown name `tonse` -> a name that is close exists: `tones`");
  CHECK(checked("{{#message.x}}{{a}}{{/message.x}}") ==
        "T602 1:4-1:13 `message` is a string, it has no field `x` -> write `{{message}}`");
  CHECK(checked("{{mesage}}\n{{mesage}}") ==
        "T602 1:3-1:9 unknown name `mesage` -> a name that is close exists: `message`\n"
        "T602 2:3-2:9 unknown name `mesage` -> a name that is close exists: `message`");
}

TEST_CASE("unescaped text in html is found, but for the operator's constants", "[mustache]") {
  const std::string wrong =
      "T605 1:1-1:14 `{{{message}}}` is not escaped: what a model or a caller wrote would become "
      "markup -> "
      "write `{{message}}`";
  CHECK(checked("{{{message}}}", kHtml) == wrong);
  CHECK(checked("{{&message}}", kHtml).substr(0, 14) == "T605 1:1-1:13 ");
  CHECK(checked("{{{message}}}") == "");  // not html
  CHECK(checked("{{{message}}}", {Escape::html, true, {"message"}}) == "");
  CHECK(checked("{{#tones}}{{{label}}}{{/tones}}", {Escape::html, true, {"label"}}) != "");
}

TEST_CASE("lenient templates have nothing to check", "[mustache]") {
  CHECK(checked("{{mesage}}{{analysis}}{{.}}", kLenient) == "");
}

TEST_CASE("at most 100 problems are reported", "[mustache]") {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "{{zzzzzz" + std::to_string(i) + "}}";
  CHECK(Template::parse(text)->check(kNames).size() == 100);
}

TEST_CASE("a typed template renders nothing for a declared field that is absent", "[mustache]") {
  const Names names = {{"cv", Type::object({{"name", {K::string}}, {"phone", {K::string, false}}})},
                       {"list", Type::list(kTone)}};
  const auto page = Template::parse("{{cv.name}}:{{cv.phone}};{{#list}}{{why}}{{/list}}");
  REQUIRE(page);
  REQUIRE(page->check(names).empty());
  const Json data = Json::parse(R"({"cv": {"name": "Ada"}, "list": [{"id": "a", "label": "A"}]})");
  CHECK(!page->render(ObjectScope(data)));
  CHECK(*page->typed(names).render(ObjectScope(data)) == "Ada:;");
  // Only what the type lets be absent: a required field that is missing still fails.
  const Json broken = Json::parse(R"({"cv": {"phone": "1"}, "list": []})");
  CHECK(page->typed(names).render(ObjectScope(broken)).error().message.find("`cv` has no `name`") !=
        std::string::npos);
}

TEST_CASE("reads with types are exactly the names of the top level", "[mustache]") {
  const auto page =
      Template::parse("{{#tones}}{{label}}{{message}}{{/tones}}{{analysis.summary}}{{nothing}}");
  std::string reads;
  for (const Read& read : page->reads(kNames)) {
    for (const std::string& part : read.path) reads += part + "/";
    reads += " ";
  }
  CHECK(reads == "tones/ message/ analysis/summary/ ");
}
