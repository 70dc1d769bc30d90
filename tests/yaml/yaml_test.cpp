// App files as YAML: what is read, where everything stands, and the words for each mistake.
#include "engine/yaml/yaml.h"

#include <catch2/catch.hpp>
#include <sstream>

using plenum::Position;
using plenum::Report;
using plenum::Span;
using plenum::yaml::Member;
using plenum::yaml::Node;

namespace {

std::string text(Position p) {
  return std::to_string(p.line) + ":" + std::to_string(p.column);
}
std::string text(const Span& span) {
  return text(span.start) + "-" + text(span.end);
}

void print(const Node& node, std::string& out) {
  static const char* kKinds[] = {"null", "bool", "int", "number", "string", "list", "map"};
  out += std::string(kKinds[static_cast<int>(node.kind)]) + "@" + text(node.span);
  if (node.is(Node::Kind::list)) {
    out += "[";
    for (const Node& item : node.items) print(item, out += &item == &node.items[0] ? "" : " ");
    out += "]";
  } else if (node.is(Node::Kind::map)) {
    out += "{";
    for (const Member& member : node.members) {
      out +=
          (&member == &node.members[0] ? "" : " ") + member.key + "@" + text(member.key_span) + "=";
      print(member.value, out);
    }
    out += "}";
  } else {
    out += "(" + node.text + ")";
  }
}

// The tree on one line, with every span; findings behind it.
std::string read(std::string_view yaml) {
  Report report;
  const auto node = plenum::yaml::parse("a.yaml", yaml, report);
  std::string out;
  if (node) print(*node, out);
  for (const auto& finding : report.sorted()) out += "\n" + to_text(finding);
  return out;
}

std::string json(std::string_view yaml) {
  Report report;
  const auto node = plenum::yaml::parse("a.yaml", yaml, report);
  return node && report.empty() ? plenum::to_text(node->to_json()) : read(yaml);
}

// "1:4-1:8 Y006 message | help" per finding, and what the first value was taken for.
std::string findings(std::string_view yaml) {
  Report report;
  const auto node = plenum::yaml::parse("a.yaml", yaml, report);
  std::string out;
  for (const auto& f : report.sorted())
    out += text(f.span) + " " + f.code + " " + f.message + " | " + f.help + "\n";
  return out + (node ? plenum::to_text(node->to_json()) : "unreadable");
}

std::string repeat(std::string_view piece, size_t n) {
  std::string out;
  while (n--) out += piece;
  return out;
}

}  // namespace

TEST_CASE("every key and value knows where it begins and ends", "[yaml]") {
  CHECK(read("a: \"\xC3\xBC\" # x\nbc:   d e\n") ==
        "map@1:1-2:10{a@1:1-1:2=string@1:4-1:8(\xC3\xBC) bc@2:1-2:3=string@2:7-2:10(d e)}");
  CHECK(read("- x\n- - 1\n  - {k: [true, ~], 'q': }\n") ==
        "list@1:1-3:26[string@1:3-1:4(x) list@2:3-3:26[int@2:5-2:6(1) "
        "map@3:5-3:26{k@3:6-3:7=list@3:9-3:18[bool@3:10-3:14(true) null@3:16-3:17(~)] "
        "q@3:20-3:23=null@3:24-3:24()}]]");
  CHECK(read("a:\nnull: 1\nb: null\nc:\n  null\nd:\n") ==
        "map@1:1-6:3{a@1:1-1:2=null@1:3-1:3() null@2:1-2:5=int@2:7-2:8(1) "
        "b@3:1-3:2=null@3:4-3:8(null) "
        "c@4:1-4:2=null@5:3-5:7(null) d@6:1-6:2=null@6:3-6:3()}");
  CHECK(read("-\n- a\n-\n") == "list@1:1-3:2[null@1:2-1:2() string@2:3-2:4(a) null@3:2-3:2()]");
  CHECK(read("{ a: [ 1 , 2, ] , # x\n b: {} }") ==
        "map@1:1-2:9{a@1:3-1:4=list@1:6-1:16[int@1:8-1:9(1) int@1:12-1:13(2)] "
        "b@2:2-2:3=map@2:5-2:7{}}");
  CHECK(read("") == "null@1:1-1:1()");
  CHECK(read("# nothing\n") == "null@1:1-1:1()");
  CHECK(read("--- \na: 1\n...\n") == "map@2:1-2:5{a@2:1-2:2=int@2:4-2:5(1)}");
}

