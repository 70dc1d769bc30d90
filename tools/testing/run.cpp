// One case: an engine on a clock that stands still, its steps called as a client would call them.
//
// A step is over when nothing is under way any more: jobs included, and retries, whose waits the
// clock skips.  So the next step finds what a patient client would.
#include "tools/testing/run.h"

#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>

#include "server/local.h"
#include "tools/testing/expect.h"
#include "tools/testing/request.h"
#include "tools/testing/stage.h"

namespace plenum::testing {

namespace {

constexpr milliseconds kLongestPause{60'000};
constexpr int kMostWakes = 20'000;  // of the clock in one step: more is a run that never ends

// The app, served in this process.
class World {
 public:
  World(const std::shared_ptr<const app::App>& app, const RunOptions& options) {
    auto catalog = std::make_shared<Catalog>();
    catalog->apps[app->name] = app;
    auto stage = std::make_shared<Stage>();
    stage->clock = clock;
    stage->script = replies;
    stage->catalog = catalog;
    stage->hold = [activity = activity_] { return activity->hold(); };
    Settings settings;
    settings.data = options.scratch;
    settings.extract_helper = options.extract_helper;
    settings.stage = std::move(stage);
    if (options.record) record(*options.record, settings);
    Result<std::unique_ptr<Engine>> engine = Engine::open(std::move(settings));
    if (!engine) {
      refused = engine.error().message;
      return;
    }
    this->engine = *std::move(engine);
    site = std::make_unique<server::Site>(*this->engine, server::AccessRules{true});
    site->set_table(std::make_shared<const server::Table>(this->engine->catalog()));
    this->engine->serve();
  }

  // The answer once everything that follows from the request has happened; nullopt: there came
  // none.
  std::optional<front::Response> call(front::Request request) {
    auto answer = std::make_shared<std::promise<front::Response>>();
    std::future<front::Response> future = answer->get_future();
    server::call(*site, std::move(request),
                 [answer](front::Response response) { answer->set_value(std::move(response)); });
    const auto answered = [&] {
      return future.wait_for(milliseconds(0)) == std::future_status::ready;
    };
    for (int i = 0; i < kMostWakes; ++i) {
      settle();
      if (answered() && engine->load().live_runs == 0) return future.get();
      if (!skip_wait()) break;
    }
    if (answered()) return future.get();
    return std::nullopt;
  }

  void advance(milliseconds by) {
    settle();
    clock->advance(by);
    for (int i = 0; i < kMostWakes; ++i) {
      settle();
      if (engine->load().live_runs == 0 || !skip_wait()) return;
    }
  }

  template <typename T, typename Ask>
  T wait(Ask ask) {
    std::promise<T> promise;
    ask([&](T value) { promise.set_value(std::move(value)); });
    return promise.get_future().get();
  }

  std::string refused;  // why there is no engine
  std::shared_ptr<TestClock> clock = std::make_shared<TestClock>();
  std::shared_ptr<Replies> replies = std::make_shared<Replies>();

 private:
  std::shared_ptr<Activity> activity_ = std::make_shared<Activity>();

 public:
  std::unique_ptr<Engine> engine;
  std::unique_ptr<server::Site> site;

 private:
  void record(const RecordOptions& options, Settings& settings) {
    settings.providers = options.providers;
    std::set<std::string> known = {"offline"};
    for (const auto& [name, access] : options.providers) known.insert(name);
    replies->record(std::move(known));
  }

  // Waits are skipped, but for those that a real model asked for.  False: there is none.
  bool skip_wait() {
    const auto next = clock->next();
    if (!next) return false;
    if (replies->take_waited())  // nothing but time will pass
      std::promise<void>().get_future().wait_for(std::min<milliseconds>(*next, kLongestPause));
    clock->advance(*next);
    return true;
  }

  // What was posted to the engine before the question has happened when the answer comes; what that
  // began holds a token.
  void settle() {
    wait<Result<RunView>>([&](auto done) { engine->find({"", ""}, "run_none", done); });
    activity_->wait();
    wait<Result<RunView>>([&](auto done) { engine->find({"", ""}, "run_none", done); });
    activity_->wait();
  }
};

// Values of a step: what `{{…}}` and `=` see.
Json names_of(const app::App& app, const app::TestCase& test, const Json& last, Millis now) {
  Json names{{"user", {{"id", test.user}, {"plan", test.plan}, {"roles", test.roles}}},
             {"env", *app.env},
             {"now", rfc3339(now)}};
  if (!last.is_null()) names["last"] = last;
  return names;
}

Json seen(const front::Response& response) {
  Json headers = Json::object();
  for (auto [name, value] : response.headers) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return tolower(c); });
    headers[name] = value;
  }
  Result<Json> body = parse_json(response.body, kOwnJson);
  return Json{{"status", response.status},
              {"headers", std::move(headers)},
              {"body", body ? *std::move(body) : Json(response.body)}};
}

