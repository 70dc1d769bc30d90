// Checks that look into bodies: loops, maps, branches and called graphs.
#include <catch2/catch.hpp>

#include "engine/lint/examples.h"
#include "engine/nodes/nodes.h"

using namespace plenum;

namespace {

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

// Write, critique, revise until 8 points or three rounds.
std::string polish(const std::string& more = "") {
  return R"(plenum: 1
app: test
models: {writer: {use: openai/gpt-5-mini, max_tokens: 2000}, judge: {use: gemini/gemini-3-flash-preview, max_tokens: 500}}
graphs:
  polish:
    input: {brief: {type: string, maxLength: 4000}}
    state: {draft: string, review: schemas/test/review.json}
    nodes:
      - {id: write, llm: {model: writer, prompt: "Write {{brief}}"}, set: draft}
      - id: improve
        loop:
          max: 3
          until: review.score >= 8
          do:
            - {id: critique, llm: {model: judge, prompt: "Judge {{draft}}", output: schemas/test/review.json}, set: review}
            - {id: revise, when: review.score < 8 && round < 3, llm: {model: writer, prompt: "Mend {{draft}}"}, set: draft}
    output: {text: =draft, score: =review.score}
routes: {POST /polish: {start: polish, async: true, quota: 20/day}}
)" + more +
         R"(--- schemas/test/review.json
{"type": "object", "required": ["reason", "score"], "properties": {"reason": {"type": "string", "maxLength": 200}, "score": {"type": "integer"}}}
)";
}

// Summarise a long document, part by part.
std::string digest(const std::string& map, const std::string& limit) {
  return R"(plenum: 1
app: test
models: {fast: {use: gemini/gemini-3-flash-preview, max_tokens: 800}}
graphs:
  digest:
    input: {parts: {type: array, items: {type: string, maxLength: 12000}, maxItems: 200}}
    state: {notes: list<string>, summary: string}
    nodes:
      - id: each
        map: {over: parts, )" +
         map +
         R"(, do: [{id: part, llm: {model: fast, prompt: "Read {{part}}", with: {part: =item}}}]}
        set: notes
      - {id: final, llm: {model: fast, prompt: "All: {{notes}}", with: {notes: =json(notes)}}, set: summary}
    output: {summary: =summary}
routes: {POST /jobs/create: {start: digest, async: true, quota: 10/day}}
limits: {cost_per_run: )" +
         limit + "}\n";
}

}  // namespace

TEST_CASE("the specification's loop and map are no findings", "[lint]") {
  CHECK(said(polish()) == "");
  CHECK(said(digest("max_items: 200, concurrency: 8", "1.00")) == "");
}

TEST_CASE("a loop multiplies cost by its rounds, a map by its items", "[lint]") {
  CHECK(said(polish("limits: {cost_per_run: 0.03}\n")) == "");
  CHECK(said(polish("limits: {cost_per_run: 0.015}\n")) == "C901");
  const std::string text = message(digest("max_items: 200", "0.30"));
  CHECK(text.find("is 0.48 USD/run, the limit 0.30; most of it is `each` 200 × `part`") !=
        std::string::npos);
  CHECK(said(digest("max_items: 100", "0.30")) == "");
}

TEST_CASE("what a map's body sets does not leave it, what a loop's sets does", "[lint]") {
  CHECK(said(R"(input: {names: {type: array, items: {type: string, maxLength: 9}, maxItems: 9}}
state: {last: string}
nodes:
  - id: again
    loop: {max: 2, until: size(last) > 3, do: [{id: a, render: {template: Hello}, set: last}]}
  - {id: show, render: {template: "{{last}} {{#names}}{{.}}{{/names}}"}}
)") == "");
}

TEST_CASE("tries, rounds and items multiply", "[lint]") {
  const lint::Check* check = lint::find_check("C903");
  CHECK(message(check->bad) == "map 300 × tries 6 = 1800 calls of `note`");
  CHECK(said(check->good) == "");
}

TEST_CASE("a loop whose body changes nothing that `until` reads is told", "[lint]") {
  const lint::Check* check = lint::find_check("G304");
  CHECK(said(check->bad) == "G304");
  CHECK(said(check->good) == "");
}