TEST_CASE("windows line ends and a byte order mark are read", "[yaml]") {
  CHECK(read("\xEF\xBB\xBF"
             "a: 1\r\nb: |\r\n  x\r\n  y\r\nc: 'p\r\n  q'\r\n") ==
        "map@1:1-6:5{a@1:1-1:2=int@1:4-1:5(1) b@2:1-2:2=string@2:4-4:4(x\ny\n) "
        "c@5:1-5:2=string@5:4-6:5(p q)}");
}

TEST_CASE("plain scalars follow the core schema of YAML 1.2", "[yaml]") {
  CHECK(json("[~, null, Null, NULL, true, True, TRUE, false, 1, -1, +1, 010, 0x1F, 0o17, 1.5, -.5, "
             "1., 1e3, 9223372036854775807]") ==
        "[null,null,null,null,true,true,true,false,1,-1,1,10,31,15,1.5,-0.5,1.0,1000.0,"
        "9223372036854775807]");
  CHECK(
      json("[yes, no, on, off, y, n, nULL, tRUE, 1_000, 0x, 0o8, 0xg, 1e, ., '1', \"true\", -, +, "
           ".inf, -.inf, .nan, 1e999, 12:30, 1.2.3, 0b1, 2026-11-21, =x]") ==
      "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"nULL\",\"tRUE\",\"1_000\",\"0x\",\"0o8\","
      "\"0xg\",\"1e\",\".\",\"1\",\"true\",\"-\",\"+\",\".inf\",\"-.inf\",\".nan\",\"1e999\","
      "\"12:30\",\"1.2.3\",\"0b1\",\"2026-11-21\",\"=x\"]");
  CHECK(json("[9223372036854775808, -9223372036854775809]") ==
        "[9.223372036854776e+18,-9.223372036854776e+18]");
  Report report;
  const auto node = plenum::yaml::parse("a.yaml", "[1.10, 010, 7]", report);
  REQUIRE(node);
  CHECK(node->items[0].text == "1.10");
  CHECK(node->items[0].number == 1.1);
  CHECK(node->items[1].text == "010");
  CHECK(node->items[2].number == 7);
}

TEST_CASE("every escape of double quotes is read, as UTF-8", "[yaml]") {
  CHECK(json(R"("\0\a\b\t\n\v\f\r\e\ \"\/\\\N\_\L\P\x41\u00fc\U0001F642")") ==
        R"("\u0000\u0007\b\t\n\u000b\f\r\u001b \"/\\)"
        "\xC2\x85\xC2\xA0\xE2\x80\xA8\xE2\x80\xA9"
        "A\xC3\xBC\xF0\x9F\x99\x82\"");
}

TEST_CASE("members are found by key", "[yaml]") {
  Report report;
  const auto node = plenum::yaml::parse("a.yaml", "a: 1\n\"b\": {c: x}\n", report);
  REQUIRE(node);
  REQUIRE(node->find("b"));
  REQUIRE(node->find("b")->find("c"));
  CHECK(node->find("b")->find("c")->text == "x");
  CHECK(node->find_member("a")->key_span.start == Position{1, 1});
  CHECK_FALSE(node->find("c"));
  CHECK_FALSE(node->find("a")->find("a"));
}

