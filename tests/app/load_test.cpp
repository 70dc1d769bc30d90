// Apps that load, and what they then hold.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "engine/app/json_place.h"
#include "tests/support/test_app.h"

using namespace plenum;

namespace {

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The project's own files, with other texts over them.
class OverFiles final : public app::Files {
 public:
  explicit OverFiles(std::map<std::string, std::string> over) : over_(std::move(over)) {}
  std::optional<std::string> read(const std::string& path) const override {
    if (const auto it = over_.find(path); it != over_.end()) return it->second;
    return disk_->read(path);
  }
  std::vector<std::string> list(const std::string& folder) const override {
    return disk_->list(folder);
  }

 private:
  std::map<std::string, std::string> over_;
  std::unique_ptr<app::Files> disk_ = app::disk_files(SOURCE_ROOT);
};

Loaded load_from(const app::Files& files, const std::string& path) {
  Report report;
  auto app = app::load_app(path, files, nodes::kinds(), report);
  return {std::move(app), findings(report), {}};
}

// The ```yaml blocks of a page.
std::vector<std::string> examples(const std::string& page) {
  std::vector<std::string> blocks;
  std::istringstream lines(page);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = line == "```yaml";
      if (inside) blocks.emplace_back();
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

const char* kSmall = R"(plenum: 1
app: small
models: {m: {use: gemini/gemini-3-flash-preview}}
graphs:
  main:
    input: {a: string}
    nodes: [{id: ask, llm: {model: m, prompt: prompts/small/a.md}}]
routes: {POST /go: {start: main}}
)";

}  // namespace

TEST_CASE("the two apps of the project load without a finding", "[app]") {
  for (const char* name : {"clearreply", "fitmycv"}) {
    const Loaded loaded =
        load_from(*app::disk_files(SOURCE_ROOT), "apps.d/" + std::string(name) + ".yaml");
    CHECK(loaded.said == "");
    REQUIRE(loaded.app);
    CHECK(loaded.app->name == name);
  }
}

TEST_CASE("ClearReply is what its file says", "[app]") {
  const auto app = load_from(*app::disk_files(SOURCE_ROOT), "apps.d/clearreply.yaml").app;
  REQUIRE(app);
  const app::Graph& graph = app->graphs.at("reply");
  REQUIRE(graph.nodes.nodes.size() == 3);
  CHECK(graph.nodes.nodes[0].sets_whole);
  CHECK(graph.nodes.nodes[1].kind == "interrupt");
  CHECK(graph.field("context")->type.optional);
  CHECK(graph.field("message")->required());
  REQUIRE(app->routes.size() == 2);
  CHECK(app->routes[0].key() == "POST /analyze");
  CHECK(app->routes[0].quota.at("free").count == 10);
  CHECK(app->routes[0].quota.at("free").period == std::chrono::hours(24));
  CHECK(app->routes[1].interrupt == "choose");
  CHECK(app->limits.cost_per_run == 0.02);
  CHECK(app->models.at("writer")->price.known);
}

TEST_CASE("every example of the language page loads, or says what is not supported yet", "[app]") {
  const std::string page = read(SOURCE_ROOT "/../shared/language.md");
  if (page.empty()) {
    WARN("language.md is not beside the project: skipped");
    return;
  }
  int whole = 0;
  for (const std::string& yaml : examples(page)) {
    const size_t at = yaml.find("\napp: ");
    if (yaml.find("plenum: 1") == std::string::npos || at == std::string::npos) continue;
    ++whole;
    const std::string name = yaml.substr(at + 6, yaml.find('\n', at + 6) - at - 6);
    const std::string path = "apps.d/" + name + ".yaml";
    CAPTURE(name);
    std::map<std::string, std::string> over{{path, yaml}};
    over["schemas/polish/review.json"] =
        R"({"type":"object","properties":{"score":{"type":"integer"}},"required":["score"]})";
    for (const char* file :
         {"polish/write", "polish/critique", "polish/revise", "digest/part", "digest/final"})
      over["prompts/" + std::string(file) + ".md"] = "Do it.";
    const Loaded loaded = load_from(OverFiles(over), path);
    std::istringstream lines(loaded.said);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("  help")) continue;
      CHECK_THAT(line, Catch::Contains("error[S109]") && Catch::Contains("not supported yet"));
    }
    CHECK(bool(loaded.app) == loaded.said.empty());
    if (name == "clearreply" || name == "fitmycv") CHECK(loaded.said == "");
  }
  CHECK(whole == 4);
}

TEST_CASE("the same files give the same hash, a changed one another", "[app]") {
  const auto hash = [](const std::string& yaml, const std::string& prompt) {
    return load(yaml, {{"prompts/small/a.md", prompt}}, "apps.d/small.yaml").app->hash;
  };
  const std::string first = hash(kSmall, "Hi {{a}}");
  CHECK(first.size() == 64);
  CHECK(hash(kSmall, "Hi {{a}}") == first);
  CHECK(hash(kSmall, "Hi  {{a}}") != first);
  CHECK(hash(std::string(kSmall) + "\n", "Hi {{a}}") != first);
  // A file that the app does not name does not count.
  CHECK(load(kSmall, {{"prompts/small/a.md", "Hi {{a}}"}, {"prompts/small/b.md", "x"}},
             "apps.d/small.yaml")
            .app->hash == first);
}

