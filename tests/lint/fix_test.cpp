// --fix: what is mended, and what is left alone.
#include <catch2/catch.hpp>

#include "engine/lint/apply.h"
#include "engine/lint/examples.h"
#include "engine/lint/lint.h"

using namespace plenum;

namespace {

std::string codes(const std::vector<Diagnostic>& findings) {
  std::string text;
  for (const Diagnostic& finding : findings) text += finding.code + " ";
  return text;
}

struct After {
  std::string app;       // its text
  std::string findings;  // codes that are left
  size_t count = 0;
};

After fixed(std::map<std::string, std::string> files, bool unsafe = false) {
  const lint::Applied applied =
      lint::apply_fixes({"apps.d/test.yaml"}, app::MemoryFiles(files), unsafe);
  for (const auto& [path, text] : applied.files) files[path] = text;
  return {files["apps.d/test.yaml"],
          codes(lint::lint_files({"apps.d/test.yaml"}, app::MemoryFiles(files), false)),
          applied.count};
}

// The codes that the specification marks with a fix.
const std::set<std::string> kFixed = {"Y002", "Y004", "Y005", "Y006", "Y007", "Y008", "Y009",
                                      "S101", "S106", "R201", "R202", "R203", "R204", "R205",
                                      "G306", "D404", "D406", "X502", "X503", "X504", "X505",
                                      "X507", "T601", "T602", "T605", "J701", "A804", "A810"};

}  // namespace

TEST_CASE("the fix of a check's bad example leaves nothing to find, and fits only once", "[lint]") {
  for (const lint::Check& check : lint::checks()) {
    const std::vector<Diagnostic> said = lint::said_of(check.bad);
    if (said.size() != 1 || said[0].fixes.empty()) continue;
    CAPTURE(check.code);
    const auto files = lint::written(check.bad).files;
    const bool safe = said[0].fixes[0].safe;
    if (!safe) CHECK(fixed(files).count == 0);
    const After after = fixed(files, !safe);
    CAPTURE(after.app);
    CHECK(after.findings == "");
    CHECK(after.count >= 1);
    auto again = files;
    again["apps.d/test.yaml"] = after.app;
  }
}

TEST_CASE("every fix that the specification promises is there", "[lint]") {
  for (const std::string& code : kFixed) {
    CAPTURE(code);
    const lint::Check* check = lint::find_check(code);
    REQUIRE(check != nullptr);
    const std::vector<Diagnostic> said = lint::said_of(check->bad);
    REQUIRE(said.size() == 1);
    CAPTURE(to_text(said[0]));
    CHECK(said[0].fixes.size() == 1);
  }
}

TEST_CASE("comments and layout survive, and mending twice changes nothing more", "[lint]") {
  const std::string text = R"(plenum: 1
app: test   # the name

# Who writes.
models:
  quick:   {use: openai/gpt-5-mini, max_tokens: 100}   # cheap
routes: {POST /go: {strat: main, quota: 10/day}}

graphs:
  main:
    input: {tone: {type: string, maxLength: 9}}
    nodes:
      # first
      - id: a
        llm: {model: qiuck, prompt: {{tone}}}   # asks
      - {id: b,  render: {template: Hello},   nxet: end}
)";
  const After after = fixed({{"apps.d/test.yaml", text}});
  CHECK(after.app == R"(plenum: 1
app: test   # the name

# Who writes.
models:
  quick:   {use: openai/gpt-5-mini, max_tokens: 100}   # cheap
routes: {POST /go: {start: main, quota: 10/day}}

graphs:
  main:
    input: {tone: {type: string, maxLength: 9}}
    nodes:
      # first
      - id: a
        llm: {model: quick, prompt: "{{tone}}"}   # asks
      - {id: b,  render: {template: Hello},   next: end}
)");
  CHECK(after.findings == "");
  CHECK(after.count == 4);
  CHECK(fixed({{"apps.d/test.yaml", after.app}}).count == 0);
}

