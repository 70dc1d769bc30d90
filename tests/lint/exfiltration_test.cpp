// Which models could be talked into sending private data away (A813), and which not.
#include <catch2/catch.hpp>

#include "engine/lint/examples.h"

using namespace plenum;

namespace {

const std::string kText = "{type: string, maxLength: 400}";
const std::string kSearch = "search: {description: Searches, input: {text: " + kText +
                            "}, http: {get: \"https://search.example/find\", query: {q: =text}}}";

struct Desk {
  std::string tools = kSearch, input = "question: " + kText, state = "got: any", nodes,
              ask = "prompt: \"{{question}}\", tools: [search]",
              rows = "notes: {fields: {text: string}, ttl: 1h}", more = "";

  std::string files() const { return input == "cv: file" ? ", files: {cv: {accept: [pdf]}}" : ""; }

  // "A813 x2", or "".
  std::string said() const {
    const std::string app =
        "plenum: 1\napp: test\n"
        "models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 9}, e: {use: "
        "gemini/gemini-embedding-001, kind: embedding}}\n"
        "collections: {" +
        rows + "}\ntools:\n  " + tools + "\nroutes: {POST /go: {start: main, quota: 9/day" +
        files() +
        "}}\n"
        "limits: {hosts: [search.example], cost_per_run: 5}\n"
        "graphs:\n  main:\n    input: {" +
        input + "}\n    state: {" + state + "}\n    nodes:\n" + nodes +
        "      - {id: ask, llm: {model: m, " + ask + "}}\n" + more;
    size_t found = 0;
    for (const Diagnostic& finding : lint::said_of(app)) {
      if (finding.severity == Severity::error && finding.code != "A813")
        return finding.code + ": " + finding.message;
      found += finding.code == "A813";
    }
    return found ? "A813 x" + std::to_string(found) : "";
  }
};

std::string node(const std::string& text) {
  return "      - {id: first, " + text + "}\n";
}

}  // namespace

TEST_CASE("a question alone, or private data alone, may be sent out", "[lint]") {
  CHECK(Desk().said() == "");
  Desk document;
  document.input = "cv: file";
  document.nodes = node("extract: {file: =cv}, set: {got: =result.text}");
  document.ask = "prompt: \"{{t}}\", with: {t: =json(got)}";
  document.tools = kSearch;
  CHECK(document.said() == "");  // no tool
}

TEST_CASE("an MCP server's tool is a stranger that is told what the model writes", "[lint]") {
  const std::string server = "mcp: {server: \"https://search.example/mcp\", tool: find";
  Desk desk;
  desk.input = "cv: file";
  desk.ask = "prompt: Look, files: [=cv], tools: [search]";
  desk.tools = "search: {description: Searches, input: {text: " + kText + "}, " + server + "}}";
  CHECK(desk.said() == "A813 x1");
  desk.tools = "search: {description: Searches, input: {text: " + kText + "}, " + server +
               ", arguments: {query: =text}}}";
  CHECK(desk.said() == "A813 x1");
  desk.tools = "search: {description: Searches, input: {text: " + kText + "}, " + server +
               ", arguments: {query: fixed}}}";
  CHECK(desk.said() == "");
  desk.tools = "search: {description: Searches, input: {number: integer}, " + server + "}}";
  CHECK(desk.said() == "");
}

TEST_CASE("a document beside a tool that sends texts is a risk", "[lint]") {
  Desk desk;
  desk.input = "cv: file";
  desk.nodes = node("extract: {file: =cv}, set: {got: =result.text}");
  desk.ask = "prompt: \"{{t}}\", with: {t: =json(got)}, tools: [search]";
  CHECK(desk.said() == "A813 x1");
  desk.ask = "prompt: \"{{t}}\", with: {t: =json(got)}, tools: search";
  CHECK(desk.said() == "A813 x1");
  desk.ask += ", acknowledge_exfiltration_risk: true";
  CHECK(desk.said() == "");
  desk.ask = "prompt: Look, files: [=cv], tools: [search], acknowledge_exfiltration_risk: false";
  desk.nodes = "";
  CHECK(desk.said() == "A813 x1");
}

