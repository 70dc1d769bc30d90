// Bombs: what a template or its data may cost is bounded, and the message says what to do.

#include <catch2/catch.hpp>
#include <ctime>

#include "tests/mustache/fill.h"

using namespace plenum;
using namespace plenum::mustache;

namespace {
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
}  // namespace

TEST_CASE("output has a limit, exact to the byte", "[mustache]") {
  Limits limits;
  limits.output_bytes = 10;
  CHECK(fill("{{x}}", R"({"x": "0123456789"})", {}, limits) == "0123456789");
  CHECK(fill("{{x}}!", R"({"x": "0123456789"})", {}, limits) ==
        "error: 1:6: the text is longer than 10 bytes; shorten what goes in, e.g. with "
        "`truncate(text, n)`");
  CHECK(contains(fill("{{x}}", R"({"x": "<<<"})", kHtml, limits), "longer than 10 bytes"));
}

TEST_CASE("steps have a limit, repeated sections and large objects included", "[mustache]") {
  Limits limits;
  limits.steps = 100;
  const std::string list = R"({"l": [1,2,3,4,5,6,7,8,9,10], "o": {}})";
  CHECK(fill("{{#l}}x{{/l}}", list, {}, limits) == "xxxxxxxxxx");
  CHECK(contains(fill("{{#l}}{{#l}}x{{/l}}{{/l}}", list, {}, limits), "more than 100 steps"));
  Json wide = Json::object();
  for (int i = 0; i < 5000; ++i) wide.push_back({"k" + std::to_string(i), 1});
  CHECK(contains(
      fill("{{k4999}}{{#o}}{{o.k4999}}x{{/o}}", Json{{"o", wide}, {"k4999", 1}}.dump(), {}, limits),
      "more than 100 steps"));
}

TEST_CASE("loops over loops end by the limit, soon", "[mustache]") {
  std::string text, data = "[0";
  for (int i = 0; i < 8; ++i) text += "{{#l}}";
  text += "x";
  for (int i = 0; i < 8; ++i) text += "{{/l}}";
  for (int i = 0; i < 1000; ++i) data += ",0";
  const std::clock_t started = std::clock();
  CHECK(contains(fill(text, "{\"l\": " + data + "]}"), "more than 1000000 steps"));
  CHECK((std::clock() - started) / CLOCKS_PER_SEC < 5);
}

TEST_CASE("a partial that calls itself ends by the depth limit", "[mustache]") {
  const auto with = [](const char* partials) {
    return fill("{{>p}}", R"({"x": true})", {}, {}, Json::parse(partials));
  };
  CHECK(with(R"({"p": "{{>p}}"})") ==
        "error: in partial `p`: 1:1: sections and partials are nested deeper than 64; a partial "
        "that calls "
        "itself needs data that ends");
  CHECK(contains(with(R"({"p": "{{>q}}", "q": "a{{#x}}{{>p}}{{/x}}"})"), "nested deeper than 64"));
  // Two calls each would be 2^64 without an output and step limit.
  CHECK(contains(with(R"({"p": "{{>p}}{{>p}}"})"), "nested deeper than 64"));
  CHECK(contains(
      with(R"({"p": "xxxxxxxxxxxx{{#x}}{{>q}}{{>q}}{{/x}}", "q": "{{#x}}{{>p}}{{>p}}{{/x}}"})"),
      "nested deeper than 64"));
}

TEST_CASE("partials that double end by the step limit", "[mustache]") {
  Json partials = Json::object();
  for (int i = 0; i < 40; ++i)
    partials["p" + std::to_string(i)] =
        "{{>p" + std::to_string(i + 1) + "}}{{>p" + std::to_string(i + 1) + "}}";
  partials["p40"] = "";
  CHECK(contains(fill("{{>p0}}", "{}", {}, {}, partials), "more than 1000000 steps"));
}

TEST_CASE("an indentation bomb ends by the output limit", "[mustache]") {
  Limits limits;
  limits.output_bytes = 100'000;
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "x\n";
  CHECK(contains(fill(std::string(1000, ' ') + "{{>p}}\n", "{}", {}, limits, Json{{"p", lines}}),
                 "longer than 100000 bytes"));
}

TEST_CASE("a limit has its own code", "[mustache]") {
  Limits limits;
  limits.output_bytes = 1;
  const Json none = Json::object();
  const auto result = Template::parse("ab")->render(ObjectScope(none), {}, limits);
  REQUIRE(!result);
  CHECK(result.error().code == "template_limit");
}

TEST_CASE("a 25 KB page renders in microseconds", "[mustache][slow]") {
  const std::string row =
      "<tr class=\"{{kind}}\"><td>{{name}}</td><td>{{#note}}{{.}}{{/note}}</td></tr>\n";
  const std::string text =
      "<html>\n{{#rows}}\n" + row + "{{/rows}}\n" + std::string(10'000, 'x') + "</html>";
  Json rows = Json::array();
  for (int i = 0; i < 250; ++i)
    rows.push_back({{"kind", "odd"},
                    {"name", "A & B " + std::to_string(i)},
                    {"note", i % 2 ? "text of a note" : ""}});
  const Json data = {{"rows", rows}};
  const ObjectScope scope(data);
  const auto page = Template::parse(text, kHtml);
  size_t bytes = 0;
  const auto microseconds = [&](const auto& work) {  // of processor time
    const int rounds = 2000;
    const std::clock_t start = std::clock();
    for (int i = 0; i < rounds; ++i) bytes += work();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC * 1e6 / rounds;
  };
  const double parse = microseconds([&] { return Template::parse(text, kHtml)->text().size(); });
  const double render = microseconds([&] { return page->render(scope)->size(); });
  const size_t size = page->render(scope)->size();
  WARN("a page of " << size << " bytes and 625 values: parse " << parse << " us, render " << render
                    << " us");
  CHECK(size > 24'000);
  CHECK(bytes > 0);
}
