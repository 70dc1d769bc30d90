// The forms in which findings are printed, and what silences them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "engine/lint/lint.h"
#include "engine/lint/print.h"

using namespace plenum;

namespace {

const std::string kApp = R"(plenum: 1
app: test
models: {quick: {use: openai/gpt-5-mini, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs:
  main:
    input: {täg: {type: string, maxLength: 9}}
    nodes: [{id: a, llm: {model: quick, prompt: "Über {{mesage}}, 100%"}}]
)";

struct Said {
  std::vector<Diagnostic> findings;
  lint::Texts texts;
};

Said said(const std::string& app) {
  return {
      lint::lint_files({"apps.d/test.yaml"}, app::MemoryFiles({{"apps.d/test.yaml", app}}), false),
      {{"apps.d/test.yaml", app}}};
}

std::string codes(const std::string& app) {
  std::string text;
  for (const Diagnostic& finding : said(app).findings) text += finding.code + " ";
  return text;
}

std::string with_model(const std::string& models) {
  return "plenum: 1\napp: test\n" + models +
         "routes: {POST /go: {start: main, quota: 10/day}}\n"
         "graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}\n";
}

}  // namespace

TEST_CASE("people see the line and a mark under the place", "[lint]") {
  const Said one = said(R"(plenum: 1
app: test
routes: {POST /go: {start: mian}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)");
  CHECK(lint::print_human(one.findings, one.texts, false) == R"(error[R204]: no graph `mian`
 --> apps.d/test.yaml:3:28
  |
3 | routes: {POST /go: {start: mian}}
  |                            ^^^^
help: `main`
fix: write `main` (--fix)

1 finding, 1 error; --fix mends 1
)");
  CHECK(lint::print_human(one.findings, one.texts, true).find("\x1b[1;31m") != std::string::npos);
  CHECK(lint::print_human({}, {}, true) == "");
}

TEST_CASE("letters of more than one byte do not move the mark, and very long lines are cut",
          "[lint]") {
  const Said one = said(R"(plenum: 1
app: test
title: )" + std::string(300, 'x') +
                        R"(
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: "Über {{mesage}}"}}]}}
)");
  REQUIRE(one.findings.size() == 1);
  const std::string text = lint::print_human(one.findings, one.texts, false);
  const size_t line = text.find("5 | "), mark = text.find("  | ", line);
  CHECK(text.substr(line).find("mesage") == 64);  // bytes: Ü is two
  CHECK(text.substr(mark).find('^') == 63);       // columns
  Diagnostic far = one.findings[0];
  far.span.start = {3, 250}, far.span.end = {3, 255};
  const std::string cut = lint::print_human({far}, one.texts, false);
  for (size_t at = 0; at < cut.size();) {
    const size_t end = cut.find('\n', at);
    CHECK(end - at < 200);
    at = end + 1;
  }
}

TEST_CASE("json has one object per line, with the fixes as byte ranges", "[lint]") {
  const Said one = said(kApp);
  REQUIRE(!one.findings.empty());
  const std::string text = lint::print_json(one.findings, one.texts);
  CHECK(std::count(text.begin(), text.end(), '\n') == static_cast<long>(one.findings.size()));
  const Said slip = said(R"(plenum: 1
app: test
title: Über
routes: {POST /go: {start: mian}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)");
  const Json object = *parse_json(lint::print_json(slip.findings, slip.texts));
  CHECK(object["code"] == "R204");
  CHECK(object["severity"] == "error");
  CHECK(object["file"] == "apps.d/test.yaml");
  CHECK(to_text(object["start"]) == R"({"line":4,"column":28})");
  CHECK(to_text(object["end"]) == R"({"line":4,"column":32})");
  CHECK(object["message"] == "no graph `mian`");
  CHECK(object["help"] == "`main`");
  const Json& edit = object["fixes"][0]["edits"][0];
  const std::string& app = slip.texts.begin()->second;
  CHECK(app.substr(edit["begin"].get<size_t>(), 4) == "mian");
  CHECK(edit["end"].get<size_t>() - edit["begin"].get<size_t>() == 4);
  CHECK(edit["text"] == "main");
}

TEST_CASE("sarif names rules, relative paths and fingerprints that survive moved lines", "[lint]") {
  const Said one = said(kApp);
  const Json sarif = *parse_json(lint::print_sarif(one.findings, one.texts));
  const Json& run = sarif["runs"][0];
  REQUIRE(run["results"].size() == one.findings.size());
  const std::string moved_app = "# a line more\n" + kApp;
  const Said moved = said(moved_app);
  const Json other = *parse_json(lint::print_sarif(moved.findings, moved.texts));
  for (size_t i = 0; i < one.findings.size(); ++i) {
    const Json& result = run["results"][i];
    CHECK(result["ruleId"] == one.findings[i].code);
    const Json& rule = run["tool"]["driver"]["rules"][result["ruleIndex"].get<size_t>()];
    CHECK(rule["id"] == result["ruleId"]);
    CHECK(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] ==
          "apps.d/test.yaml");
    CHECK(result["partialFingerprints"] == other["runs"][0]["results"][i]["partialFingerprints"]);
  }
}

