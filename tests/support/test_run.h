// A run in a test's hands: events go in, what follows comes out as one short line.
//
//   "a done 1 | #2 b model quick \"Hi\" | running"
//
// Finished nodes first, then commands with the number of their call, then the run's status.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "engine/run/step.h"
#include "tests/support/test_app.h"

namespace plenum {

inline constexpr Millis kStart = 1'000'000'000'000;  // 2001-09-09T01:46:40Z

namespace shown {

inline std::string text(const run::Turn& turn) {
  std::string out = (turn.from_model ? " <\"" : " \"") + turn.text + "\"";
  for (const std::string& id : turn.files) out += (out.back() == '"' ? " showing " : " ") + id;
  if (!turn.calls.is_null()) out += " calls " + to_text(turn.calls);
  if (!turn.results.is_null()) out += " results " + to_text(turn.results);
  return out;
}

inline std::string effect(const run::CallModel& call) {
  std::string out = "model " + call.model->name + " " + call.model->model;
  if (!call.system.empty()) out += " system \"" + call.system + "\"";
  for (const run::Turn& turn : call.turns) out += text(turn);
  if (call.schema) out += " as " + to_text(*call.schema);
  if (call.max_tokens) out += " max " + std::to_string(*call.max_tokens);
  return out;
}
inline std::string effect(const run::CallHttp& call) {
  std::string out = "http " + call.method + " " + call.url;
  for (const auto& [name, value] : call.headers) out += " " + name + "='" + value + "'";
  if (!call.body.empty()) out += " " + call.body;
  if (call.auth.how != app::Auth::How::none)
    out += " with " + (call.auth.header.empty() ? "" : call.auth.header + " ") + call.auth.secret;
  return out + (call.at_most_once ? " once" : "") + (call.local ? " local" : "") + " expect " +
         call.expect.text();
}
inline std::string effect(const run::CallMcp& call) {
  std::string out = "mcp " + call.url + " " + call.tool + " " + to_text(call.arguments);
  for (const auto& [name, value] : call.headers) out += " " + name + "='" + value + "'";
  if (call.auth.how != app::Auth::How::none) out += " with " + call.auth.secret;
  return out + (call.at_most_once ? " once" : "") + (call.local ? " local" : "");
}
inline std::string effect(const run::ExtractText& ask) {
  return "extract " + text_or(ask.file, "id") + " max " + std::to_string(ask.max_pages);
}
inline std::string effect(const run::MakePdf& ask) {
  return "pdf \"" + ask.name + "\" " + ask.size + " " + ask.margin + " " + ask.html;
}
inline std::string effect(const run::PutRow& ask) {
  return "put " + ask.collection + (ask.id.empty() ? "" : " " + ask.id) + " " + to_text(ask.data) +
         (ask.ttl ? " for " + std::to_string(ask.ttl->count()) + "ms" : "") +
         (ask.app_owned ? " of the app" : "");
}
inline std::string effect(const run::GetRow& ask) {
  return "get " + ask.collection + " " + ask.id;
}
inline std::string wanted(const run::Wanted& rows) {
  return (rows.where ? " where " + rows.where.code->text() : "") +
         (rows.names.empty() ? "" : " seeing " + to_text(rows.names)) +
         (rows.equal.empty() ? "" : " equal " + to_text(rows.equal));
}
inline std::string effect(const run::QueryRows& ask) {
  return "query " + ask.collection + wanted(ask.wanted) +
         (ask.sort.empty() ? "" : (ask.descending ? " by -" : " by ") + ask.sort) + " limit " +
         std::to_string(ask.limit) + (ask.app_owned ? " of the app" : "");
}
inline std::string effect(const run::DeleteRow& ask) {
  return "delete " + ask.collection + " " + ask.id;
}

inline std::string effect(const run::EmbedTexts& ask) {
  return "embed by " + ask.model->name + " " + to_text(Json(ask.texts));
}
inline std::string effect(const run::PutDocument& ask) {
  return "document " + ask.collection + " " + ask.id + " " + to_text(ask.meta) + " of " +
         to_text(Json(ask.parts)) +
         (ask.ttl ? " for " + std::to_string(ask.ttl->count()) + "ms" : "") +
         (ask.app_owned ? " of the app" : "");
}
inline std::string effect(const run::Retrieve& ask) {
  return "retrieve " + std::to_string(ask.k) + " from " + ask.collection + " by " +
         ask.model->name + " \"" + ask.query + "\"" + wanted(ask.wanted) +
         (ask.min_score ? " at least " + to_text(Json(*ask.min_score)) : "") +
         (ask.app_owned ? " of the app" : "");
}

inline std::string effect(const run::StartRun& ask) {
  return "start " + ask.graph + " " + to_text(ask.input) +
         (ask.key.empty() ? "" : " once " + ask.key);
}

inline std::string command(const run::Command& command, Millis now) {
  if (const auto* ask = std::get_if<run::Perform>(&command))
    return "#" + std::to_string(ask->call) + " " + ask->path + " " +
           std::visit([](const auto& e) { return effect(e); }, ask->effect) +
           (ask->attempt > 1 ? " try " + std::to_string(ask->attempt) : "") +
           (ask->kept ? " kept " + std::to_string(ask->kept->ttl.count()) + "ms" : "") +
           (ask->kept && ask->kept->key ? " as " + to_text(*ask->kept->key) : "") +
           (ask->kept && ask->kept->app_wide ? " for all" : "");
  if (const auto* timer = std::get_if<run::StartTimer>(&command))
    return "#" + std::to_string(timer->call) + " in " + std::to_string(timer->due - now) + "ms";
  return "abandon #" + std::to_string(std::get<run::Abandon>(command).call);
}

inline std::string status(const run::State& state) {
  if (state.status == run::Status::waiting)
    return "waiting at " + run::waiting_at(state) + " " + to_text(run::returned(state));
  if (state.status == run::Status::completed) return "completed " + to_text(state.output);
  if (state.status == run::Status::failed)
    return "failed " + (state.failed_at.empty() ? "" : "at " + state.failed_at + " ") +
           state.error->stable_code() + ": " + state.error->message;
  return run::name(state.status);
}

}  // namespace shown

inline Error error_of(Kind kind, std::string code = "", std::string message = "it broke") {
  Error error;
  error.kind = kind;
  error.code = std::move(code);
  error.message = std::move(message);
  return error;
}

class TestRun {
 public:
  explicit TestRun(std::shared_ptr<const app::App> app, Json input = Json::object())
      : app(std::move(app)) {
    const auto main = this->app->graphs.find("main");
    const app::Graph& graph =
        main == this->app->graphs.end() ? this->app->graphs.begin()->second : main->second;
    state = run::open(*this->app, graph, "run_1", std::move(input),
                      Json{{"id", "run_1"},
                           {"thread_id", "thread_1"},
                           {"app", this->app->name},
                           {"graph", graph.name}},
                      Json{{"id", "ada"}, {"plan", "free"}});
  }

