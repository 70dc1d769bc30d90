// What templates mean: one row, one rule.

#include <catch2/catch.hpp>

#include "engine/mustache/batch.h"
#include "tests/mustache/fill.h"

using namespace plenum;
using namespace plenum::mustache;

namespace {
struct Row {
  const char* text;
  const char* data;
  const char* expected;
};

void holds(const std::vector<Row>& rows, const Options& options = {}) {
  for (const Row& row : rows) {
    INFO(row.text << "  with  " << row.data);
    CHECK(fill(row.text, row.data, options) == row.expected);
  }
}
}  // namespace

TEST_CASE("a tag is replaced by the text of its value", "[mustache]") {
  holds({
      {"no tags", "{}", "no tags"},
      {"", "{}", ""},
      {"Dear {{name}},", R"({"name": "Ada"})", "Dear Ada,"},
      {"{{ name }}{{name}}", R"({"name": "a"})", "aa"},
      {"{{\n name\n}}", R"({"name": "a"})", "a"},
      {"{{n}}", R"({"n": 42})", "42"},
      {"{{n}}", R"({"n": -9223372036854775808})", "-9223372036854775808"},
      {"{{n}}", R"({"n": 18446744073709551615})", "18446744073709551615"},
      {"{{n}}", R"({"n": 1.21})", "1.21"},
      {"{{n}}", R"({"n": 0.1})", "0.1"},
      {"{{n}}", R"({"n": 8.0})", "8"},
      {"{{n}}", R"({"n": 100000.0})", "100000"},
      {"{{n}}", R"({"n": 1e20})", "100000000000000000000"},
      {"{{n}}", R"({"n": 1e21})", "1e+21"},
      {"{{n}}", R"({"n": 0.000001})", "0.000001"},
      {"{{n}}", R"({"n": 1e-7})", "1e-07"},
      {"{{n}}", R"({"n": 5e-324})", "5e-324"},
      {"{{n}}", R"({"n": 0.30000000000000004})", "0.30000000000000004"},
      {"{{a}}{{b}}", R"({"a": true, "b": false})", "truefalse"},
      {"[{{x}}]", R"({"x": null})", "[]"},
      {"{{a.b.c}}", R"({"a": {"b": {"c": 1}}})", "1"},
      {"[{{a.b.c}}]", R"({"a": null})", "[]"},
      {"[{{a.b.c}}]", R"({"a": {"b": null}})", "[]"},
      {"{{größe}}", R"({"größe": "ja"})", "ja"},
      {"{{x}}", R"({"x": "{{y}}"})", "{{y}}"},
      {"a } b {{x}} }} { {", R"({"x": 1})", "a } b 1 }} { {"},
      {"{{{x}}} {{&x}} {{x}}", R"({"x": "<&>"})", "<&> <&> <&>"},
  });
}

TEST_CASE("html escapes what could become markup, and nothing else", "[mustache]") {
  holds(
      {
          {"{{x}}", R"({"x": "<a href=\"x\">'&'</a>"})",
           "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;"},
          {"{{x}}", R"({"x": "äöü €"})", "äöü €"},
          {"{{x}}", R"({"x": "&amp;"})", "&amp;amp;"},
          {"<b>{{x}}</b>", R"({"x": ""})", "<b></b>"},
          {"{{#list}}{{.}}{{/list}}", R"({"list": ["<", ">"]})", "&lt;&gt;"},
          {"{{x}}", R"({"x": 1.5})", "1.5"},
      },
      kHtml);
}

TEST_CASE("html escapes a character wherever it stands, and none beside it", "[mustache]") {
  const auto page = Template::parse("{{x}}", kHtml);
  const std::map<char, std::string> entities = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
  for (int c = 1; c < 128; ++c) {
    const auto entity = entities.find(static_cast<char>(c));
    const std::string shown =
        entity == entities.end() ? std::string(1, static_cast<char>(c)) : entity->second;
    for (size_t size = 1; size <= 19; ++size)
      for (size_t at = 0; at < size; ++at) {
        const std::string before(at, '='), after(size - at - 1, '%');
        const Json data = {{"x", before + static_cast<char>(c) + after}};
        const Result<std::string> text = page->render(ObjectScope(data));
        REQUIRE(text);
        if (*text != before + shown + after)
          FAIL(c << " at " << at << " of " << size << ": " << *text);
      }
  }
}

