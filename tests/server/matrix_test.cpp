// Who reaches what: every route of every app that comes with the project, for ten kinds of callers.
//
// The rows are made from the route table, so a new route has none until somebody has looked at it:
// UPDATE_GOLDEN=1 writes them, review reads the difference.  What no route may ever do is checked
// here as well, whatever the page says.
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <sstream>

#include "engine/catalog.h"
#include "engine/llm/provider.h"
#include "server/keys.h"
#include "server/local.h"
#include "tests/auth/judging.h"
#include "tools/testing/stage.h"

using namespace plenum;
using namespace plenum::server;

namespace {

const std::string kPage = SOURCE_ROOT "/tests/golden/access/matrix.txt";

std::string read(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The two products, the examples, and the tests' own app, which has what those lack.
std::shared_ptr<const Catalog> everything() {
  auto all = std::make_shared<Catalog>();
  const Granted granted{{"gemini", "openai", "anthropic", "offline"}, nullptr, true};
  for (const char* root : {SOURCE_ROOT, SOURCE_ROOT "/examples"}) {
    const auto some = load_catalog(*app::disk_files(root), "apps.d", granted, nullptr);
    for (const auto& [name, app] : some->apps) all->apps[name] = app;
    CHECK(some->refused.empty());
  }
  const auto probe =
      load_catalog(*app::disk_files(SOURCE_ROOT "/tests"), "blackbox", granted, nullptr);
  for (const auto& [name, app] : probe->apps) all->apps[name] = app;
  CHECK(all->apps.contains("probe"));
  return all;
}

struct Asked {
  std::string method, path, body = {};
  front::Headers headers = {};
};

// A server in this process, whose issuers' keys are the test's.
class World {
 public:
  World() {
    auto stage = std::make_shared<Stage>();
    stage->clock = clock_;
    stage->script = std::make_shared<testing::Replies>();  // no model answers: runs fail, and exist
    stage->catalog = everything();
    stage->hold = [activity = activity_] { return activity->hold(); };
    Settings settings;
    settings.stage = std::move(stage);
    engine_ = Engine::open(std::move(settings)).value();
    keys_.at_once = [](const http::Request&) {
      return auth::test::answer(auth::test::set_of({auth::test::rsa_key().published("one")}));
    };
    auth::Issuer issuer = auth::test::plain_issuer(), other = issuer;
    issuer.roles_claim = "roles";
    issuer.plan_claim = "plan";
    other.url = "https://elsewhere.test";
    AccessRules rules{true};
    rules.sign_in =
        auth::SignIn::open(auth::Issuers{{issuer}, {{"elsewhere", {other}}}}, keys_.world(*clock_));
    site_ = std::make_unique<Site>(*engine_, std::move(rules));
    site_->set_table(std::make_shared<const Table>(engine_->catalog()));
    engine_->serve();
  }

  const Table& table() const { return *site_->table(); }

  front::Response call(const Asked& asked, front::Headers credentials) {
    front::Request request;
    request.method = asked.method;
    request.path = request.target = asked.path;
    request.peer = "192.0.2.7";
    request.headers = std::move(credentials);
    request.headers.emplace_back("content-type", "application/json");
    for (const auto& header : asked.headers) request.headers.push_back(header);
    request.body = asked.body;
    std::promise<front::Response> promise;
    server::call(*site_, std::move(request),
                 [&](front::Response response) { promise.set_value(std::move(response)); });
    return promise.get_future().get();
  }

  // Until what was asked for has happened.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      std::promise<void> done;
      engine_->find({"", ""}, "run_none", [&](Result<RunView>) { done.set_value(); });
      done.get_future().wait();
      activity_->wait();
    }
  }

  Json claims(const std::string& subject) const {
    Json claims = auth::test::good_claims();
    claims["sub"] = subject;
    claims["iat"] = clock_->now() / 1000;
    claims["exp"] = clock_->now() / 1000 + 3600;
    return claims;
  }

  // Of another app's; the app of that name is served nowhere.
  std::string key_of_another_app() {
    ApiKey row;
    row.id = new_id("apikey");
    row.app = "elsewhere";
    row.user = row.owner = "program";
    row.plan = "pro";
    const std::string key = new_key();
    hide(key, row);
    std::promise<void> done;
    engine_->put_api_key(row, {"test"}, [&](Result<> made) {
      CHECK(made);
      done.set_value();
    });
    done.get_future().wait();
    return key;
  }