TEST_CASE("an app keeps the files that it was made from, and loads from them again", "[app]") {
  const auto app =
      load(kSmall, {{"prompts/small/a.md", "Hi {{a}}"}, {"other", "x"}}, "apps.d/small.yaml").app;
  REQUIRE(app);
  REQUIRE(app->files.size() == 2);
  Report report;
  const auto again =
      app::load_app("apps.d/small.yaml", app::MemoryFiles(app->files), nodes::kinds(), report);
  REQUIRE(again);
  CHECK(again->hash == app->hash);
}

TEST_CASE("a file that is not there is said so", "[app]") {
  CHECK(load_from(app::MemoryFiles({}), "apps.d/none.yaml").said ==
        "apps.d/none.yaml:1:1: error[R202]: no file `apps.d/none.yaml`, or it is larger than 1 "
        "MiB\n");
}

TEST_CASE("links that lead out of the project read as absent", "[app]") {
  const auto files = app::disk_files(SOURCE_ROOT "/apps.d");
  CHECK(files->read("clearreply.yaml"));
  CHECK(!files->read("../README.md"));
  CHECK(!files->read("/etc/passwd"));
  CHECK(!files->read("."));
  CHECK(files->list("..").empty());
}

TEST_CASE("access gives every route its options, a route's own come first", "[app]") {
  const auto app = test_app(R"(plenum: 1
app: test
access: {auth: optional, plans: [pro], quota: {free: 1/min, pro: 5/hour}}
graphs: {main: {nodes: []}}
routes:
  POST /a: {start: main}
  POST /b: {start: main, auth: required, plans: [team, pro], quota: 3/week}
  POST /c: {start: main, auth: public}
)");
  const app::Route& a = app->routes[0];
  CHECK(a.auth == app::Route::Auth::optional);
  CHECK(a.plans == std::vector<std::string>{"pro"});
  CHECK(a.quota.at("free").period == std::chrono::minutes(1));
  CHECK(a.quota.at("pro").count == 5);
  const app::Route& b = app->routes[1];
  CHECK(b.auth == app::Route::Auth::required);
  CHECK(b.plans == std::vector<std::string>{"team", "pro"});
  CHECK(b.quota.size() == 1);
  CHECK(b.quota.at("").period == std::chrono::hours(24 * 7));
  const app::Route& c = app->routes[2];
  CHECK(c.auth == app::Route::Auth::open);
  CHECK(c.plans.empty());  // nobody who calls it has one
}

TEST_CASE("amounts are read with their units", "[app]") {
  const auto app = test_app(R"(plenum: 1
app: test
limits: {cost_per_run: 0.5, steps: 7, timeout: 90s, state: 64KB}
collections: {c: {fields: {a: string}, ttl: 90d, expose: [list, get, delete]}}
graphs:
  main:
    input: {cv: file}
    nodes:
      - {id: a, timeout: 500ms, retry: {max: 4, wait: 250ms, factor: 1.5, on: timeout}, extract: {file: =cv}}
      - {id: b, extract: {file: =cv}}
routes:
  POST /a: {start: main, async: true, files: {cv: {accept: [jpg, pdf], max: 10MB}}, job: {concurrency: 3/user, priority: high, timeout: 2h, ttl: 7d}}
  GET /c: {read: c}
)");
  using namespace std::chrono;
  CHECK(app->limits.timeout == seconds(90));
  CHECK(app->limits.state_bytes == 64 << 10);
  CHECK(app->collections.at("c").ttl == hours(24 * 90));
  CHECK((app->collections.at("c").list && app->collections.at("c").get &&
         app->collections.at("c").remove));
  const app::NodeDef& node = app->graphs.at("main").nodes.nodes[0];
  CHECK(node.timeout == milliseconds(500));
  CHECK(app->graphs.at("main").nodes.nodes[1].timeout == seconds(60));
  CHECK(node.retry.max == 4);
  CHECK(node.retry.wait == milliseconds(250));
  CHECK(node.retry.factor == 1.5);
  CHECK((node.retry.timeout && !node.retry.rate_limit && !node.retry.server));
  const app::Route& route = app->routes[0];
  CHECK(route.async);
  CHECK(route.concurrency == 3);
  CHECK(route.priority == 1);
  CHECK(route.timeout == hours(2));
  CHECK(route.ttl == hours(24 * 7));
  CHECK(route.uploads[0].max_bytes == 10 << 20);
  CHECK(route.uploads[0].accept == std::vector<std::string>{"jpeg", "pdf"});
}