TEST_CASE("a place in a scalar's text is found in the file, in every style", "[yaml]") {
  // {{x}} is looked for in the text of each value; its place in the file is known by eye.
  const std::string yaml =
      "plain: one {{x}}\n"                 // 1
      "folded: one\n"                      // 2
      "  two {{x}}\n"                      // 3
      "single: 'it''s {{x}}'\n"            // 4
      "double: \"a\\tb \\u00fc {{x}}\"\n"  // 5
      "literal: |\n"                       // 6
      "  first\n"                          // 7
      "\n"                                 // 8
      "    deep \xC3\xBC {{x}}\n"          // 9
      "block: >-\n"                        // 10
      "  one\n"                            // 11
      "  two\n"                            // 12
      "\n"                                 // 13
      "  three {{x}} four\n"               // 14
      "indented: |2\n"                     // 15
      "    {{x}}\n"                        // 16
      "more: {a: [\"x\\\n"                 // 17
      "    y {{x}}\"]}\n"                  // 18
      "stripped: |-  # comment\n"          // 19
      "     {{x}}\n"                       // 20
      "wide: \"p\n"                        // 21
      "\n"                                 // 22
      "   {{x}}\"\n";                      // 23
  Report report;
  const auto root = plenum::yaml::parse("a.yaml", yaml, report);
  REQUIRE(root);
  REQUIRE(report.empty());
  const auto where = [&](const Node& node) {
    const size_t at = node.text.find("{{x}}");
    REQUIRE(at != std::string::npos);
    const std::string before = node.text.substr(0, at);
    const int line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    const int column = static_cast<int>(at - (before.rfind('\n') + 1)) + 1;
    return text(node.locate({line, column}, {line, column + 5}));
  };
  CHECK(where(*root->find("plain")) == "1:12-1:17");
  CHECK(where(*root->find("folded")) == "3:7-3:12");
  CHECK(where(*root->find("single")) == "4:16-4:21");
  CHECK(where(*root->find("double")) == "5:22-5:27");
  CHECK(where(*root->find("literal")) == "9:13-9:18");
  CHECK(where(*root->find("block")) == "14:9-14:14");
  CHECK(where(*root->find("indented")) == "16:5-16:10");
  CHECK(where(root->find("more")->find("a")->items[0]) == "18:7-18:12");
  CHECK(where(*root->find("stripped")) == "20:6-20:11");
  CHECK(where(*root->find("wide")) == "23:4-23:9");

  const Node& quoted = *root->find("double");                 // a⇥b ü {{x}}
  CHECK(text(quoted.locate({1, 2}, {1, 3})) == "5:11-5:13");  // \t
  CHECK(text(quoted.locate({1, 5}, {1, 7})) == "5:15-5:21");  // \u00fc
  CHECK(text(quoted.locate({1, 1}, {1, 1})) == "5:10-5:10");
  CHECK(text(quoted.locate({1, 8}, {1, 99})) == "5:22-5:27");  // past the end: to the end
  CHECK(text(root->find("folded")->locate({1, 1}, {1, 4})) == "2:9-2:12");  // ends before the fold
  CHECK(text(root->locate({1, 1}, {1, 2})) == text(root->span));
  CHECK(text(quoted.span) == "5:9-5:28");
  CHECK(text(root->find("literal")->span) == "6:10-9:18");
  CHECK(text(root->find("stripped")->span) == "19:11-20:11");
  CHECK(text(root->find("wide")->span) == "21:7-23:10");
}

TEST_CASE("each character of each scalar is found where it stands", "[yaml]") {
  const std::string yaml =
      "a: some words, and\n  more of them\n\n\n  still here\nb: >\n  fold\n  fold\n\n    deeper "
      "one\n"
      "   two\n\n\n  end\n\nc: |+\n\n  keep\n\n   x y\n\n\nd: 'q''r\n  s'\ne: \"u v \\\n    w\n\n  "
      "z\"\n"
      "f: {g: h i, j: 'k', l: [m, \"n\"]}\n";
  Report report;
  const auto root = plenum::yaml::parse("a.yaml", yaml, report);
  REQUIRE(root);
  std::vector<std::string> lines;
  std::istringstream stream(yaml);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  int looked_at = 0;
  const std::function<void(const Node&)> check = [&](const Node& node) {
    for (const Node& item : node.items) check(item);
    for (const Member& member : node.members) check(member.value);
    Position place{1, 1};
    for (const char c : node.text) {
      if (c == '\n') {
        place = {place.line + 1, 1};
        continue;
      }
      const Span span = node.locate(place, {place.line, place.column + 1});
      ++place.column;
      if (c == ' ') continue;  // may stand for a line break
      CAPTURE(node.text, c, text(span));
      const std::string& line = lines.at(static_cast<size_t>(span.start.line) - 1);
      CHECK(line.at(static_cast<size_t>(span.start.column) - 1) == c);
      CHECK(span.end.line == span.start.line);
      CHECK(span.end.column == span.start.column + (c == '\'' ? 2 : 1));
      ++looked_at;
    }
  };
  check(*root);
  CHECK(looked_at == 74);
}

