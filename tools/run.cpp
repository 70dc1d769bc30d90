// plenum run: one run on the terminal, with live progress, on data of its own.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <future>
#include <nlohmann/json.hpp>

#include "tools/app_file.h"
#include "tools/command.h"
#include "tools/scratch.h"
#include "tools/settings.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

struct Arguments {
  std::string root = ".", app, graph, input, user = "dev", plan = "free";
  std::vector<std::string> answers;
};

// What happens, a line each, on standard error; the result alone goes to standard output.
EventSink progress() {
  EventSink sink;
  sink.take = [](const EventRow& event, bool last) {
    const Result<Json> data = parse_json(event.data);
    const Json none = Json::object();
    const Json& seen = data ? *data : none;
    if (event.type == "node.started") fprintf(stderr, "  %s …\n", text_or(seen, "node").c_str());
    if (event.type == "node.progress") {
      const Json* percent = find(seen, "percent");
      fprintf(stderr, "  %s %% %s\n", percent ? to_text(*percent).c_str() : "?",
              text_or(seen, "message").c_str());
    }
    return !last;
  };
  return sink;
}

// The graph's checked input, with its defaults; a sentence when it does not fit.
Result<Json> checked(const app::Graph& graph, Json input) {
  for (const app::Field& field : graph.input)
    if (field.type.file)
      return fail(Kind::invalid, "graph " + quote(graph.name) + " takes the file " +
                                     quote(field.name) + ": serve the app and upload it there");
  const schema::Schema& schema = graph.input_schema;
  input = schema.with_defaults(std::move(input));
  std::string wrong;
  for (const Violation& violation : schema.validate(input))
    wrong += (wrong.empty() ? "" : "; ") +
             (violation.pointer.empty() ? "" : violation.pointer + ": ") + violation.message;
  if (!wrong.empty())
    return fail(Kind::invalid, "the input does not fit graph " + quote(graph.name) + ": " + wrong);
  return input;
}

class Terminal {
 public:
  Terminal(Engine& engine, std::shared_ptr<const app::App> app, const Arguments& arguments)
      : engine_(engine), app_(std::move(app)), arguments_(arguments) {
    caller_.owner = arguments.user;
    caller_.plan = arguments.plan;
    caller_.user = Json{{"id", arguments.user}, {"plan", arguments.plan}};
  }

  int run(Json input) {
    app::Route route;
    route.method = "RUN";
    route.path = "/" + arguments_.graph;
    route.graph = arguments_.graph;
    StartOptions options;
    options.id = engine_.new_run_id(false);
    options.events = progress();
    Result<RunView> view = wait([&](OnRun done) {
      engine_.start(app_, route, caller_, std::move(input), std::move(options), std::move(done));
    });
    for (const std::string& text : arguments_.answers) {
      if (!view || view->status != RunStatus::waiting) break;
      const Result<Json> answer = data_argument(text);
      if (!answer) return complain("run", "--answer: " + answer.error().message);
      route.does = app::Route::Does::resume;
      route.interrupt = view->at;
      ResumeOptions more;
      more.events = progress();
      view = wait([&](OnRun done) {
        engine_.resume(app_, route, caller_, view->id, *answer, std::move(more), std::move(done));
      });
    }
    return show(view);
  }

 private:
  template <typename Ask>
  static Result<RunView> wait(Ask ask) {
    std::promise<Result<RunView>> promise;
    ask([&](Result<RunView> view) { promise.set_value(std::move(view)); });
    return promise.get_future().get();
  }

  static int show(const Result<RunView>& view) {
    if (!view || view->error) {
      const Error& error = view ? *view->error : view.error();
      std::string more;
      for (const Violation& v : error.violations) more += "\n  " + v.pointer + " " + v.message;
      fprintf(stderr, "failed: %s: %s%s\n", error.stable_code().c_str(), error.message.c_str(),
              more.c_str());
      return 1;
    }
    printf("%s\n", view->output.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    if (view->model == "offline")
      fprintf(stderr, "the model was offline: its answers are made up\n");
    fprintf(stderr, "cost: %.4f USD\n", view->cost_usd);
    if (view->status != RunStatus::waiting) return 0;
    fprintf(stderr, "it waits at %s: go on with --answer '{…}'\n", quote(view->at).c_str());
    return 3;
  }

  Engine& engine_;
  const std::shared_ptr<const app::App> app_;
  const Arguments& arguments_;
  Caller caller_;
};

int run(const Arguments& arguments) {
  const auto file = open_app("run", arguments.root, arguments.app);
  if (!file) return 2;
  const std::shared_ptr<const app::App> app = file->linted.app;
  const auto graph = app->graphs.find(arguments.graph);
  if (graph == app->graphs.end()) {
    std::vector<std::string> known;
    for (const auto& [name, is] : app->graphs) known.push_back(name);
    return complain("run", "app " + quote(app->name) + " has no graph " + quote(arguments.graph) +
                               "; it has " + any_of(known));
  }
  const Result<Json> given = data_argument(arguments.input);
  if (!given) return complain("run", "--input: " + given.error().message);
  Result<Json> input = checked(graph->second, *given);
  if (!input) return complain("run", input.error().message);
  Result<server::ServeOptions> settings = read_settings(arguments.root);
  if (!settings) return complain("run", settings.error().message);
  const Scratch scratch;
  settings->engine.data = scratch.path;
  settings->engine.extract_helper = extract_helper();
  spdlog::set_level(spdlog::level::off);
  const Result<std::unique_ptr<Engine>> engine = Engine::open(settings->engine);
  if (!engine) return complain("run", engine.error().message);
  return Terminal(**engine, app, arguments).run(*std::move(input));
}

}  // namespace

void add_run(CLI::App& app, Run& run_command) {
  CLI::App* command = app.add_subcommand(
      "run",
      "One run of a graph on the terminal, kept nowhere; exit 0 completed, 1 failed, 2 bad usage, "
      "3 it waits");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("app", arguments->app, "An app by name or file")->required();
  command->add_option("graph", arguments->graph, "One of its graphs")->required();
  command->add_option("--input", arguments->input, "A JSON object, or the file of one");
  command->add_option("--answer", arguments->answers,
                      "What an interrupt is answered; may be repeated");
  command->add_option("--user", arguments->user, "Who `user.id` is")->capture_default_str();
  command->add_option("--plan", arguments->plan, "… and `user.plan`")->capture_default_str();
  command->add_option("--root", arguments->root, "The folder that holds apps.d/")
      ->capture_default_str();
  command->callback(
      [arguments, &run_command] { run_command = [arguments] { return run(*arguments); }; });
}

}  // namespace plenum::tools