TEST_CASE("github commands escape what would end them", "[lint]") {
  Diagnostic finding;
  finding.code = "T602";
  finding.severity = Severity::warning;
  finding.span = {std::make_shared<const std::string>("apps.d/a,b.yaml"), {3, 5}, {3, 9}};
  finding.message = "100% wrong";
  finding.help = "line one\nline two";
  CHECK(lint::print_github({finding}) ==
        "::warning file=apps.d/a%2Cb.yaml,line=3,col=5,endColumn=9,title=T602::100%25 wrong"
        "%0Ahelp: line one%0Aline two\n");
  finding.severity = Severity::advice;
  finding.span.end = {5, 1};
  CHECK(lint::print_github({finding}).starts_with(
      "::notice file=apps.d/a%2Cb.yaml,line=3,col=5,endLine=5,title=T602::"));
}

TEST_CASE("a comment with code and reason silences a warning on its line or the next", "[lint]") {
  CHECK(codes(with_model("models: {m: {use: openai/gpt-5-mini}}\n")) == "C902 ");
  CHECK(codes(with_model(
            "models: {m: {use: openai/gpt-5-mini}}  # lint: ok C902 answers are short\n")) == "");
  CHECK(codes(with_model(
            "# lint: ok C902 answers are short\nmodels: {m: {use: openai/gpt-5-mini}}\n")) == "");
  // Not two lines above, not another code, not inside a quoted text.
  CHECK(codes(with_model("# lint: ok C902 short\n\nmodels: {m: {use: openai/gpt-5-mini}}\n")) ==
        "S110 C902 ");
  CHECK(codes(with_model("models: {m: {use: openai/gpt-5-mini}}  # lint: ok C901 short\n")) ==
        "C902 S110 ");
  CHECK(codes(with_model("models: {m: {use: openai/gpt-5-mini}}\n") +
              "title: \"x # lint: ok C902 y\"\n") == "C902 ");
}

TEST_CASE("a comment without a reason is a finding itself, and errors cannot be silenced",
          "[lint]") {
  CHECK(codes(with_model("models: {m: {use: openai/gpt-5-mini}}  # lint: ok C902\n")) == "S110 ");
  CHECK(codes(with_model(
            "models: {m: {use: opnai/gpt-5-mini, max_tokens: 9}}  # lint: ok R201 later\n")) ==
        "R201 S110 ");
}

TEST_CASE("a finding in a schema is silenced where the app names the schema", "[lint]") {
  const auto said_of = [](const std::string& comment) {
    const std::string app = R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs:
  main:
    nodes:
      - id: a
        llm: {model: m, prompt: Hello, output: schemas/test/a.json})" +
                            comment + "\n";
    const app::MemoryFiles files(std::map<std::string, std::string>{
        {"apps.d/test.yaml", app},
        {"schemas/test/a.json",
         R"({"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "maxItems": 3,
             "uniqueItems": true, "items": {"type": "integer"}}}})"}});
    std::string codes;
    for (const Diagnostic& finding : lint::lint_files({"apps.d/test.yaml"}, files, false))
      codes += finding.code + " ";
    return codes;
  };
  CHECK(said_of("") == "J702 ");
  CHECK(said_of("  # lint: ok J702 checked afterwards, seldom wrong") == "");
  CHECK(said_of("  # lint: ok J703 wrong code") == "S110 J702 ");
}

TEST_CASE("findings of many files come in the order of files and places", "[lint]") {
  std::map<std::string, std::string> files;
  std::vector<std::string> paths;
  for (int i = 40; i-- > 10;) {
    const std::string name = "some_longer_name_" + std::to_string(i);
    paths.push_back("apps.d/" + name + ".yaml");
    files[paths.back()] = "plenum: 1\napp: " + name +
                          "\nroutes: {POST /go: {start: mian}, POST /so: {start: main, quoat: 1}}\n"
                          "graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}\n";
  }
  const std::vector<Diagnostic> all = lint::lint_files(paths, app::MemoryFiles(files), true);
  REQUIRE(all.size() == 90);
  for (size_t i = 1; i < all.size(); ++i) {
    const bool same = *all[i - 1].span.file == *all[i].span.file;
    CHECK(*all[i - 1].span.file <= *all[i].span.file);
    CHECK((!same || all[i - 1].span.start < all[i].span.start));
  }
}
