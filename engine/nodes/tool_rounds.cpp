// A round is what the model asked for and what came of it.  The one that is open holds a result, or
// null, for each call; when none is missing it joins the rounds that the model is told.
//
// Whatever goes wrong with a call is told to the model, not to the run: it can ask better, or
// answer without.
#include "engine/nodes/tool_rounds.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/run/step.h"

namespace plenum::nodes {

namespace {

constexpr size_t kMostCalls = 16;          // of one round
constexpr size_t kMostResult = 100 << 10;  // bytes that the model is told of one result

Json told(std::string text, bool error) {
  if (text.size() > kMostResult) {
    size_t end = kMostResult;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    text += "… (cut off here)";
  }
  return Json{{"text", std::move(text)}, {"error", error}};
}

std::string model_name(const app::Model& model) {
  return model.provider + "/" + model.model;
}

const Json kAgree = Json{{"type", "object"},
                         {"properties", {{"approve", {{"type", "boolean"}}}}},
                         {"required", {"approve"}},
                         {"additionalProperties", false}};

}  // namespace

const app::Tool* ToolRounds::tool(const Json& call) const {
  const std::string name = text_or(call, "name");
  for (const auto& tool : tools_.list)
    if (tool->name == name) return tool.get();
  return nullptr;
}

// Null: it can be run.
Json ToolRounds::refusal(const Json& call, size_t place) const {
  const app::Tool* tool = this->tool(call);
  if (place >= kMostCalls)
    return told("at most " + std::to_string(kMostCalls) + " tools can be called at a time", true);
  if (!tool) {
    std::vector<std::string> known;
    for (const auto& one : tools_.list) known.push_back(one->name);
    return told("there is no such tool; there is " + any_of(known), true);
  }
  const std::vector<Violation> violations = tool->graph.input_schema.validate(call["input"], 5);
  if (violations.empty()) return {};
  std::string text = "the input does not fit:";
  for (const Violation& violation : violations)
    text += "\n" + (violation.pointer.empty() ? "the input" : violation.pointer) + ": " +
            violation.message;
  return told(std::move(text), true);
}

Result<run::Next> ToolRounds::begin(const Json& reply, const app::Model& model, int max_steps) {
  Json& memory = visit_.memory;
  const size_t rounds = memory.contains("rounds") ? memory["rounds"].size() : 0;
  if (rounds >= static_cast<size_t>(max_steps))
    return fail(Kind::invalid,
                "the model asked for tools " + std::to_string(max_steps) +
                    " times and has given no answer (max_steps)",
                "tool_steps");
  const Json& calls = reply["calls"];
  Json results = Json::array();
  Json asked = Json::array();
  for (size_t i = 0; i < calls.size(); ++i) {
    results.push_back(refusal(calls[i], i));
    if (results.back().is_null() && tool(calls[i])->confirm)
      asked.push_back({{"name", calls[i]["name"]}, {"input", calls[i]["input"]}});
  }
  memory["open"] = Json{{"model", model_name(model)},
                        {"text", text_or(reply, "text")},
                        {"calls", calls},
                        {"raw", reply["raw"]},
                        {"results", std::move(results)}};
  if (asked.empty()) return run();
  return run::Next::pause({Json{{"tools", std::move(asked)}}, kAgree, std::chrono::hours(24)});
}

Result<run::Next> ToolRounds::confirmed(const Json& answer) {
  Json& memory = visit_.memory;
  memory.erase("returns");
  memory.erase("expects");
  const Json* approve = find(answer, "approve");
  if (approve && *approve == true) return run();
  Json& open = memory["open"];
  for (size_t i = 0; i < open["calls"].size(); ++i)
    if (open["results"][i].is_null() && tool(open["calls"][i])->confirm)
      open["results"][i] = told("the user does not want this", true);
  return run();
}

// The calls of all rounds are counted through, so that each body has a place of its own.
Result<run::Next> ToolRounds::run() {
  Json& memory = visit_.memory;
  Json& open = memory["open"];
  const int base = memory.contains("calls") ? memory["calls"].get<int>() : 0;
  std::vector<run::Enter> bodies;
  for (size_t i = 0; i < open["calls"].size(); ++i) {
    if (!open["results"][i].is_null()) continue;
    const Json& call = open["calls"][i];
    const app::Graph& graph = tool(call)->graph;
    run::Enter& enter = bodies.emplace_back();
    enter.block = &graph.nodes;
    enter.graph = &graph;
    enter.slot = base + static_cast<int>(i);
    enter.vars = run::Vars::own;
    enter.own = run::values_of(run::initial(graph, call["input"]));
  }
  if (bodies.empty()) return close();
  return run::Next::enter(std::move(bodies));
}

Result<run::Next> ToolRounds::ended(int slot, const Json& result) {
  return keep(slot, result.is_string() ? result.get<std::string>() : to_text(result), false);
}

Result<run::Next> ToolRounds::failed(int slot, const Error& error) {
  return keep(slot, "it failed: " + error.message, true);
}

Result<run::Next> ToolRounds::keep(int slot, std::string text, bool error) {
  Json& memory = visit_.memory;
  Json* const open = memory.contains("open") ? &memory["open"] : nullptr;
  const int base = memory.contains("calls") ? memory["calls"].get<int>() : 0;
  if (!open || slot < base || static_cast<size_t>(slot - base) >= (*open)["results"].size())
    return fail(Kind::internal,
                "the run remembers other tools than those of " + quote(visit_.path));
  Json& results = (*open)["results"];
  results[static_cast<size_t>(slot - base)] = told(std::move(text), error);
  const bool missing =
      std::any_of(results.begin(), results.end(), [](const Json& one) { return one.is_null(); });
  return missing ? run::Next::enter({}) : close();
}

Result<run::Next> ToolRounds::close() {
  Json& memory = visit_.memory;
  Json round = std::move(memory["open"]);
  memory.erase("open");
  const int base = memory.contains("calls") ? memory["calls"].get<int>() : 0;
  memory["calls"] = base + static_cast<int>(round["calls"].size());
  memory["rounds"].push_back(std::move(round));
  return run::Next::again();
}

void ToolRounds::add_to(run::CallModel& call) const {
  if (!tools_.list.empty()) {
    Json list = Json::array();
    for (const auto& tool : tools_.list)
      list.push_back({{"name", tool->name},
                      {"description", tool->description},
                      {"input", tool->graph.input_schema.json()}});
    call.tools = std::make_shared<const Json>(std::move(list));
  }
  const Json* rounds = find(visit_.memory, "rounds");
  if (!rounds || !rounds->is_array()) return;
  for (const Json& round : *rounds) {
    run::Turn asked{true, text_or(round, "text"), {}};
    asked.calls = round["calls"];
    const bool own = text_or(round, "model") == model_name(*call.model);
    if (own) asked.raw = round["raw"];
    run::Turn answered;
    answered.results = Json::array();
    for (size_t i = 0; i < round["calls"].size(); ++i)
      answered.results.push_back({{"id", round["calls"][i]["id"]},
                                  {"name", round["calls"][i]["name"]},
                                  {"text", round["results"][i]["text"]},
                                  {"error", round["results"][i]["error"]}});
    call.turns.push_back(std::move(asked));
    call.turns.push_back(std::move(answered));
  }
}

}  // namespace plenum::nodes
