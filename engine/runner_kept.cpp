// What connects runs: values that outlive one for the next, and runs that start others.
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "engine/base/failpoint.h"
#include "engine/base/ids.h"
#include "engine/run_view.h"
#include "engine/runner.h"

namespace plenum {

namespace {

// Collections of the engine's own: no author can name them.
constexpr const char* kThread = "~thread";
constexpr const char* kUser = "~user";

std::string row_id(const app::Field& field, const std::string& thread) {
  return field.keep == app::Keep::thread ? thread + " " + field.name : field.name;
}

}  // namespace

void Runner::with_kept(const Owner& owner, const std::string& thread, const app::Graph& graph,
                       std::function<void(Result<Json>)> then) {
  struct Gathering {
    Json values = Json::object();
    size_t left = 0;
    std::optional<Error> error;
  };
  const auto gathering = std::make_shared<Gathering>();
  for (const app::Field& field : graph.state)
    if (field.keep != app::Keep::run) ++gathering->left;
  for (const app::Field& field : graph.state) {
    if (field.keep == app::Keep::run) continue;
    parts_.store->row(owner, field.keep == app::Keep::thread ? kThread : kUser,
                      row_id(field, thread), [gathering, name = field.name, then](Result<Row> row) {
                        if (row) {
                          Result<Json> value = parse_json(row->data, kOwnJson);
                          if (value) gathering->values[name] = *std::move(value);
                        } else if (row.error().kind != Kind::not_found) {
                          gathering->error = std::move(row).error();
                        }
                        if (--gathering->left > 0) return;
                        if (gathering->error)
                          return then(tl::unexpected(std::move(*gathering->error)));
                        then(std::move(gathering->values));
                      });
  }
}

// Written with the run's end, in one transaction.  A thread's values live as long as its last run,
// a user's until they are deleted.
void Runner::keep(const Live& live, Checkpoint& point) const {
  const app::Graph& graph = live.app->graphs.at(live.state.graph);
  if (!graph.keeps) return;
  for (const app::Field& field : graph.state) {
    if (field.keep == app::Keep::run) continue;
    const Json* value = run::value_of(live.state.root.vars, field.name);
    if (!value) continue;
    Row row;
    row.id = row_id(field, live.row.thread);
    row.data = to_text(*value);
    row.created_at = point.now;
    row.expires_at = field.keep == app::Keep::thread ? live.row.expires_at : 0;
    point.rows.emplace_back(field.keep == app::Keep::thread ? kThread : kUser, std::move(row));
  }
}

// The same effect asked for again after a crash finds the run that it has started already.
void Runner::start_child(const LivePtr& live, const run::Perform& what) {
  FAILPOINT("start", "before");
  const auto& ask = std::get<run::StartRun>(what.effect);
  const app::Graph& graph = live->app->graphs.at(ask.graph);
  Run row = row_for(*live->app, graph, live->row.owner, live->state.user, new_id("job"), "");
  row.state = run::save(state_for(*live->app, graph, row, ask.input, live->state.user));
  const std::string once = ask.key.empty() ? what.key : ask.key;
  parts_.store->accept(
      std::move(row), {}, std::nullopt, Idempotency{"start " + ask.graph + " " + once, "", false},
      {parts_.settings->jobs_per_owner, parts_.settings->jobs_queued}, {},
      [this, weak = std::weak_ptr(live), call = what.call](Result<Accepted> accepted) {
        FAILPOINT("start", "after");
        if (accepted && !accepted->replayed) pump();
        const LivePtr live = weak.lock();
        if (!live) return;
        if (accepted)
          take(live, run::Replied{call, Json(accepted->run.id), 0, ""});
        else
          take(live, run::Failed{call, std::move(accepted).error(), 0});
      });
}

}  // namespace plenum