class Case {
 public:
  Case(const std::shared_ptr<const app::App>& app, const app::TestCase& test, World& world,
       Reached& reached, Recorder* recorder)
      : app_(*app), test_(test), world_(world), reached_(reached), recorder_(recorder) {}

  std::vector<std::string> run() {
    for (size_t i = 0; i < test_.steps.size() && failures_.empty(); ++i) {
      step_ = i + 1;
      run_step(test_.steps[i]);
    }
    note_runs();
    return std::move(failures_);
  }

 private:
  void run_step(const app::TestStep& step) {
    const Json names = names_of(app_, test_, last_, world_.clock->now());
    const Result<> ready = set_replies(step, ObjectScope(names));
    if (!ready) return fail_at(step.span, ready.error());
    if (step.after.count() > 0) world_.advance(step.after);
    Result<front::Request> request = request_of(
        app_, test_, step, ObjectScope(names_of(app_, test_, last_, world_.clock->now())));
    if (!request) return fail_at(step.span, request.error());
    const server::Match match = world_.site->table()->find(request->method, request->path);
    if (match.endpoint && match.endpoint->route)
      reached_.routes.insert(match.endpoint->route->key());
    const std::optional<front::Response> response = world_.call(*std::move(request));
    for (const std::string& missing : world_.replies->take_missing())
      fail_at(step.span,
              missing + "\n  help: add it: replies: {…: a value or a file under fixtures/}");
    const std::vector<std::string> broken = world_.replies->take_failures();
    if (!response) return fail_at(step.span, "the call was never answered");
    if (recorder_) record(step);
    Json answer = seen(*response);
    Json scope = names_of(app_, test_, last_, world_.clock->now());
    scope["response"] = answer;
    if (failures_.empty()) expect(step, scope, broken);
    last_ = std::move(answer);
  }

  void record(const app::TestStep& step) {
    for (const std::string& sentence : world_.replies->take_unheard()) fail_at(step.span, sentence);
    const Heard heard = world_.replies->take_heard();
    if (failures_.empty()) recorder_->keep(step, step_ - 1, heard);
  }

  Result<> set_replies(const app::TestStep& step, const Scope& scope) {
    std::map<std::string, Replies::Visits> all;
    for (const app::TestReplies& replies : step.replies) {
      Replies::Visits& visits = all[replies.node];
      visits.each = replies.each;
      visits.place = replies.span.place();
      for (const app::TestReply& reply : replies.visits) {
        const Json* recorded = recorder_ ? recorder_->recorded(reply.fixture) : nullptr;
        Scripted said{recorded ? *recorded : TRY(reply.value.in(scope))};
        visits.asks.push_back(recorder_ && recorder_->asks(replies, reply));
        if (reply.status) said.failure = failure(reply.status, std::move(said.value));
        visits.replies.push_back(std::move(said));
      }
    }
    world_.replies->set(std::move(all));
    return {};
  }