TEST_CASE("what the client agrees to, or what carries no text, may be sent", "[lint]") {
  Desk desk;
  desk.input = "cv: file";
  desk.ask = "prompt: Look, files: [=cv], tools: [search]";
  const auto takes = [&](const std::string& type) {
    desk.tools = "search: {description: Searches, input: {text: " + type +
                 "}, http: {get: \"https://search.example/find\", query: {q: =string(text)}}}";
    return desk.said();
  };
  CHECK(takes("string") == "A813 x1");
  CHECK(takes("{type: string, maxLength: 65}") == "A813 x1");
  CHECK(takes("{type: string, pattern: '^.*$'}") == "A813 x1");
  for (const char* type : {"integer", "number", "boolean", "{enum: [a, b]}",
                           "{type: string, format: date}", "{type: string, maxLength: 64}"}) {
    INFO(type);
    CHECK(takes(type) == "");
  }
  desk.tools =
      "search: {description: Searches, confirm: true, input: {text: string}, "
      "http: {get: \"https://search.example/find\", query: {q: =text}}}";
  CHECK(desk.said() == "");
  desk.tools =
      "search: {description: Searches, input: {text: string}, "
      "http: {get: \"https://search.example/find\"}}";
  CHECK(desk.said() == "");  // nothing that it writes goes there
}

TEST_CASE("what tools give back counts, and so does what was kept", "[lint]") {
  Desk desk;
  desk.tools = kSearch + "\n  notes: {description: Lists, store: {query: notes}}";
  desk.ask = "prompt: \"{{question}}\", tools: [search, notes]";
  CHECK(desk.said() == "A813 x1");  // the user's rows, and pages of the search
  desk.ask = "prompt: \"{{question}}\", tools: [notes]";
  CHECK(desk.said() == "");
  Desk shared;
  shared.rows = "notes: {fields: {text: string}, owner: app, ttl: 1h}";
  shared.nodes = node("store: {query: notes}, set: got");
  shared.ask = "prompt: \"{{t}}\", with: {t: =json(got)}, tools: [search]";
  CHECK(shared.said() == "A813 x1");
}

TEST_CASE("texts are followed through state, maps, graphs and other models", "[lint]") {
  Desk desk;
  desk.input = "cv: file";
  desk.state = "got: any, short: string, parts: list<string>";
  const std::string read = node("extract: {file: =cv}, set: {got: =result.text}");
  desk.nodes = read +
               "      - {id: sum, llm: {model: m, prompt: \"{{t}}\", with: {t: =json(got)}}, set: "
               "short}\n";
  desk.ask = "prompt: \"{{short}}\", tools: [search]";
  CHECK(desk.said() == "A813 x1");
  desk.nodes = read +
               "      - {id: cut, set: {parts: \"=chunks(json(got), 100, 0)\"}}\n"
               "      - id: each\n        map: {over: parts, max_items: 2, do: [{id: part, llm: "
               "{model: m, prompt: \"{{item}}\", tools: [search]}}]}\n";
  desk.ask = "prompt: Hello, tools: [search]";
  CHECK(desk.said() == "A813 x1");
  desk.nodes =
      read + "      - {id: sub, graph: {name: other, input: {t: =json(got)}}, set: short}\n";
  desk.more =
      "  other:\n    input: {t: string}\n    nodes:\n"
      "      - {id: deep, llm: {model: m, prompt: \"{{t}}\", tools: [search]}}\n";
  desk.ask = "prompt: \"{{short}}\", tools: [search]";
  CHECK(desk.said() == "A813 x2");
}

TEST_CASE("texts that are found by their vectors are as private as rows", "[lint]") {
  Desk desk;
  desk.ask = "prompt: \"{{t}}\", with: {t: =json(got)}, tools: [search]";
  desk.nodes = node("retrieve: {from: docs, query: tea}, set: got");
  desk.rows = "docs: {vector: e, ttl: 1h}";
  CHECK(desk.said() == "A813 x1");
  desk.rows = "docs: {vector: e, owner: app}";
  CHECK(desk.said() == "A813 x1");
  desk.ask = "prompt: Hello, tools: [search]";
  CHECK(desk.said() == "");
}
