// An app from text in memory, for tests: no disk, no clock, no network.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>

#include "engine/app/load.h"
#include "engine/app/tests.h"
#include "engine/nodes/nodes.h"

namespace plenum {

// "apps.d/test.yaml:3:5: error[S101]: …" line by line, sorted by place.
inline std::string findings(const Report& report) {
  std::string text;
  for (const Diagnostic& finding : report.sorted()) text += to_text(finding) + "\n";
  return text;
}

// A whole app around the inside of one graph: `input`, `state`, `nodes`, `output`.
inline std::string around(const std::string& graph) {
  std::string text = R"(plenum: 1
app: test
models:
  quick: {use: gemini/gemini-3-flash-preview, max_tokens: 100}
  best: {use: openai/gpt-5-mini, max_tokens: 100, fallback: [quick, anthropic/claude-haiku-4-5]}
collections:
  notes: {fields: {text: string, n: optional<integer>}, ttl: 1h}
routes: {POST /go: {start: main}}
graphs:
  main:
)";
  std::istringstream lines(graph);
  for (std::string line; std::getline(lines, line);) text += "    " + line + "\n";
  return text;
}

// What the loader makes of a text, or what it says against it.
struct Loaded {
  std::shared_ptr<const app::App> app;
  std::string said;
  app::Tests tests;
};
inline Loaded load(const std::string& yaml, std::map<std::string, std::string> files = {},
                   const std::string& path = "apps.d/test.yaml") {
  files[path] = yaml;
  Report report;
  const app::MemoryFiles memory(std::move(files));
  const app::Draft draft = app::read_app(path, memory, nodes::kinds(), report);
  app::Tests tests = app::read_tests(draft, memory, report);
  return {report.has_errors() ? nullptr : draft.app, findings(report), std::move(tests)};
}

// `yaml` is a whole app when it starts with `plenum:`, else the inside of the graph `main`.  What
// does not load is a mistake of the test.
inline std::shared_ptr<const app::App> test_app(const std::string& yaml,
                                                std::map<std::string, std::string> files = {}) {
  Loaded loaded = load(yaml.starts_with("plenum:") ? yaml : around(yaml), std::move(files));
  if (!loaded.app) throw std::runtime_error("the test's app does not load:\n" + loaded.said);
  return loaded.app;
}

// What the loader says against the inside of a graph, without the file's name and the lines around.
inline std::string refused(const std::string& graph,
                           std::map<std::string, std::string> files = {}) {
  return load(around(graph), std::move(files)).said;
}

}  // namespace plenum