TEST_CASE("a fallback may be declared or named in place", "[app]") {
  const auto app = test_app(R"(plenum: 1
app: test
models:
  a: {use: gemini/gemini-3-flash-preview, temperature: 0.5, params: {x: 1}, fallback: [b, openai/gpt-5-mini]}
  b: {use: offline/any, temperature: 1}
graphs: {main: {nodes: []}}
routes: {POST /go: {start: main}}
)");
  const app::Model& a = *app->models.at("a");
  REQUIRE(a.fallback.size() == 2);
  CHECK(a.fallback[0]->provider == "offline");
  CHECK(a.fallback[0]->temperature == 1.0);
  CHECK(a.fallback[1]->model == "gpt-5-mini");
  CHECK(a.fallback[1]->temperature == 0.5);  // it stands in for `a`
  CHECK(!a.fallback[1]->params);             // but not with another vendor's settings
}

TEST_CASE("a model's price is the longest name's in the list; an unknown one is dear", "[app]") {
  CHECK(app::price_of("openai", "gpt-5-mini").output == 2.00);
  CHECK(app::price_of("openai", "gpt-5-mini-2026-01-01").output == 2.00);
  CHECK(app::price_of("openai", "gpt-5").output == 10.00);
  CHECK(!app::price_of("openai", "gpt-55").known);
  CHECK(!app::price_of("gemini", "gpt-5").known);
  CHECK(app::price_of("openai", "gpt-55").output >= 75);
  CHECK(app::price_of("offline", "anything").known);
}

TEST_CASE("expressions see env with its defaults", "[app]") {
  const auto app = test_app(R"(plenum: 1
app: test
env: {SENDER: {type: string, default: Ada}, MAX: {type: integer, default: 3}}
models: {m: {use: gemini/gemini-3-flash-preview}}
graphs:
  main:
    nodes: [{id: a, when: env.MAX > 2, llm: {model: m, system: "You are {{env.SENDER}}.", prompt: x}}]
routes: {POST /go: {start: main}}
)");
  CHECK(to_text(*app->env) == R"({"SENDER":"Ada","MAX":3})");
}

TEST_CASE("the place of a pointer in a JSON text", "[app]") {
  const std::string text = "{\n  \"a\": [1, {\"b/c\": \"x\\\"]\", \"d~e\": {}}],\n  \"ü\": tru\n}";
  const auto at = [&](const char* pointer) {
    const app::JsonPlace place = app::json_place(text, pointer);
    const auto show = [](Position start, Position end) {
      return std::to_string(start.line) + ":" + std::to_string(start.column) + "-" +
             std::to_string(end.column);
    };
    return show(place.key_start, place.key_end) + " " + show(place.value_start, place.value_end);
  };
  CHECK(at("") == "1:1-2 1:1-2");
  CHECK(at("/a") == "2:3-6 2:8-9");
  CHECK(at("/a/0") == "2:9-10 2:9-10");
  CHECK(at("/a/1/b~1c") == "2:13-18 2:20-26");
  CHECK(at("/a/1/d~0e") == "2:28-33 2:35-36");
  CHECK(at("/\xC3\xBC") == "3:3-7 3:9-12");
  CHECK(at("/a/7") == "2:3-6 2:8-9");  // as far as it leads
  CHECK(at("/nothing/x") == "1:1-2 1:1-2");
  CHECK(app::place_in_message("line 3, column 14: oh") == Position{3, 14});
  CHECK(!app::place_in_message("no place"));
}

TEST_CASE("cut and scrambled app files give findings, never a crash", "[app]") {
  const std::string yaml = read(SOURCE_ROOT "/apps.d/fitmycv.yaml");
  const auto files = [&](std::string text) {
    return OverFiles({{"apps.d/fitmycv.yaml", std::move(text)}});
  };
  for (size_t length = 0; length < yaml.size(); length += 37) {
    const Loaded loaded = load_from(files(yaml.substr(0, length)), "apps.d/fitmycv.yaml");
    CHECK(bool(loaded.app) == (loaded.said.find(" error[") == std::string::npos));
  }
  for (size_t i = 0; i < yaml.size(); i += 53)
    for (const char c : {'{', ']', ':', '"', '=', ' ', '\n'}) {
      std::string text = yaml;
      text[i] = c;
      const Loaded loaded = load_from(files(text), "apps.d/fitmycv.yaml");
      REQUIRE(bool(loaded.app) == (loaded.said.find(" error[") == std::string::npos));
    }
}

TEST_CASE("a model's key names a secret of the app, and stays with its provider", "[app]") {
  const auto with = [](const std::string& secrets, const std::string& keys) {
    return load("plenum: 1\napp: test\n" + secrets +
                "models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 10, " + keys +
                "}}\ngraphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hi}}]}}\n"
                "routes: {POST /go: {start: main}}\n");
  };
  const Loaded known = with("secrets: [THEIR_KEY]\n",
                            "key: THEIR_KEY, fallback: [gemini/gemini-3-pro, openai/gpt-5]");
  REQUIRE(known.app);
  const app::Model& model = *known.app->models.at("m");
  CHECK(model.key == "THEIR_KEY");
  CHECK(model.fallback[0]->key == "THEIR_KEY");
  CHECK(model.fallback[1]->key == "");
  CHECK_THAT(with("", "key: THEIR_KEY").said, Catch::Contains("error[A812]: no secret"));
  CHECK_THAT(with("secrets: [THEIR_KEY]\n", "key: THEIR_KEI").said, Catch::Contains("`THEIR_KEY`"));
}