 private:
  std::shared_ptr<testing::TestClock> clock_ = std::make_shared<testing::TestClock>();
  std::shared_ptr<testing::Activity> activity_ = std::make_shared<testing::Activity>();
  auth::test::KeyServer keys_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Site> site_;
};

front::Headers bearer(const std::string& token) {
  return {{"authorization", "Bearer " + token}};
}
std::string signed_token(const Json& claims) {
  return auth::test::token(auth::test::rsa_key(), auth::test::good_header(), claims);
}

// A caller of one app: who they are, and what they carry.
struct Identity {
  const char* name;
  front::Headers credentials;
};

std::vector<std::string> roles_of(const app::App& app) {
  std::vector<std::string> roles;
  for (const app::Route& route : app.routes)
    for (const auto* more : {&route.roles, &route.answers})
      roles.insert(roles.end(), more->begin(), more->end());
  return roles;
}

std::vector<Identity> identities(World& world, const Endpoint& endpoint, const std::string& key) {
  const bool planned = endpoint.route && !endpoint.route->plans.empty();
  const std::string plan = planned ? endpoint.route->plans.front() : "pro";
  const auto who = [&](const char* subject, bool roles, const std::string& with) {
    Json claims = world.claims(subject);
    if (roles && endpoint.app) claims["roles"] = roles_of(*endpoint.app);
    claims["plan"] = with;
    return claims;
  };
  Json expired = who("owner", true, plan), elsewhere = expired;
  expired["exp"] = expired["iat"];
  elsewhere["iss"] = "https://elsewhere.test";
  std::string forged = signed_token(who("owner", true, plan));
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  return {{"nobody", {}},
          {"forged", bearer(forged)},
          {"expired", bearer(signed_token(expired))},
          {"elsewhere", bearer(signed_token(elsewhere))},
          {"foreign-key", {{"x-api-key", key}}},
          {"stranger", bearer(signed_token(who("stranger", false, plan)))},
          {"reviewer", bearer(signed_token(who("reviewer", true, plan)))},
          {"no-role", bearer(signed_token(who("owner", false, plan)))},
          {"no-plan", bearer(signed_token(who("owner", true, "none")))},
          {"owner", bearer(signed_token(who("owner", true, plan)))}};
}

bool is_run_page(const Endpoint& endpoint) {
  using Does = Endpoint::Does;
  return endpoint.does >= Does::run_status && endpoint.does <= Does::run_cancel;
}

// A run of the owner's, of the first route that a body alone can start; "": there is none.
std::string owners_run(World& world, const std::shared_ptr<const app::App>& app,
                       const front::Headers& credentials, const std::string& graph) {
  for (const app::Route& route : app->routes) {
    if (route.does != app::Route::Does::start || !route.uploads.empty() ||
        route.auth != app::Route::Auth::required || (!graph.empty() && route.graph != graph))
      continue;
    const Json body = llm::example_of(app->graphs.at(route.graph).input_schema.json());
    const front::Response started = world.call({route.method,
                                                "/api/v1/" + app->name + route.path,
                                                to_text(body),
                                                {{"prefer", "respond-async"}}},
                                               credentials);
    INFO(app->name << " " << route.key() << " " << started.body);
    CHECK(started.status == 202);
    world.settle();
    return text_or(parse_json(started.body).value(), "job_id");
  }
  return "";
}

std::string with_id(std::string path, const std::string& id) {
  const size_t at = path.find("{id}");
  if (at != std::string::npos) path.replace(at, 4, id);
  return path;
}

// Whether they got past the gate; what became of it inside is other tests' matter.
std::string reached(const front::Response& answer) {
  for (const int gate : {401, 402, 403, 404, 429})
    if (answer.status == gate) return std::to_string(gate);
  return "in";
}

std::string padded(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

bool may_be_open(const Endpoint& endpoint) {
  using Auth = app::Route::Auth;
  using Does = Endpoint::Does;
  if (!endpoint.app) return true;
  if (endpoint.route) return endpoint.route->auth != Auth::required;
  return endpoint.does == Does::openapi || endpoint.does == Does::docs ||
         endpoint.does == Does::file ||
         (is_run_page(endpoint) && has_anonymous_runs(*endpoint.app));
}

}  // namespace

