// Runs that start by the clock.  A time that passed while no server ran is not made up for.
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "engine/run_view.h"
#include "engine/runner.h"

namespace plenum {

namespace {

// What schedules start belongs to the app, not to a user.
constexpr const char* kOwner = "schedule";
constexpr const char* kLast = "~schedule";  // the collection of the last runs

std::string name_of(const app::Schedule& schedule) {
  return schedule.text + " " + schedule.zone + " " + schedule.graph;
}

class Clocked final : public Scope {
 public:
  Clocked(const app::App& app, Millis now) : app_(app), now_(rfc3339(now)) {}
  const Json* find(std::string_view name) const override {
    return name == "env"    ? app_.env.get()
           : name == "now"  ? &now_
           : name == "user" ? &user_
                            : nullptr;
  }

 private:
  const app::App& app_;
  Json now_, user_{{"id", kOwner}, {"plan", ""}, {"roles", Json::array()}};
};

}  // namespace

void Runner::schedule(std::vector<std::shared_ptr<const app::App>> apps) {
  for (const auto& [key, timer] : schedule_timers_) timers_.cancel(timer);
  schedule_timers_.clear();
  if (!claiming_allowed_) return;
  for (const auto& app : apps)
    for (size_t i = 0; i < app->schedules.size(); ++i) arm(app, i);
}

void Runner::arm(std::shared_ptr<const app::App> app, size_t index) {
  const app::Schedule& schedule = app->schedules[index];
  const auto due = app::next_time(schedule.cron, schedule.zone, parts_.clock->now());
  if (!due) return;
  schedule_timers_[{app->name, index}] = timers_.at(*due, [this, app, index, due = *due] {
    if (!claiming_allowed_) return;
    arm(app, index);
    fire(app, index, due);
  });
}

// With `overlap: skip` nothing starts while the last run goes on or waits.
void Runner::fire(const std::shared_ptr<const app::App>& app, size_t index, Millis due) {
  const app::Schedule& schedule = app->schedules[index];
  const Owner owner{app->name, kOwner};
  if (schedule.queues) return start_scheduled(app, schedule, due);
  parts_.store->row(
      owner, kLast, name_of(schedule), [this, app, index, owner, due](Result<Row> row) {
        const app::Schedule& schedule = app->schedules[index];
        if (!row && row.error().kind == Kind::not_found) return start_scheduled(app, schedule, due);
        if (!row) return spdlog::warn("schedule of {}: {}", app->name, row.error().message);
        parts_.store->run(owner, row->data, [this, app, index, due](Result<Run> last) {
          if (!last || is_final(last->status))
            return start_scheduled(app, app->schedules[index], due);
          spdlog::info("schedule of {}: {} is left out, its last run {} is not finished", app->name,
                       app->schedules[index].graph, last->id);
        });
      });
}

// Started once per time, also when the server comes back within the same minute.
void Runner::start_scheduled(const std::shared_ptr<const app::App>& app,
                             const app::Schedule& schedule, Millis due) {
  const app::Graph& graph = app->graphs.at(schedule.graph);
  const Json user{{"id", kOwner}, {"plan", ""}};
  Result<Json> input = app::compute(schedule.input, Clocked(*app, due));
  if (input)
    if (const auto wrong = graph.input_schema.validate(*input, 1); !wrong.empty())
      input = fail(Kind::invalid, wrong[0].pointer + " " + wrong[0].message);
  if (!input)
    return spdlog::error("schedule of {}: the input of {} does not fit: {}", app->name, graph.name,
                         input.error().message);
  const Owner owner{app->name, kOwner};
  Run row = row_for(*app, graph, owner, user, new_id("job"), "");
  row.route = "schedule " + schedule.text;
  row.state = run::save(state_for(*app, graph, row, *std::move(input), user));
  parts_.store->accept(
      std::move(row), {}, std::nullopt,
      Idempotency{"schedule " + name_of(schedule) + " " + std::to_string(due), "", false}, {}, {},
      [this, owner, name = name_of(schedule), app](Result<Accepted> accepted) {
        if (!accepted)
          return spdlog::error("schedule of {}: {}", app->name, accepted.error().message);
        if (accepted->replayed) return;
        Row last;
        last.id = name;
        last.data = accepted->run.id;
        last.created_at = parts_.clock->now();
        parts_.store->put_row(owner, kLast, std::move(last), [](Result<Row>) {});
        pump();
      });
}

}  // namespace plenum
