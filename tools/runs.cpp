// plenum runs, plenum jobs: what a server has done, is doing and will do, for its operator.
#include <CLI/CLI.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/command.h"
#include "tools/costs.h"
#include "tools/data_folder.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

struct Arguments {
  std::string command;  // "runs" or "jobs"
  DataArguments data;
  std::string status, app, owner, after, format = "human";
  int limit = 50;
  CostsQuestion costs;
  std::vector<std::string> ids;
  bool all = false, state = false;
};

constexpr RunStatus kStatuses[] = {RunStatus::queued, RunStatus::running,    RunStatus::waiting,
                                   RunStatus::paused, RunStatus::cancelling, RunStatus::completed,
                                   RunStatus::failed, RunStatus::cancelled,  RunStatus::dead};

std::optional<RunStatus> status_named(const std::string& text) {
  for (const RunStatus status : kStatuses)
    if (text == name(status)) return status;
  return std::nullopt;
}

Json stored(const std::string& text) {
  if (text.empty()) return {};
  Result<Json> json = parse_json(text, kOwnJson);
  return json ? *std::move(json) : Json(text);
}

Json when(Millis time) {
  return time ? Json(rfc3339(time)) : Json();
}

// Without what the client sent and got: that is for `show --state`.
Json about(const plenum::Run& run) {
  const Json error = stored(run.error);
  return Json{{"id", run.id},
              {"job", run.job},
              {"status", name(run.status)},
              {"app", run.owner.app},
              {"owner", run.owner.owner},
              {"graph", run.graph},
              {"route", run.route},
              {"thread_id", run.thread},
              {"at", run.at.empty() ? Json() : Json(run.at)},
              {"error", error},
              {"percent", run.percent},
              {"message", run.message},
              {"cost_usd", run.cost_usd},
              {"rescues", run.rescues},
              {"bundle", run.bundle},
              {"created_at", when(run.created_at)},
              {"started_at", when(run.started_at)},
              {"finished_at", when(run.finished_at)},
              {"available_at", when(run.available_at)},
              {"wake_at", when(run.wake_at)},
              {"deadline", when(run.deadline)},
              {"expires_at", when(run.expires_at)}};
}

// What there is to say about a run in one line: where it waits, why it failed, how far it is.
std::string note(const plenum::Run& run) {
  if (run.status == RunStatus::waiting || run.status == RunStatus::paused) {
    if (!run.at.empty()) return "at " + run.at;
    return run.wake_at ? "until " + rfc3339(run.wake_at) : "";
  }
  if (!run.error.empty()) return text_or(stored(run.error), "code");
  if (run.status != RunStatus::running) return "";
  return std::to_string(run.percent) + " % " + run.message;
}

std::string seconds(Millis from, Millis to) {
  char text[32];
  snprintf(text, sizeof text, "%.3f s", static_cast<double>(to - from) / 1000);
  return from && to ? text : "-";
}

