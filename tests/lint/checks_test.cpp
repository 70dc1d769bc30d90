// What the examples of the checks do not show: where they must keep silent, and where they must
// not.
#include <catch2/catch.hpp>

#include "engine/lint/examples.h"

using namespace plenum;

namespace {

// "D402 9:3" for each finding of an example; places in the app file are those of the whole app.
std::string said(const std::string& example) {
  std::string text;
  for (const Diagnostic& finding : lint::said_of(example))
    text += (text.empty() ? "" : ", ") + finding.code;
  return text;
}

std::string message(const std::string& example) {
  const auto findings = lint::said_of(example);
  return findings.size() == 1 ? findings[0].message : said(example);
}

std::string page(const std::string& html) {
  return "input: {name: {type: string, maxLength: 90}}\nnodes:\n"
         "  - {id: a, render: {template: templates/test/a.html}}\n--- templates/test/a.html\n" +
         html + "\n";
}

std::string when(const std::string& condition) {
  return "input: {text: {type: string, maxLength: 9}, tone: {enum: [calm, warm]}}\nnodes:\n"
         "  - {id: a, when: \"" +
         condition + "\", render: {template: \"{{text}} {{tone}}\"}}\n";
}

std::string answer(const std::string& schema, const std::string& model = "openai/gpt-5-mini") {
  return "plenum: 1\napp: test\nmodels: {m: {use: " + model +
         ", max_tokens: 100}}\nroutes: {POST /go: {start: main, quota: 9/day}}\n"
         "graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello, output: "
         "schemas/test/a.json}}]}}\n--- schemas/test/a.json\n" +
         schema + "\n";
}

}  // namespace

TEST_CASE("a key is unset where its node is skipped, fails over or is jumped over", "[lint]") {
  const std::string head =
      "input: {text: {type: string, maxLength: 9}}\nstate: {a: string}\nnodes:\n";
  const std::string set = "llm: {model: quick, prompt: Hello}, set: a}\n";
  const std::string show = "output: {a: =a}\n";
  CHECK(message(head + "  - {id: x, when: text == 'a', " + set + show) ==
        "`a` is unset when `x` is skipped");
  CHECK(message(head + "  - {id: x, on_error: {next: y}, " + set +
                "  - {id: y, render: {template: \"{{text}}\"}}\n" + show) ==
        "`a` is unset when `x` fails");
  CHECK(message(head + "  - {id: w, next: [{when: text == 'a', to: y}]}\n  - {id: x, " + set +
                "  - {id: y, render: {template: Hello}}\n" + show) ==
        "`a` is unset when `w` jumps ahead");
}

TEST_CASE("a key that every path has written is no finding", "[lint]") {
  const std::string head =
      "input: {text: {type: string, maxLength: 9}}\nstate: {a: string}\nnodes:\n";
  const std::string ask = "llm: {model: quick, prompt: Hello}, set: a}\n";
  // Both sides of a switch.
  CHECK(said(head + "  - {id: w, next: [{when: text == 'a', to: y}]}\n  - {id: x, next: z, " + ask +
             "  - {id: y, " + ask + "  - {id: z, render: {template: \"{{a}}\"}}\n") == "");
  // Reader and writer under the same condition.
  CHECK(said(head + "  - {id: x, when: text == 'a', " + ask +
             "  - {id: y, when: text == 'a', render: {template: \"{{a}}\"}}\n") == "");
  // A way out that fails the run, or a value in place of an error.
  CHECK(said(head + "  - {id: w, when: text == 'a', fail: {code: no, message: No.}}\n  - {id: x, " +
             ask + "output: {a: =a}\n") == "");
  CHECK(said(head +
             "  - {id: x, on_error: {value: none}, llm: {model: quick, prompt: \"{{text}}\"}, "
             "set: a}\noutput: {a: =a}\n") == "");
}

TEST_CASE("conditions that decide nothing, and some that do", "[lint]") {
  CHECK(said(when("size(text) >= 0")) == "X508");
  CHECK(said(when("size(text) < 0")) == "X508");
  CHECK(said(when("text.size() >= 0")) == "X508");
  CHECK(said(when("1 < 2")) == "X508");
  CHECK(said(when("tone != 'wram'")) == "X508");
  CHECK(said(when("'wram' == tone")) == "X508");
  CHECK(said(when("size(text) > 0")) == "");
  CHECK(said(when("size(text) >= 1")) == "");
  CHECK(said(when("tone == 'warm'")) == "");
  CHECK(said(when("text == 'wram'")) == "");
  CHECK(said(when("false")) == "");  // switched off on purpose
}

TEST_CASE("places of a page where escaping does not protect, and where it does", "[lint]") {
  for (const char* html :
       {"<a href={{name}}>x</a>", "<a href=\"{{name}}\">x</a>", "<img src='{{name}}'>",
        "<script>var a = \"{{name}}\";</script>", "<style>p { color: {{name}} }</style>",
        "<p style=\"color: {{name}}\">x</p>", "<p onclick=\"go('{{name}}')\">x</p>",
        "<SCRIPT>{{name}}</SCRIPT>", "<p class=a{{name}}>x</p>"}) {
    CAPTURE(html);
    CHECK(said(page(html)) == "T606");
  }
  for (const char* html :
       {"<p>{{name}}</p>", "<p title=\"{{name}}\">x</p>", "<p title='a {{name}} b'>x</p>",
        "<a href=\"https://example.org/{{name}}\">x</a>", "<style>p { margin: 0 }</style>{{name}}",
        "<!-- <p class=x> -->{{name}}", "<p>1 < 2 {{name}}</p>",
        "<script>1</script><p>{{name}}</p>", "{{#name}}<p class=\"a\">{{name}}</p>{{/name}}",
        "<p {{#name}}hidden{{/name}}>{{name}}</p>"}) {
    CAPTURE(html);
    CHECK(said(page(html)) == "");
  }
}

