// Mistakes of form, each with its exact place and the way out; and what a template says of itself.

#include <catch2/catch.hpp>
#include <ctime>

#include "tests/mustache/fill.h"

using namespace plenum;
using namespace plenum::mustache;

namespace {
std::string mistake(const std::string& text, Options options = {}) {
  const auto page = Template::parse(text, options);
  return page ? "" : shown(page.error());
}
}  // namespace

TEST_CASE("every mistake of form has a place and a way out", "[mustache]") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"{{", "T601 1:1-1:3 this tag is never closed -> write `}}` where it ends"},
      {"a\nb {{name", "T601 2:3-2:5 this tag is never closed -> write `}}` where it ends"},
      {"{{{name}}", "T601 1:1-1:3 this tag is never closed -> write `}}}` where it ends"},
      {"{{!a", "T601 1:1-1:3 this tag is never closed -> write `}}` where it ends"},
      {"{{=size(x)}}",
       "T601 1:1-1:3 this tag is never closed -> delimiters are set by `{{=<% %>=}}`; a value is "
       "computed by "
       "`with: {name: =…}`"},
      {"{{}}", "T601 1:1-1:5 this tag names nothing -> write a name, e.g. `{{message}}`"},
      {"{{  }}", "T601 1:1-1:7 this tag names nothing -> write a name, e.g. `{{message}}`"},
      {"{{#}}{{/}}", "T601 1:1-1:6 this tag names nothing -> write a name, e.g. `{{message}}`"},
      {"{{a b}}",
       "T601 1:3-1:6 `a b` is not a name -> a tag holds a name; compute with `with: {name: =…}` "
       "and write `{{name}}`"},
      {"{{ size(x) }}",
       "T601 1:4-1:11 `size(x)` is not a name -> a tag holds a name; compute with `with: {name: "
       "=…}` and write "
       "`{{name}}`"},
      {"{{a..b}}",
       "T601 1:3-1:7 `a..b` has a dot too many -> write `a.b` for the field `b` of `a`, `.` for "
       "the element itself"},
      {"{{.a}}",
       "T601 1:3-1:5 `.a` has a dot too many -> write `a.b` for the field `b` of `a`, `.` for the "
       "element itself"},
      {"{{a.}}",
       "T601 1:3-1:5 `a.` has a dot too many -> write `a.b` for the field `b` of `a`, `.` for the "
       "element itself"},
      {"{{#tones}}\n{{/tone}}",
       "T601 2:1-2:10 section `tones` (opened at 1:1) is closed by `tone` -> write `{{/tones}}`"},
      {"{{#a}}{{#b}}{{/a}}{{/b}}",
       "T601 1:13-1:19 section `b` (opened at 1:7) is closed by `a` -> write `{{/b}}`"},
      {"x\n {{#a}}y", "T601 2:2-2:8 section `a` is never closed -> write `{{/a}}` where it ends"},
      {"{{^a}}", "T601 1:1-1:7 section `a` is never closed -> write `{{/a}}` where it ends"},
      {"{{/a}}",
       "T601 1:1-1:7 `a` is closed here, but no section is open -> remove this tag, or write "
       "`{{#a}}` before it"},
      {"{{<parent}}",
       "T601 1:1-1:12 blocks and parents (`{{<` and `{{$`) are not used here -> share text by a "
       "partial: `{{> name}}`"},
      {"{{$block}}",
       "T601 1:1-1:11 blocks and parents (`{{<` and `{{$`) are not used here -> share text by a "
       "partial: `{{> name}}`"},
      {"{{> }}",
       "T601 1:1-1:7 `` is not the name of a partial -> write `{{> name}}` with one fixed name"},
      {"{{>*dynamic}}",
       "T601 1:1-1:14 `*dynamic` is not the name of a partial -> write `{{> name}}` with one fixed "
       "name"},
      {"{{=<%=}}",
       "T601 1:1-1:9 delimiters are two marks, without `=`, with a space between -> e.g. `{{=<% "
       "%>=}}`"},
      {"{{= a b c =}}",
       "T601 1:1-1:14 delimiters are two marks, without `=`, with a space between -> e.g. `{{=<% "
       "%>=}}`"},
      {"{{==}}",
       "T601 1:1-1:7 delimiters are two marks, without `=`, with a space between -> e.g. `{{=<% "
       "%>=}}`"},
      {"ä {{#ü}}", "T601 1:4-1:11 section `ü` is never closed -> write `{{/ü}}` where it ends"},
      {"\r\n\r\n{{/x}}",
       "T601 3:1-3:7 `x` is closed here, but no section is open -> remove this tag, or write "
       "`{{#x}}` before it"},
  };
  for (const auto& [text, expected] : rows) {
    INFO(text);
    CHECK(mistake(text) == expected);
  }
}

TEST_CASE("lenient names may be made of any letters but white space", "[mustache]") {
  CHECK(mistake("{{a!b(c)}}", kLenient) == "");
  CHECK(mistake("{{a b}}", kLenient) != "");
}

TEST_CASE("a template knows what it reads", "[mustache]") {
  const auto page = Template::parse("{{a.b}} {{#list}}\n{{.}}{{c}}{{/list}}{{> p}}{{>q}}{{>p}}");
  REQUIRE(page);
  std::string reads;
  for (const Read& read : page->reads()) {
    for (const std::string& part : read.path) reads += part + "/";
    reads += std::to_string(read.start.line) + ":" + std::to_string(read.start.column) + " ";
  }
  CHECK(reads == "a/b/1:3 list/1:12 c/2:8 ");
  CHECK(page->partials() == std::vector<std::string>{"p", "q"});
  CHECK(!page->is_constant());
  CHECK(Template::parse("plain } text")->is_constant());
  CHECK(!Template::parse("{{! only a comment }}")->is_constant());
  CHECK(page->text().substr(0, 7) == "{{a.b}}");
}

TEST_CASE("64 sections may be nested, one more may not", "[mustache]") {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "{{#a}}";
    for (int i = 0; i < depth; ++i) text += "{{/a}}";
    return text;
  };
  CHECK(mistake(nested(64)) == "");
  CHECK(fill(nested(64), R"({"a": true})") == "");
  CHECK(mistake(nested(65)).substr(0, 60) ==
        "T601 1:385-1:391 sections are nested deeper than 64 -> move ");
}

TEST_CASE("text may have 1 MiB, one byte more may not", "[mustache]") {
  CHECK(mistake(std::string(1 << 20, 'x')) == "");
  CHECK(mistake(std::string((1 << 20) + 1, 'x')).substr(0, 26) == "T601 1:1-1:1 the template ");
}

TEST_CASE("hostile text is refused or parsed in linear time", "[mustache]") {
  const auto repeat = [](const char* piece, size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += piece;
    return text;
  };
  const std::clock_t started = std::clock();
  for (const char* piece :
       {"{{#a}}", "{{a}}", "{", "{{", "{{! }}", "{{a}} \t ", "{{>p}}", "  {{#a}}{{/a}}",
        "{{#a}}\n{{/a}}\n", "{{=a b=}}", "\n", "{{{a}}}", "{{/", " "}) {
    const auto page = Template::parse(repeat(piece, 600'000));
    if (page) page->check({{"a", Type(Type::Kind::string)}});
  }
  std::string partials;
  for (int n = 0; n < 60'000; ++n) partials += "{{>p" + std::to_string(n) + "}}";
  CHECK(Template::parse(partials)->partials().size() == 60'000);
  // A quadratic pass over this would take minutes.
  CHECK((std::clock() - started) / CLOCKS_PER_SEC < 20);
}