TEST_CASE("unescaped text in html is for the operator's constants only", "[mustache]") {
  const std::string refused = "error: 1:1: `{{{x}}}` is not escaped; write `{{x}}`";
  CHECK(fill("{{{x}}}", R"({"x": "<b>"})", kHtml) == refused);
  CHECK(fill("{{&x}}", R"({"x": "<b>"})", kHtml).find("is not escaped") != std::string::npos);
  const Options options{Escape::html, true, {"env"}};
  CHECK(fill("{{{env.LOGO}}}", R"({"env": {"LOGO": "<svg>"}})", options) == "<svg>");
  // A field that only has the constant's name is not the constant.
  CHECK(fill("{{#cv}}{{{env}}}{{/cv}}", R"({"cv": {"env": "<b>"}, "env": ""})", options)
            .find("is not escaped") != std::string::npos);
}

TEST_CASE("a section repeats over lists and stands on values", "[mustache]") {
  holds({
      {"{{#a}}x{{/a}}", R"({"a": true})", "x"},
      {"[{{#a}}x{{/a}}]", R"({"a": false})", "[]"},
      {"[{{#a}}x{{/a}}]", R"({"a": null})", "[]"},
      {"[{{#a}}x{{/a}}]", R"({"a": []})", "[]"},
      {"[{{#a}}x{{/a}}]", R"({"a": ""})", "[]"},
      {"[{{#a}}x{{/a}}]", R"({"a": 0})", "[x]"},
      {"[{{#a}}x{{/a}}]", R"({"a": {}})", "[x]"},
      {"{{#note}}Note: {{.}}{{/note}}", R"({"note": "call me"})", "Note: call me"},
      {"{{#n}}{{.}} points{{/n}}", R"({"n": 3})", "3 points"},
      {"{{#l}}({{.}}){{/l}}", R"({"l": [1, 2.5, "x", true]})", "(1)(2.5)(x)(true)"},
      {"{{#l}}({{.}}){{/l}}", R"({"l": [null]})", "()"},
      {"{{#l}}{{#.}}{{.}},{{/.}};{{/l}}", R"({"l": [[1, 2], [3]]})", "1,2,;3,;"},
      {"{{#l}}{{a}}{{/l}}", R"({"l": [{"a": 1}, {"a": 2}]})", "12"},
      {"{{#l}}{{a}}{{b}}{{/l}}", R"({"b": "!", "l": [{"a": 1}, {"a": 2}]})", "1!2!"},
      {"{{#l}}{{a}}{{/l}}", R"({"a": "out", "l": [{"a": "in"}, {}]})", "inout"},
      {"{{#a}}{{#b}}{{c}}{{/b}}{{/a}}", R"({"a": {"b": {"c": 1}}})", "1"},
      {"{{#a.b}}{{c}}{{/a.b}}", R"({"a": {"b": {"c": 1}}})", "1"},
      {"{{#l}}{{l}}{{/l}}", R"({"l": [{"l": 1}]})", "1"},
      {"{{#a}}{{#a}}x{{/a}}{{/a}}", R"({"a": true})", "x"},
  });
}

TEST_CASE("an inverted section stands where there is nothing", "[mustache]") {
  holds({
      {"{{^a}}none{{/a}}", R"({"a": []})", "none"},
      {"{{^a}}none{{/a}}", R"({"a": null})", "none"},
      {"{{^a}}none{{/a}}", R"({"a": ""})", "none"},
      {"{{^a}}none{{/a}}", R"({"a": false})", "none"},
      {"[{{^a}}none{{/a}}]", R"({"a": 0})", "[]"},
      {"[{{^a}}none{{/a}}]", R"({"a": [0]})", "[]"},
      {"[{{^a}}none{{/a}}]", R"({"a": {}})", "[]"},
      {"{{^a.b}}none{{/a.b}}", R"({"a": {}})", "none"},
      {"{{^a.b}}none{{/a.b}}", R"({"a": null})", "none"},
      {"{{^a}}{{b}}{{/a}}", R"({"a": false, "b": 1})", "1"},
  });
}

TEST_CASE("a section guards a field that may be absent", "[mustache]") {
  holds({
      {"[{{#cv.phone}}{{cv.phone}}{{/cv.phone}}]", R"({"cv": {}})", "[]"},
      {"[{{#cv.phone}}{{cv.phone}}{{/cv.phone}}]", R"({"cv": {"phone": "1"}})", "[1]"},
      {"{{#l}}[{{#p}}{{.}}{{/p}}]{{/l}}", R"({"l": [{"p": 1}, {}]})", "[1][]"},
  });
}