  static http::Response failure(int status, const Json& body) {
    http::Response response;
    response.status = status;
    response.headers = {{"content-type", "application/json"}};
    if (!body.is_null()) response.body = body.is_string() ? body.get<std::string>() : to_text(body);
    return response;
  }

  void expect(const app::TestStep& step, const Json& scope,
              const std::vector<std::string>& broken) {
    for (const app::Expr& expr : step.expect) {
      const std::string wrong = unmet(expr, scope, app::test_names(app_, true, last_.is_null()));
      if (!wrong.empty()) fail_at(expr.span, wrong);
    }
    if (failures_.empty()) return;
    std::string& last = failures_.back();
    last += "\n  the answer: " + brief(scope["response"]);
    for (const std::string& sentence : broken) last += "\n  " + sentence;
  }

  void fail_at(const Span& span, const std::string& what) {
    failures_.push_back(span.place() + ": step " + std::to_string(step_) + ": " + what);
  }
  void fail_at(const Span& span, const Error& error) {
    fail_at(span, error.message + (error.trail.empty() ? "" : " (" + error.trail + ")"));
  }

  // All runs of the case's user, for the coverage line.
  void note_runs() {
    const Result<Caller> caller = server::development_caller(app_.name, development_token(test_));
    if (caller) note_runs({app_.name, caller->owner});
    note_runs({app_.name, server::anonymous(app_.name).owner});
  }

  void note_runs(const Owner& owner) {
    Page page{100, ""};
    for (;;) {
      const auto runs = world_.wait<Result<std::vector<RunView>>>(
          [&](auto done) { world_.engine->runs(owner, page, done); });
      if (!runs || runs->empty()) return;
      for (const RunView& run : *runs) note_steps(owner, run);
      page.after = runs->back().id;
    }
  }

  void note_steps(const Owner& owner, const RunView& run) {
    const auto steps = world_.wait<Result<std::vector<StepRow>>>(
        [&](auto done) { world_.engine->steps(owner, run.id, done); });
    if (!steps) return;
    std::vector<Reached::Node>& nodes = reached_.runs.emplace_back();
    for (const StepRow& step : *steps)
      nodes.push_back({run.graph, plain_path(step.path), step.status});
    // What it waits at was reached, although it is not done.
    if (run.status == RunStatus::waiting)
      nodes.push_back({run.graph, plain_path(run.at), "waiting"});
  }

  const app::App& app_;
  const app::TestCase& test_;
  World& world_;
  Reached& reached_;
  Recorder* const recorder_;  // null: nothing is recorded
  size_t step_ = 0;
  Json last_;
  std::vector<std::string> failures_;
};

}  // namespace

AppResult run_tests(std::shared_ptr<const app::App> app, const app::Tests& tests,
                    const RunOptions& options) {
  AppResult result;
  result.app = app->name;
  Reached reached;
  std::optional<Recorder> recorder;
  if (options.record) recorder.emplace(app->name, *options.record);
  for (size_t i = 0; i < tests.cases.size(); ++i) {
    const app::TestCase& test = tests.cases[i];
    if (test.name.find(options.only) == std::string::npos) continue;
    const auto begun = std::chrono::steady_clock::now();
    CaseResult& done = result.cases.emplace_back();
    done.name = test.name;
    done.place = test.span.place();
    RunOptions own = options;
    own.scratch += "/" + app->name + "_" + std::to_string(result.cases.size());
    if (recorder) recorder->begin(i, test.name);
    World world(app, own);
    if (world.engine)
      done.failures = Case(app, test, world, reached, recorder ? &*recorder : nullptr).run();
    else
      done.failures = {done.place + ": " + world.refused};
    if (recorder) recorder->end(done.failures.empty());
    done.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }
  result.coverage = coverage(*app, reached);
  if (recorder) result.recording = recorder->take();
  return result;
}

}  // namespace plenum::testing
