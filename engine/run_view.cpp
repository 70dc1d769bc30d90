// Between a live run, its stored row, and what clients see.
#include "engine/run_view.h"

#include <nlohmann/json.hpp>

namespace plenum {

namespace {

Error read_error(const Json& json) {
  Error error;
  error.kind = static_cast<Kind>(json.value("kind", static_cast<int>(Kind::internal)));
  error.code = text_or(json, "code");
  error.message = text_or(json, "message");
  error.status = json.value("status", 0);
  return error;
}

Json parse_stored(const std::string& text) {
  if (text.empty()) return {};
  Result<Json> json = parse_json(text, kOwnJson);
  return json ? *std::move(json) : Json();
}

}  // namespace

std::vector<EventRow> rows(const std::vector<run::Published>& published) {
  std::vector<EventRow> events;
  events.reserve(published.size());
  for (const run::Published& event : published)
    events.push_back({event.id, event.type, event.data});
  return events;
}

Json error_json(const Error& error, const std::string& node) {
  Json json{{"code", error.stable_code()},
            {"message", error.message},
            {"kind", static_cast<int>(error.kind)}};
  if (!node.empty()) json["node"] = node;
  if (error.status) json["status"] = error.status;
  return json;
}

RunStatus status_of(run::Status status) {
  switch (status) {
    case run::Status::running:
      return RunStatus::running;
    case run::Status::waiting:
      return RunStatus::waiting;
    case run::Status::completed:
      return RunStatus::completed;
    case run::Status::failed:
      return RunStatus::failed;
    case run::Status::cancelled:
      return RunStatus::cancelled;
  }
  return RunStatus::failed;
}

bool ends_stream(const std::string& type) {
  return type == "run.waiting" || type == "run.completed" || type == "run.failed" ||
         type == "run.cancelled";
}

EventRow last_event(const Run& row) {
  switch (row.status) {
    case RunStatus::waiting:
      return {INT64_MAX, "run.waiting",
              to_text(Json{{"at", row.at}, {"output", parse_stored(row.returned)}})};
    case RunStatus::completed:
      return {INT64_MAX, "run.completed", to_text(Json{{"output", parse_stored(row.output)}})};
    case RunStatus::cancelled:
      return {INT64_MAX, "run.cancelled", "{}"};
    default: {
      const Json error = parse_stored(row.error);
      return {INT64_MAX, "run.failed",
              to_text(Json{{"code", text_or(error, "code", "internal")},
                           {"message", text_or(error, "message")}})};
    }
  }
}

RunView live_view(const Live& live) {
  const run::State& state = live.state;
  RunView out;
  out.id = live.row.id;
  out.thread = live.row.thread;
  out.route = live.row.route;
  out.graph = live.row.graph;
  out.model = state.model;
  out.job = live.row.job;
  out.status = status_of(state.status);
  out.at = run::waiting_at(state);
  out.output = state.status == run::Status::waiting ? run::returned(state) : state.output;
  out.error = state.error;
  out.percent = state.percent;
  out.message = state.say;
  out.cost_usd = state.cost_usd;
  out.created_at = live.row.created_at;
  out.started_at = live.row.started_at;
  return out;
}

RunView view(const Run& row) {
  RunView out;
  out.owner = row.owner.owner;
  out.id = row.id;
  out.thread = row.thread;
  out.route = row.route;
  out.graph = row.graph;
  out.job = row.job;
  out.status = row.status;
  out.at = row.at;
  out.output = parse_stored(row.status == RunStatus::waiting ? row.returned : row.output);
  if (!row.error.empty()) out.error = read_error(parse_stored(row.error));
  out.percent = row.percent;
  out.message = row.message;
  out.cost_usd = row.cost_usd;
  out.created_at = row.created_at;
  out.started_at = row.started_at;
  out.finished_at = row.finished_at;
  out.model = text_or(parse_stored(row.state), "model");
  return out;
}

}  // namespace plenum