TEST_CASE("a near name among several that are as near is no safe guess", "[lint]") {
  const After after = fixed({{"apps.d/test.yaml", R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs:
  main:
    input: {tone: {type: string, maxLength: 9}, tune: {type: string, maxLength: 9}}
    nodes: [{id: a, render: {template: "{{tine}} {{tone}} {{tune}}"}}]
)"}});
  CHECK(after.count == 0);
  CHECK(after.findings == "T602 ");
}

TEST_CASE("what is not used is removed only with --unsafe, in both styles of maps", "[lint]") {
  const std::string flow = R"(plenum: 1
app: test
models: {a: {use: openai/gpt-5-mini, max_tokens: 9}, b: {use: openai/gpt-5-mini, max_tokens: 9}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: n, llm: {model: a, prompt: Hello}}]}}
)";
  CHECK(fixed({{"apps.d/test.yaml", flow}}).count == 0);
  const After without = fixed({{"apps.d/test.yaml", flow}}, true);
  CHECK(without.findings == "");
  CHECK(without.app.find("models: {a: {use: openai/gpt-5-mini, max_tokens: 9}}\n") !=
        std::string::npos);
  const std::string block = R"(plenum: 1
app: test
models:
  # the one that is used
  a: {use: openai/gpt-5-mini, max_tokens: 9}
  b: {use: openai/gpt-5-mini, max_tokens: 9}
# routes
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: n, llm: {model: a, prompt: Hello}}]}}
)";
  CHECK(fixed({{"apps.d/test.yaml", block}}, true).app == R"(plenum: 1
app: test
models:
  # the one that is used
  a: {use: openai/gpt-5-mini, max_tokens: 9}
# routes
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: n, llm: {model: a, prompt: Hello}}]}}
)");
}

TEST_CASE("a host is added where the hosts are, or will be", "[lint]") {
  const auto with = [](const std::string& limits) {
    const std::string rest = R"(routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, http: {get: "https://api.example.com/"}}]}}
)";
    const After after =
        fixed({{"apps.d/test.yaml", "plenum: 1\napp: test\n" + limits + rest}}, true);
    CHECK(after.findings == "");
    return after.app.substr(0, after.app.find("routes"));
  };
  CHECK(with("") == "plenum: 1\napp: test\nlimits: {hosts: [api.example.com]}\n");
  CHECK(with("limits: {}\n") == "plenum: 1\napp: test\nlimits: {hosts: [api.example.com]}\n");
  CHECK(with("limits: {hosts: []}\n") ==
        "plenum: 1\napp: test\nlimits: {hosts: [api.example.com]}\n");
  CHECK(with("limits: {steps: 9}\n") ==
        "plenum: 1\napp: test\nlimits: {hosts: [api.example.com], steps: 9}\n");
  CHECK(with("limits:\n  steps: 9\n") ==
        "plenum: 1\napp: test\nlimits:\n  hosts: [api.example.com]\n  steps: 9\n");
  CHECK(with("limits: {hosts: [b.example]}\n") ==
        "plenum: 1\napp: test\nlimits: {hosts: [api.example.com, b.example]}\n");
  CHECK(with("limits:\n  hosts:\n    - b.example # the other\n") ==
        "plenum: 1\napp: test\nlimits:\n  hosts:\n    - api.example.com\n    - b.example # the "
        "other\n");
}

TEST_CASE("a write in a body gets no key that all rounds would share", "[lint]") {
  const std::string app = R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
limits: {hosts: [crm.example]}
graphs:
  main:
    nodes:
      - {id: each, map: {over: "[1, 2]", do: [{id: a, http: {post: "https://crm.example/x"}}]}}
)";
  const After after = fixed({{"apps.d/test.yaml", app}}, true);
  CHECK(after.count == 0);
  CHECK(after.findings.find("A810 ") != std::string::npos);
}

TEST_CASE("a mistake in a prompt file is mended there", "[lint]") {
  const lint::Check* check = lint::find_check("T602");
  const lint::Applied applied = lint::apply_fixes(
      {"apps.d/test.yaml"}, app::MemoryFiles(lint::written(check->bad).files), false);
  REQUIRE(applied.files.size() == 1);
  CHECK(applied.files.begin()->first == "prompts/test/a.md");
  CHECK(applied.files.begin()->second == "Answer this:\n{{message}}\n");
}
