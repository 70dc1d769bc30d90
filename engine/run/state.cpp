// Saving a run and reading it back.  Short member names: this is written after every node.
#include "engine/run/state.h"

#include <nlohmann/json.hpp>

#include "engine/base/json_text.h"
#include "engine/run/step.h"

namespace plenum::run {

namespace {

constexpr int kVersion = 2;

Json save_error(const Error& error) {
  return Json{{"kind", static_cast<int>(error.kind)},
              {"message", error.message},
              {"code", error.code},
              {"status", error.status},
              {"trail", error.trail}};
}

Error restore_error(const Json& json) {
  Error error;
  error.kind = static_cast<Kind>(json.value("kind", static_cast<int>(Kind::internal)));
  error.message = json.value("message", "");
  error.code = json.value("code", "");
  error.status = json.value("status", 0);
  error.trail = json.value("trail", "");
  return error;
}

// The place is kept as the node's id, which stays readable in the database.
void save_frame(std::string& out, const Frame& frame) {
  const auto& nodes = frame.block->nodes;
  ObjectText json(out);
  json.put("b", frame.block->id);
  if (frame.at < static_cast<int>(nodes.size()))
    json.put("n", nodes[static_cast<size_t>(frame.at)].id);
  if (frame.phase != Phase::ready) {
    json.put("p", static_cast<int>(frame.phase));
    json.put("a", frame.attempt);
    json.put("c", frame.call);
    json.put("e", frame.entered);
    if (frame.due) json.put("d", frame.due);
    if (frame.reserved > 0) json.put("u", frame.reserved);
    if (!frame.memory.is_null()) json.put("m", frame.memory);
  }
  if (!frame.result.is_null()) json.put("r", frame.result);
  if (frame.slot) json.put("s", frame.slot);
  if (frame.sees != Vars::own) json.put("v", static_cast<int>(frame.sees));
  if (!frame.vars.empty() || frame.sees == Vars::own) json.put("x", frame.vars);
  if (!frame.locals.empty()) json.put("l", frame.locals);
  if (frame.children.empty()) return;
  char separator = '[';
  json["k"];
  for (const Frame& child : frame.children) {
    out += std::exchange(separator, ',');
    save_frame(out, child);
  }
  out += ']';
}

// A state that no step can have made would lead a later step astray.
const char* impossible(const Frame& frame, const State& state) {
  if (frame.phase < Phase::ready || frame.phase > Phase::within) return "what its node is doing";
  if (frame.sees < Vars::shared || frame.sees > Vars::own) return "what its body sees";
  if (!frame.memory.is_null() && !frame.memory.is_object()) return "its node's memory";
  if (frame.call > state.last_call) return "its counts";
  if (!frame.children.empty() && frame.phase != Phase::within) return "its bodies";
  if (frame.phase == Phase::ready) return nullptr;
  const auto at = static_cast<size_t>(frame.at);
  if (at >= frame.block->nodes.size() || !frame.block->nodes[at].body) return "where it stands";
  const int least = frame.phase == Phase::backoff ? 0 : 1;  // its first attempt was held back
  if (frame.attempt < least || frame.call < 1) return "its counts";
  if (frame.phase == Phase::paused &&
      !(find(frame.memory, "returns") && find(frame.memory, "expects")))
    return "what it waits for";
  if (frame.phase != Phase::within) return nullptr;
  return frame.children.empty() || !frame.memory.is_object() ? "its bodies" : nullptr;
}

// A body stands in the node that its parent is at, or is a whole graph.
bool belongs(const Frame& body, const Frame& around) {
  if (body.graph) return body.sees == Vars::own;
  if (body.sees == Vars::own) return false;
  const auto& bodies = around.block->nodes[static_cast<size_t>(around.at)].bodies;
  return std::any_of(bodies.begin(), bodies.end(),
                     [&](const auto& block) { return block.get() == body.block; });
}

Result<Frame> restore_frame(const Json& json, const app::App& app, const State& state, int depth) {
  if (depth > kDeepest) return fail(Kind::internal, "the saved run cannot be right: its bodies");
  Frame frame;
  const std::string block = text_or(json, "b");
  frame.block = app.block(block);
  if (!frame.block)
    return fail(Kind::internal, "the saved run names a list of nodes that its app does not have");
  frame.graph = app.graph_of(block);
  const Json* node = find(json, "n");
  frame.at = node ? frame.block->index_of(node->get_ref<const std::string&>())
                  : static_cast<int>(frame.block->nodes.size());
  if (frame.at < 0)
    return fail(Kind::internal, "the saved run names a node that its app does not have");
  frame.phase = static_cast<Phase>(json.value("p", 0));
  frame.attempt = json.value("a", 0);
  frame.call = json.value("c", uint64_t{0});
  frame.entered = json.value("e", Millis{0});
  frame.due = json.value("d", Millis{0});
  frame.reserved = json.value("u", 0.0);
  frame.slot = json.value("s", 0);
  frame.sees = static_cast<Vars>(json.value("v", static_cast<int>(Vars::own)));
  if (const Json* memory = find(json, "m")) frame.memory = *memory;
  if (const Json* result = find(json, "r")) frame.result = *result;
  for (const auto& [key, values] : {std::pair{"x", &frame.vars}, std::pair{"l", &frame.locals}})
    if (const Json* kept = find(json, key)) {
      if (!kept->is_object())
        return fail(Kind::internal, "the saved run cannot be right: its names");
      *values = values_of(*kept);
    }
  if (frame.sees == Vars::own && !find(json, "x"))
    return fail(Kind::internal, "the saved run cannot be right: its state keys");
  if (const Json* children = find(json, "k"))
    for (const Json& child : *children) {
      frame.children.push_back(TRY(restore_frame(child, app, state, depth + 1)));
      if (frame.at >= static_cast<int>(frame.block->nodes.size()) ||
          !belongs(frame.children.back(), frame))
        return fail(Kind::internal, "the saved run cannot be right: its bodies");
    }
  if (const char* what = impossible(frame, state))
    return fail(Kind::internal, std::string("the saved run cannot be right: ") + what);
  return frame;
}

double reserved(const Frame& frame) {
  double sum = frame.reserved;
  for (const Frame& child : frame.children) sum += reserved(child);
  return sum;
}

bool paused(const Frame& frame) {
  return frame.phase == Phase::paused ||
         std::any_of(frame.children.begin(), frame.children.end(), paused);
}

const char* impossible(const State& state, const app::App& app) {
  const auto graph = app.graphs.find(state.graph);
  if (graph == app.graphs.end()) return "it is of a graph that its app does not have";
  if (state.root.block != &graph->second.nodes) return "it stands in another graph";
  if (state.root.sees != Vars::own) return "what its body sees";
  if (state.status < Status::running || state.status > Status::cancelled) return "its status";
  if (!state.about.is_object()) return "what it is about";
  if (state.steps < 0 || state.last_event < 0) return "its counts";
  if (state.status == Status::waiting && !waits(state)) return "whether it waits";
  if (state.status != Status::running) return nullptr;
  return paused(state.root) ? "whether it waits" : nullptr;
}

}  // namespace

const char* name(Status status) {
  switch (status) {
    case Status::running:
      return "running";
    case Status::waiting:
      return "waiting";
    case Status::completed:
      return "completed";
    case Status::failed:
      return "failed";
    case Status::cancelled:
      return "cancelled";
  }
  return "failed";
}

const Json* value_of(const Values& values, std::string_view name) {
  for (const auto& [key, value] : values)
    if (key == name) return &value;
  return nullptr;
}

Values values_of(Json object) {
  return object.is_object() ? std::move(object.get_ref<Values&>()) : Values();
}

std::string save(const State& state) {
  std::string text;
  {
    ObjectText json(text);
    json.put("v", kVersion);
    json.put("run", state.run);
    json.put("graph", state.graph);
    json.put("status", static_cast<int>(state.status));
    json.put("about", state.about);
    json.put("user", state.user);
    save_frame(json["root"], state.root);
    json.put("call", state.last_call);
    json.put("steps", state.steps);
    json.put("cost", state.cost_usd);
    json.put("limit", state.cost_limit);
    json.put("percent", state.percent);
    json.put("say", state.say);
    json.put("event", state.last_event);
    if (!state.model.empty()) json.put("model", state.model);
    if (state.error) json.put("error", save_error(*state.error));
    if (!state.failed_at.empty()) json.put("failed_at", state.failed_at);
  }
  return text;
}

Result<State> restore(std::string_view text, const app::App& app) {
  Result<Json> parsed = parse_json(text, kOwnJson);
  if (!parsed)
    return fail(Kind::internal, "the saved run cannot be read: " + parsed.error().message);
  Json json = *std::move(parsed);
  try {
    if (json.at("v").get<int>() != kVersion)
      return fail(Kind::internal, "the saved run is of another version of Plenum");
    State state;
    state.run = json.at("run").get<std::string>();
    state.graph = json.at("graph").get<std::string>();
    state.status = static_cast<Status>(json.at("status").get<int>());
    state.about = std::move(json.at("about"));
    state.user = std::move(json.at("user"));
    state.last_call = json.at("call").get<uint64_t>();
    state.root = TRY(restore_frame(json.at("root"), app, state, 1));
    state.reserved_usd = reserved(state.root);
    state.steps = json.at("steps").get<int>();
    state.cost_usd = json.at("cost").get<double>();
    state.cost_limit = json.at("limit").get<double>();
    state.percent = json.at("percent").get<int>();
    state.say = json.at("say").get<std::string>();
    state.last_event = json.at("event").get<int64_t>();
    state.model = text_or(json, "model");
    if (const Json* error = find(json, "error")) state.error = restore_error(*error);
    state.failed_at = text_or(json, "failed_at");
    if (const char* what = impossible(state, app))
      return fail(Kind::internal, std::string("the saved run cannot be right: ") + what);
    return state;
  } catch (const Json::exception& e) {
    return fail(Kind::internal, std::string("the saved run cannot be read: ") + e.what());
  }
}

}  // namespace plenum::run