void print(const Json& json) {
  printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

int list(const Arguments& arguments, Inspection& inspection) {
  RunFilter filter;
  filter.app = arguments.app;
  filter.owner = arguments.owner;
  filter.after = arguments.after;
  filter.limit = arguments.limit;
  filter.jobs = arguments.command == "jobs";
  if (!arguments.status.empty()) filter.status = status_named(arguments.status);
  const Result<std::vector<plenum::Run>> runs = inspection.runs(filter);
  if (!runs) return complain(arguments.command, runs.error());
  if (arguments.format == "json") {
    Json all = Json::array();
    for (const plenum::Run& run : *runs) all.push_back(about(run));
    print(all);
    return 0;
  }
  if (runs->empty()) fprintf(stderr, "no %s\n", arguments.command.c_str());
  if (!runs->empty())
    printf("%-35s %-10s %-24s %-24s %9s  %s\n", "id", "status", "graph", "created", "USD", "");
  for (const plenum::Run& run : *runs)
    printf("%-35s %-10s %-24s %-24s %9.4f  %s\n", run.id.c_str(), name(run.status),
           (run.owner.app + "." + run.graph).c_str(), rfc3339(run.created_at).c_str(), run.cost_usd,
           note(run).c_str());
  if (static_cast<int>(runs->size()) == arguments.limit)
    fprintf(stderr, "older ones: --after %s\n", runs->back().id.c_str());
  return 0;
}

// A run with its nodes and what was asked of the world for them.
struct Story {
  plenum::Run run;
  std::vector<StepRow> steps;
  std::vector<EffectRow> effects;
};

Result<Story> story_of(Inspection& inspection, const std::string& id) {
  Story story{TRY(inspection.run(id)), {}, {}};
  story.steps = TRY(inspection.steps(story.run));
  story.effects = TRY(inspection.effects(story.run));
  return story;
}

Json as_json(const Story& story, bool state) {
  Json json = about(story.run);
  Json nodes = Json::array(), effects = Json::array();
  for (const StepRow& step : story.steps) {
    nodes.push_back(Json{{"path", step.path},
                         {"status", step.status},
                         {"attempts", step.attempts},
                         {"started_at", when(step.started_at)},
                         {"finished_at", when(step.finished_at)}});
    if (state) nodes.back()["result"] = stored(step.result);
  }
  for (const EffectRow& effect : story.effects)
    effects.push_back(Json{{"call", effect.call},
                           {"sent", effect.sent},
                           {"kind", effect.kind},
                           {"path", effect.path},
                           {"status", name(effect.status)},
                           {"error", effect.error.empty() ? Json() : Json(effect.error)},
                           {"cost_usd", effect.cost_usd},
                           {"reserved_usd", effect.reserved_usd},
                           {"input_tokens", effect.input_tokens},
                           {"output_tokens", effect.output_tokens},
                           {"cached_tokens", effect.cached_tokens},
                           {"started_at", when(effect.started_at)},
                           {"ended_at", when(effect.ended_at)}});
  json["nodes"] = std::move(nodes);
  json["effects"] = std::move(effects);
  json["models"] = node_costs(story.effects);
  if (!state) return json;
  json["state"] = stored(story.run.state);
  json["returned"] = stored(story.run.returned);
  json["output"] = stored(story.run.output);
  return json;
}

void line(const char* what, const std::string& text) {
  if (!text.empty()) printf("%-10s %s\n", what, text.c_str());
}

void print_story(const Story& story) {
  const plenum::Run& run = story.run;
  const Json error = stored(run.error);
  line(run.job ? "job" : "run", run.id);
  line("status", name(run.status) + (note(run).empty() ? "" : ", " + note(run)));
  line("error", text_or(error, "message"));
  line("node", text_or(error, "node"));
  line("app", run.owner.app + "." + run.graph + ", by " + run.route);
  line("owner", run.owner.owner);
  line("thread", run.thread);
  line("created", rfc3339(run.created_at));
  line("started", run.started_at ? rfc3339(run.started_at) : "");
  line("finished", run.finished_at ? rfc3339(run.finished_at) + ", after " +
                                         seconds(run.created_at, run.finished_at)
                                   : "");
  line("deadline", run.deadline && !is_final(run.status) ? rfc3339(run.deadline) : "");
  line("rescues", run.rescues ? std::to_string(run.rescues) : "");
  char cost[32];
  snprintf(cost, sizeof cost, "%.6f USD", run.cost_usd);
  line("cost", cost);
  if (!story.steps.empty()) printf("\n%-32s %-8s %12s  %s\n", "node", "status", "time", "attempts");
  for (const StepRow& step : story.steps)
    printf("%-32s %-8s %12s  %d\n", step.path.c_str(), step.status.c_str(),
           seconds(step.started_at, step.finished_at).c_str(), step.attempts);
  if (!story.effects.empty())
    printf("\n%-4s %-4s %-8s %-22s %-10s %12s %11s\n", "call", "sent", "effect", "node", "status",
           "time", "USD");
  for (const EffectRow& effect : story.effects)
    printf("%-4llu %-4d %-8s %-22s %-10s %12s %11.6f  %s\n",
           static_cast<unsigned long long>(effect.call), effect.sent, effect.kind.c_str(),
           effect.path.c_str(), name(effect.status),
           seconds(effect.started_at, effect.ended_at).c_str(), effect.cost_usd,
           effect.error.c_str());
  print_node_costs(story.effects);
}

int show(const Arguments& arguments, Inspection& inspection) {
  const Result<Story> story = story_of(inspection, arguments.ids.at(0));
  if (!story) {
    const int status = complain(arguments.command, story.error());
    return story.error().kind == Kind::not_found ? kRefused : status;
  }
  if (arguments.format == "json" || arguments.state)
    print(as_json(*story, arguments.state));
  else
    print_story(*story);
  return 0;
}

// Every id is tried; the status tells whether all of them were changed.
int change(const Arguments& arguments, const std::string& act, const DataFolder& folder,
           Inspection& inspection) {
  std::vector<std::string> ids = arguments.ids;
  if (arguments.all) {
    RunFilter paused{
        arguments.app, arguments.owner, RunStatus::paused, arguments.command == "jobs", {},
        1'000'000};
    const Result<std::vector<plenum::Run>> runs = inspection.runs(paused);
    if (!runs) return complain(arguments.command, runs.error());
    for (const plenum::Run& run : *runs) ids.push_back(run.id);
  }
  if (ids.empty() && !arguments.all)
    return complain(arguments.command, "name at least one to " + act);
  int status = 0;
  for (const std::string& id : ids) {
    const Result<plenum::Run> run = inspection.run(id);
    const Result<std::string> changed =
        run ? change_run(folder, *run, act) : Result<std::string>(tl::unexpected(run.error()));
    if (changed) {
      printf("%s %s\n", id.c_str(), changed->c_str());
      continue;
    }
    complain(arguments.command, changed.error().message);
    const Kind kind = changed.error().kind;
    const bool refused = kind == Kind::not_found ||
                         (kind == Kind::conflict && changed.error().code == "wrong_status");
    status = std::max(status, refused ? kRefused : kUnusable);
  }
  return status;
}

int run(const Arguments& arguments, const std::string& verb) {
  const Result<DataFolder> folder = data_folder(arguments.data);
  if (!folder) return complain(arguments.command, folder.error());
  const Result<std::unique_ptr<Inspection>> inspection = Inspection::open(folder->database());
  if (!inspection) return complain(arguments.command, inspection.error());
  if (verb == "list") return list(arguments, **inspection);
  if (verb == "show") return show(arguments, **inspection);
  if (verb == "costs") {
    CostsQuestion question = arguments.costs;
    question.app = arguments.app;
    question.owner = arguments.owner;
    question.json = arguments.format == "json";
    return print_costs(question, **inspection, SystemClock().now());
  }
  return change(arguments, verb, *folder, **inspection);
}

CLI::App* verb(CLI::App& family, const std::shared_ptr<Arguments>& arguments, Run& run_command,
               const std::string& name, const std::string& help) {
  CLI::App* command = family.add_subcommand(name, help);
  add_data_options(*command, arguments->data);
  command->callback([arguments, name, &run_command] {
    run_command = [arguments, name] { return run(*arguments, name); };
  });
  return command;
}

void add_format(CLI::App& command, Arguments& arguments) {
  command.add_option("--format", arguments.format, "human or json")
      ->check(CLI::IsMember({"human", "json"}));
}

void add_scope(CLI::App& command, Arguments& arguments) {
  command.add_option("--app", arguments.app, "Only of this app");
  command.add_option("--owner", arguments.owner, "Only of this owner");
}

void add_family(CLI::App& app, Run& run_command, const std::string& name, const std::string& help) {
  CLI::App* family = app.add_subcommand(
      name, help + "; exit 0 done, 1 refused, 2 bad usage, 3 the data cannot be used");
  family->require_subcommand(1);
  auto arguments = std::make_shared<Arguments>();
  arguments->command = name;
  CLI::App* list = verb(*family, arguments, run_command, "list", "The newest first");
  add_scope(*list, *arguments);
  add_format(*list, *arguments);
  std::vector<std::string> words;
  for (const RunStatus status : kStatuses) words.emplace_back(plenum::name(status));
  list->add_option("--status", arguments->status, "Only with this status")
      ->check(CLI::IsMember(words));
  list->add_option("--limit", arguments->limit, "At most so many")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  list->add_option("--after", arguments->after, "Those before this one, which a list ended with");
  CLI::App* show = verb(*family, arguments, run_command, "show",
                        "One with its nodes, its effects and what it cost");
  show->add_option("id", arguments->ids, "Its id")->required()->expected(1);
  show->add_flag("--state", arguments->state,
                 "As JSON with its state, results and output, which are its user's");
  add_format(*show, *arguments);
  if (name == "runs") {
    CLI::App* costs = verb(*family, arguments, run_command, "costs",
                           "What model calls cost, by day, app or user; kept for 400 days");
    add_scope(*costs, *arguments);
    add_format(*costs, *arguments);
    costs->add_option("--by", arguments->costs.by, "day, app or user")
        ->check(CLI::IsMember({"day", "app", "user"}))
        ->capture_default_str();
    costs->add_option("--days", arguments->costs.days, "Today (UTC) and those before, together")
        ->check(CLI::Range(1, 400))
        ->capture_default_str();
  }
  for (const auto& [act, does] :
       {std::pair("cancel", "Ends them; what is under way is aborted"),
        std::pair("retry", "Tries failed ones again from the node that failed"),
        std::pair("pause", "Holds queued and waiting ones until they are resumed"),
        std::pair("resume", "Lets paused ones go on, as after a restore")}) {
    CLI::App* command = verb(*family, arguments, run_command, act, does);
    command->add_option("id", arguments->ids, "Their ids");
    if (std::string_view(act) != "resume") continue;
    command->add_flag("--all", arguments->all, "All that are paused");
    add_scope(*command, *arguments);
  }
}

}  // namespace

void add_runs(CLI::App& app, Run& run_command) {
  add_family(app, run_command, "runs", "The runs of a server: list, show, cancel, retry");
  add_family(app, run_command, "jobs", "The same for jobs alone");
}

}  // namespace plenum::tools