TEST_CASE("tags alone on their line take the line with them", "[mustache]") {
  holds({
      {"a\n{{#x}}\nb\n{{/x}}\nc\n", R"({"x": true})", "a\nb\nc\n"},
      {"a\r\n{{#x}}\r\nb\r\n{{/x}}\r\nc", R"({"x": true})", "a\r\nb\r\nc"},
      {"  {{#x}}  \nb\n\t{{/x}}\t\nc", R"({"x": true})", "b\nc"},
      {"a {{#x}}\nb\n{{/x}}\nc", R"({"x": true})", "a \nb\nc"},
      {"{{! c }}\na", "{}", "a"},
      {"a\n{{! c\n d }}\nb", "{}", "a\nb"},
      {"a {{! c }} b", "{}", "a  b"},
      {"{{!a}}{{!b}}\n", "{}", "\n"},
      {"{{x}}\n", R"({"x": null})", "\n"},
      {"  {{#x}}{{/x}}\n", R"({"x": true})", "  \n"},
      {"{{=<% %>=}}\n<% x %>{{x}}", R"({"x": 1})", "1{{x}}"},
      {"{{#l}}\n- {{.}}\n{{/l}}", R"({"l": [1, 2]})", "- 1\n- 2\n"},
  });
}

TEST_CASE("delimiters can be set, and hold until they are set again", "[mustache]") {
  holds({
      {"{{=<% %>=}}<%x%>", R"({"x": 1})", "1"},
      {"{{= | | =}}|x|", R"({"x": 1})", "1"},
      {"{{=<% %>=}}<%x%><%={{ }}=%>{{x}}", R"({"x": 1})", "11"},
      {"{{=<% %>=}}<%{x}%><%&x%>", R"({"x": "<"})", "<<"},
      {"{{=[[ ]]=}}[[#l]]{[[.]]}[[/l]]", R"({"l": [1, 2]})", "{1}{2}"},
  });
}