TEST_CASE("what looks like a key, and words that only begin like one", "[lint]") {
  const auto prompt = [](const std::string& text) {
    return said(
        "nodes:\n  - {id: a, llm: {model: quick, prompt: prompts/test/a.md}}\n--- "
        "prompts/test/a.md\n" +
        text + "\n");
  };
  const std::string tail = "4f8a1c0e9b7d6a5f3e2d1c0b";
  CHECK(prompt(std::string("key: sk-") + tail) == "A801");
  CHECK(prompt(std::string("AKIA") + "4F8A1C0E9B7D6A5F") == "A801");
  CHECK(prompt(std::string("-----BEGIN ") + "RSA PRIVATE KEY-----") == "A801");
  CHECK(prompt("ask-" + tail) == "");
  CHECK(prompt("sk-short1") == "");
  CHECK(prompt("sk-a-word-with-dashes-and-no-digits") == "");
  CHECK(prompt("-----BEGIN PUBLIC KEY-----") == "");
  // The message does not repeat it.
  CHECK(message("nodes:\n  - {id: a, llm: {model: quick, prompt: \"sk-" + tail + "\"}}\n") ==
        "looks like a secret (`sk-…`)");
}

TEST_CASE("what a provider does not enforce of a schema is said at its keyword", "[lint]") {
  const std::string list =
      R"({"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "maxItems": 3, "uniqueItems": true, "items": {"type": "integer", "minimum": 1}}}})";
  CHECK(said(answer(list)) == "J702");
  CHECK(said(answer(list, "anthropic/claude-haiku-4-5")) == "J702, J702, J702");
  CHECK(said(answer(list, "offline/any")) == "");
  CHECK(message(answer(list)) == "openai does not enforce `uniqueItems: true` (as of 2026-02)");
}

TEST_CASE("a misspelt name is one finding, not also something that is never used", "[lint]") {
  CHECK(said(R"(plenum: 1
app: test
models: {writer: {use: openai/gpt-5-mini, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 9/day}}
graphs: {main: {nodes: [{id: a, llm: {model: writter, prompt: Hello}}]}}
)") == "R201");
  CHECK(said(R"(input: {message: {type: string, maxLength: 9}}
nodes:
  - {id: a, render: {template: "{{mesage}}"}}
)") == "T602");
  CHECK(said(R"(plenum: 1
app: test
routes: {POST /go: {start: mian}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)") == "R204");
  CHECK(said(R"(state: {answers: string}
nodes:
  - {id: a, llm: {model: quick, prompt: Hello}, set: anwsers}
output: {answers: =answers}
)") == "D404");
}

TEST_CASE("the worst case of cost is the dearest path, not the sum of all", "[lint]") {
  const auto app = [](const std::string& first) {
    return R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5, max_tokens: 20000}}
routes: {POST /go: {start: main, async: true, quota: 9/day}}
graphs:
  main:
    input: {kind: {type: string, maxLength: 9}}
    nodes:
      - {id: w, next: [{when: kind == 'a', to: y}]}
      - {id: x, )" +
           first + R"(llm: {model: m, prompt: Hello}}
      - {id: y, llm: {model: m, prompt: Hello}}
limits: {cost_per_run: 0.30}
)";
  };
  CHECK(said(app("next: end, ")) == "");  // 0.20 USD either way
  CHECK(said(app("")) == "C901");         // 0.40 USD
  CHECK(message(app("")).find("0.40 USD/run, the limit 0.30") != std::string::npos);
  CHECK(message(app("")).find("prices of 2026-01 in engine/app/prices.json") != std::string::npos);
}

TEST_CASE("a prompt that does not fit names the first input without a bound", "[lint]") {
  const auto app = [](const std::string& use, const std::string& type) {
    return "plenum: 1\napp: test\nmodels: {m: {use: " + use +
           ", max_tokens: 100}}\nroutes: {POST /go: {start: main, quota: 9/day}}\ngraphs:\n  "
           "main:\n"
           "    input: {text: " +
           type + "}\n    nodes: [{id: a, llm: {model: m, prompt: \"{{text}}\"}}]\n";
  };
  CHECK(
      message(app("anthropic/claude-haiku-4-5", "string")) ==
      "the prompt may have 262144 tokens, `anthropic/claude-haiku-4-5` reads 200000: `text` has no "
      "maxLength");
  CHECK(said(app("gemini/gemini-3-flash-preview", "string")) == "");  // a state is at most 1 MB
  CHECK(said(app("anthropic/claude-haiku-4-5", "{type: string, maxLength: 9000}")) == "");
  CHECK(said(app("openai/gpt-4o", "{type: string, maxLength: 900000}")) == "C901, C904");
}