TEST_CASE("the usual slips are told in plain words, and the text is taken as it was meant",
          "[yaml]") {
  const std::vector<std::pair<std::string, std::string>> cases = {
#include "tests/yaml/slips.inc"
  };
  for (const auto& [yaml, told] : cases) {
    CAPTURE(yaml);
    CHECK(findings(yaml) == told);
  }
}

TEST_CASE("one run tells the mistakes of the whole file", "[yaml]") {
  CHECK(findings("a: b: c\nd: {{e}}\nf: *g\nh: @i\nj: \"k\na: 1\nl: [f(x, 1), m]\nn: o #p\n") ==
        "1:4-1:8 Y006 `: ` ends this unquoted value | quote it: `\"b: c\"`\n"
        "2:4-2:9 Y002 `{{e}}` unquoted is a YAML map | write `\"{{e}}\"`\n"
        "3:4-3:6 Y003 aliases are not used here: `*g` | write the value itself, or quote it if it "
        "is text\n"
        "4:4-4:6 Y006 an unquoted text cannot begin with `@` | quote it: `\"@i\"`\n"
        "5:4-5:6 Y011 this quote is never closed | close it with `\"`\n"
        "6:1-6:2 Y001 key `a` is defined twice | first at 1:1; remove or rename one of them\n"
        "7:5-7:12 Y006 `,` ends this unquoted value | quote it: `\"f(x, 1)\"`\n"
        "8:4-8:8 Y004 the value ends at ` #`, the rest is a comment | quote it: `\"o #p\"`; a "
        "comment "
        "stands behind `# ` with a space\n"
        R"~({"a":"b: c","d":"{{e}}","f":"*g","h":"@i","j":"\"k","l":["f(x, 1)","m"],"n":"o"})~");
}

TEST_CASE("what cannot be a text file is refused at the byte", "[yaml]") {
  CHECK(findings("a: 1\nb: \xFF\n") ==
        "2:4-2:5 Y012 the file is not UTF-8 here | save it with the encoding UTF-8\nunreadable");
  CHECK(findings(std::string("a: \0b", 5)) ==
        "1:4-1:5 Y012 a control character stands here | remove it; in double quotes write `\\x..`\n"
        "unreadable");
  CHECK(findings("a: 1\rb: 2\r") ==
        "1:5-1:6 Y012 a carriage return stands here without a line feed | save the file with line "
        "ends of Unix or Windows\nunreadable");
  CHECK(
      findings("a: " + std::string(1 << 20, 'x')) ==
      "1:1-1:1 Y012 the file is larger than 1 MiB | split it; `use:` joins the parts\nunreadable");
}

TEST_CASE("nesting ends at 64, in blocks and brackets", "[yaml]") {
  const auto deep = [](const std::string& yaml) {
    const std::string all = findings(yaml);
    return all.substr(0, all.find(" |"));
  };
  CHECK(json("a: " + repeat("[", 63) + repeat("]", 63)) ==
        "{\"a\":" + repeat("[", 63) + repeat("]", 63) + "}");
  CHECK(deep("a: " + repeat("[", 64) + repeat("]", 64)) ==
        "1:67-1:68 Y012 lists and maps are nested deeper than 64 levels");
  CHECK(deep(repeat("- ", 65) + "x") ==
        "1:129-1:130 Y012 lists and maps are nested deeper than 64 levels");
  CHECK(deep(repeat("[", 500'000)) ==
        "1:1-1:2 Y012 lists and maps are nested deeper than 64 levels");
  CHECK(deep("a: &x [*x]") == "1:4-1:6 Y003 anchors are not used here: `&x`");
}

TEST_CASE("a large file with many slips is given up early, with its first ones told", "[yaml]") {
  Report report;
  const std::string yaml = repeat("- a: b: c " + std::string(60, 'x') + "\n", 12'000);
  CHECK_FALSE(plenum::yaml::parse("a.yaml", yaml, report));
  CHECK(report.size() >= 5);
  CHECK(report.size() <= 40);
}