  std::string happen(const run::Event& event) {
    const run::Outcome outcome = run::step(state, *app, event, now);
    std::string line;
    for (const run::Finished& node : outcome.finished) {
      line += node.path + " " + node.status +
              (node.status == "skipped" ? "" : " " + to_text(node.result)) +
              (node.attempts > 1 ? " after " + std::to_string(node.attempts) : "") + " | ";
      path += (path.empty() ? "" : " > ") + node.path +
              (node.status == "done" ? "" : "(" + node.status + ")");
    }
    for (const run::Command& command : outcome.commands) {
      line += shown::command(command, now) + " | ";
      if (const auto* ask = std::get_if<run::Perform>(&command))
        asked = *ask, performed[ask->call] = *ask;
      if (const auto* timer = std::get_if<run::StartTimer>(&command))
        due = timer->due, timer_call = timer->call;
    }
    for (const run::Published& event : outcome.published) {
      if (event.id != last_event + 1) line += "(event ids jump) ";
      last_event = event.id;
      events += (events.empty() ? "" : " ") + event.type;
      published.push_back(event);
    }
    return line + shown::status(state);
  }

  // The calls whose answers are waited for, in the order of the bodies.
  std::vector<uint64_t> under_way() const {
    std::vector<uint64_t> calls;
    collect(state.root, run::Phase::working, calls);
    return calls;
  }
  std::vector<uint64_t> timers() const {
    std::vector<uint64_t> calls;
    collect(state.root, run::Phase::backoff, calls);
    collect(state.root, run::Phase::asleep, calls);
    return calls;
  }

  std::string start() { return happen(run::Started{}); }
  // To what was asked for last.
  std::string reply(Json result, double cost_usd = 0, std::string model = "") {
    return reply_to(asked.call, std::move(result), cost_usd, std::move(model));
  }
  std::string reply_to(uint64_t call, Json result, double cost_usd = 0, std::string model = "") {
    return happen(run::Replied{call, std::move(result), cost_usd, std::move(model)});
  }
  // What the effect of a model call gives back.
  std::string says(const std::string& text, double cost_usd = 0) {
    Json result{{"text", text}, {"cut", false}};
    if (Result<Json> value = parse_json(text))
      result["value"] = *std::move(value);
    else
      result["unparsed"] = "not JSON";
    return reply(std::move(result), cost_usd);
  }
  // The text of a model, to one of several calls that are under way.
  std::string says_to(size_t nth, const std::string& text) {
    return reply_to(under_way().at(nth), Json{{"text", text}, {"cut", false}});
  }
  std::string fails(Error error, double cost_usd = 0) {
    return happen(run::Failed{asked.call, std::move(error), cost_usd});
  }
  std::string fails(Kind kind, std::string code = "") {
    return fails(error_of(kind, std::move(code)));
  }
  std::string wake() {
    const run::Frame* waiting = run::waits(state);
    now = std::max(now, waiting ? waiting->due : due);
    return happen(run::TimerDue{waiting ? waiting->call : timer_call});
  }
  std::string answer(Json value) { return happen(run::Answered{std::move(value)}); }
  std::string cancel() { return happen(run::Cancelled{}); }
  std::string deadline() { return happen(run::DeadlinePassed{}); }
  std::string restart() { return happen(run::Restarted{}); }

  // As another process finds the run: only what was saved is left.
  void reload() {
    Result<run::State> restored = run::restore(run::save(state), *app);
    if (!restored) throw std::runtime_error(restored.error().message);
    state = *std::move(restored);
  }
  std::string vars() const { return to_text(Json(state.root.vars)); }

  std::shared_ptr<const app::App> app;
  run::State state;
  Millis now = kStart;
  std::string path;    // "a > b(skipped) > c"
  std::string events;  // "run.started node.started …"
  std::vector<run::Published> published;
  run::Perform asked;                          // last
  std::map<uint64_t, run::Perform> performed;  // by call, the last time
  Millis due = 0;                              // of the last timer
  uint64_t timer_call = 0;

 private:
  static void collect(const run::Frame& frame, run::Phase phase, std::vector<uint64_t>& calls) {
    if (frame.phase == phase) calls.push_back(frame.call);
    for (const run::Frame& child : frame.children) collect(child, phase, calls);
  }

  int64_t last_event = 0;
};

}  // namespace plenum