TEST_CASE("every route of every app lets in whom its row says", "[server]") {
  World world;
  const std::string key = world.key_of_another_app();
  std::map<std::string, std::string> runs;
  std::string page = padded("", 46);
  std::vector<std::pair<std::string, const Endpoint*>> routes = world.table().all();
  // What ends a run comes after what looks at it.
  std::stable_partition(routes.begin(), routes.end(), [](const auto& route) {
    return route.second->does != Endpoint::Does::run_cancel;
  });
  for (const Identity& identity : identities(world, *routes[0].second, key))
    page += padded(identity.name, 12);
  page += "\n";
  for (const auto& [name, endpoint] : routes) {
    INFO(name);
    const size_t space = name.find(' ');
    const std::vector<Identity> callers = identities(world, *endpoint, key);
    std::string row = padded(name, 46), id = "row_none";
    if (endpoint->app) {
      const bool answers = endpoint->route && endpoint->route->does == app::Route::Does::resume;
      const std::string graph = answers ? endpoint->route->graph : "";
      const std::string which = endpoint->app->name + "/" + graph;
      if (!runs.contains(which))
        runs[which] = owners_run(world, endpoint->app, callers.back().credentials, graph);
      if (is_run_page(*endpoint) || answers) id = runs[which];
    }
    for (const Identity& identity : callers) {
      INFO(identity.name);
      const std::string body = Json{{"run_id", id}}.dump();
      const front::Response answer = world.call(
          {name.substr(0, space), with_id(name.substr(space + 1), id), body}, identity.credentials);
      INFO(answer.body);
      row += padded(reached(answer), 12);
      // What became of a run that no model answered is shown to its owner.
      const bool shown = answer.body.find("\"no_reply\"") != std::string::npos;
      CHECK((answer.status < 500 || shown));
      const std::string_view who = identity.name;
      const bool nobody = who == "nobody" || who == "forged" || who == "expired" ||
                          who == "elsewhere" || who == "foreign-key";
      if (nobody && !may_be_open(*endpoint)) CHECK(answer.status == 401);
      if (who != "nobody" && nobody && endpoint->route) CHECK(answer.status == 401);
      if ((who == "stranger" || who == "reviewer") && is_run_page(*endpoint))
        CHECK(answer.status == 404);
      if (endpoint->route && !endpoint->route->roles.empty() && who == "no-role")
        CHECK(answer.status == 403);
      if (endpoint->route && !endpoint->route->plans.empty() && who == "no-plan")
        CHECK(answer.status == 402);
    }
    page += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  if (const char* update = std::getenv("UPDATE_GOLDEN"); update && *update == '1') {
    mkdir((SOURCE_ROOT "/tests/golden/access"), 0755);
    std::ofstream(kPage) << page;
  }
  CHECK(page == read(kPage));
}

TEST_CASE("every route answers with the headers that keep a browser safe", "[server]") {
  World world;
  for (const auto& [name, endpoint] : world.table().all()) {
    INFO(name);
    const size_t space = name.find(' ');
    for (const Identity& identity : identities(world, *endpoint, "plenum_key_none")) {
      const front::Response answer =
          world.call({name.substr(0, space), with_id(name.substr(space + 1), "x"), "{}"},
                     identity.credentials);
      std::map<std::string, std::string> headers;
      for (const auto& [header, value] : answer.headers) {
        CHECK_FALSE(headers.contains(header));  // each once
        headers[header] = value;
      }
      CHECK(headers["X-Content-Type-Options"] == "nosniff");
      CHECK(headers["Referrer-Policy"] == "no-referrer");
      CHECK(headers["Content-Security-Policy"].find("frame-ancestors 'none'") != std::string::npos);
      CHECK(headers["Cache-Control"].find("no-store") != std::string::npos);
      CHECK(is_id(headers["X-Request-Id"], "req"));
      CHECK_FALSE(headers.contains("Access-Control-Allow-Origin"));
      CHECK_FALSE(headers.contains("Server"));
    }
  }
}