TEST_CASE("partials see the place they stand at", "[mustache]") {
  const auto with = [](const char* text, const char* data, const char* partials) {
    return fill(text, data, {}, {}, Json::parse(partials));
  };
  CHECK(with("[{{>p}}]", R"({"x": 1})", R"({"p": "{{x}}"})") == "[1]");
  CHECK(with("{{#l}}{{>p}}{{/l}}", R"({"l": [1, 2]})", R"({"p": "<{{.}}>"})") == "<1><2>");
  CHECK(with("{{>a/b.md}}", "{}", R"({"a/b.md": "x"})") == "x");
  CHECK(with("{{>t}}", R"({"v": 1, "k": [{"v": 2, "k": []}]})",
             R"({"t": "{{v}}{{#k}}<{{>t}}>{{/k}}"})") == "1<2>");
  SECTION("an indented one is indented, but not what it fills in, nor empty lines") {
    CHECK(with("  {{>p}}\nz", R"({"x": "1\n2"})", R"({"p": "a\n{{x}}\n\nb\n"})") ==
          "  a\n  1\n2\n\n  b\nz");
  }
  SECTION("a line that starts with a section is indented once") {
    CHECK(with(" {{>p}}\n", R"({"l": [1, 2]})",
               R"({"p": "{{#l}}{{.}}{{/l}}!\n{{#l}}\n{{.}}\n{{/l}}\n"})") == " 12!\n 1\n 2\n");
  }
  SECTION("indentation adds up") {
    CHECK(with(" {{>a}}\n", "{}", R"({"a": "x\n {{>b}}\n", "b": "y\nz\n"})") == " x\n  y\n  z\n");
  }
  SECTION("a partial inside a line is not indented") {
    CHECK(with("  - {{>p}}\n", "{}", R"({"p": "a\nb"})") == "  - a\nb\n");
  }
  SECTION("an html page escapes in its partials, however they were parsed") {
    const auto page = Template::parse("{{>p}}", kHtml);
    const auto partial = Template::parse("{{x}}");
    const Json data = {{"x", "<"}};
    CHECK(*page->render(ObjectScope(data), [&](std::string_view) { return &*partial; }) == "&lt;");
  }
}

TEST_CASE("lenient templates render nothing for what is not there", "[mustache]") {
  holds(
      {
          {"[{{x}}{{a.b}}{{#x}}y{{/x}}{{>p}}]", "{}", "[]"},
          {"{{^x}}y{{/x}}", "{}", "y"},
          {"{{x}}", R"({"x": {"a": [1, "b"]}})", R"({"a":[1,"b"]})"},
          {"[{{x.y}}]", R"({"x": "text"})", "[]"},
          {"[{{#s}}x{{/s}}]", R"({"s": ""})", "[]"},
      },
      kLenient);
}

TEST_CASE("strict templates refuse what is not there, and say where", "[mustache]") {
  holds({
      {"a\n  {{mesage}}", "{}", "error: 2:3: unknown name `mesage`"},
      {"{{#tonse}}x{{/tonse}}", "{}", "error: 1:1: unknown name `tonse`"},
      {"{{^tonse}}x{{/tonse}}", "{}", "error: 1:1: unknown name `tonse`"},
      {"{{a.nmae}}", R"({"a": {"name": 1}})",
       "error: 1:1: `a` has no `nmae`; did you mean `name`?"},
      {"{{a.b}}", R"({"a": {}})",
       "error: 1:1: `a` has no `b`; if it may be absent, put it in a section: `{{#a.b}}…{{/a.b}}`"},
      {"{{a.b}}", R"({"a": "x"})", "error: 1:1: `a` is a string, it has no field `b`"},
      {"{{a.b}}", R"({"a": [1]})", "error: 1:1: `a` is a list, it has no field `b`"},
      {"{{#a.b}}x{{/a.b}}", R"({"a": 1})", "error: 1:1: `a` is an integer, it has no field `b`"},
      {"{{#l}}\n{{x}}{{/l}}", R"({"l": [{}]})", "error: 2:1: unknown name `x`"},
      {"{{.}}", "{}", "error: 1:1: `.` stands outside every section; write the name of a value"},
      {"{{a}}", R"({"a": {"b": 1}})",
       "error: 1:1: `a` is an object, it has no text form; use a field, or `with: {a: =json(a)}`"},
      {"{{a}}", R"({"a": [1]})",
       "error: 1:1: `a` is a list, it has no text form; repeat a section over it, or `with: {a: "
       "=json(a)}`"},
      {"{{#a}}{{.}}{{/a}}", R"({"a": [[1]]})",
       "error: 1:7: `.` is a list, it has no text form; repeat a section over it, or `with: {item: "
       "=json(item)}`"},
      {"{{>p}}", "{}", "error: 1:1: there is no partial `p`"},
  });
  CHECK(fill("{{>p}}", "{}", {}, {}, Json{{"p", "\n {{x}}"}}) ==
        "error: in partial `p`: 2:2: unknown name `x`");
}

TEST_CASE("the error of a template is the caller's kind, with a stable code", "[mustache]") {
  const Json none = Json::object();
  const auto result = Template::parse("{{x}}")->render(ObjectScope(none));
  REQUIRE(!result);
  CHECK(result.error().kind == Kind::invalid);
  CHECK(result.error().code == "template");
}

TEST_CASE("a batch line is a template and its data", "[mustache]") {
  const auto batch = [](const char* line) { return mustache::batch(Json::parse(line)).dump(); };
  CHECK(batch(R"({"template": "{{x}}", "data": {"x": "<"}, "html": true})") ==
        R"({"text":"&lt;"})");
  CHECK(batch(R"({"template": "{{x}}", "data": {"x": "<"}})") == R"({"text":"<"})");
  CHECK(batch(R"({"template": "{{x}}"})") == R"({"text":""})");
  CHECK(batch(R"({"template": "{{x}}", "strict": true})") ==
        R"({"error":"1:1: unknown name `x`"})");
  CHECK(batch(R"({"template": "{{#x}}"})") ==
        R"({"error":"1:1: section `x` is never closed; write `{{/x}}` where it ends"})");
  CHECK(batch(R"({"template": "{{>p}}", "partials": {"p": "{{"}})").find("in partial `p`") !=
        std::string::npos);
  CHECK(batch(R"({"template": 1})") ==
        R"({"error":"`template` is required and must be a string"})");
  CHECK(batch(R"({"template": "", "partials": {"p": 1}})") ==
        R"({"error":"partial `p` must be a string"})");
  CHECK(batch("[]").find("error") != std::string::npos);
}
