#include "server/serve.h"

#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "server/control.h"
#include "server/handle.h"
#include "server/operate.h"
#include "server/reply.h"
#include "server/watch.h"

namespace plenum::server {

namespace {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

bool loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

void log_findings(const Catalog& catalog) {
  for (const Diagnostic& finding : catalog.findings) {
    const auto level =
        finding.severity == Severity::error ? spdlog::level::err : spdlog::level::warn;
    spdlog::log(level, "{}", to_text(finding));
  }
  for (const std::string& path : catalog.refused)
    spdlog::error("{} is not served as it is: it has errors", path);
  for (const auto& [name, app] : catalog.apps)
    spdlog::info("serving {} at /api/v1/{}", app->title.empty() ? name : app->title, name);
}

void warn_about_prices(const Catalog& catalog) {
  std::set<std::string> unknown;
  for (const auto& [name, app] : catalog.apps)
    for (const auto& [model, definition] : app->models)
      if (!definition->price.known) unknown.insert(definition->provider + "/" + definition->model);
  for (const std::string& model : unknown)
    spdlog::warn(
        "UNPRICED MODEL: the price list has no `{}`: budgets take it to cost as much as "
        "the dearest one",
        model);
}

void warn_about_offline(const Settings& settings, const Catalog& catalog) {
  std::set<std::string> missing;
  for (const auto& [name, app] : catalog.apps)
    for (const auto& [model, definition] : app->models)
      if (!settings.providers.contains(definition->provider)) missing.insert(definition->provider);
  for (const std::string& provider : missing) {
    std::string key = provider + "_API_KEY";
    std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return toupper(c); });
    if (provider != "offline")
      spdlog::warn(
          "OFFLINE MODEL: no key for `{}`, its answers are made up here and say \"model\": "
          "\"offline\"; set {}",
          provider, key);
  }
}

// At the start, and each minute: a sandbox that is missing must not be forgotten.
void warn_about_documents(const Engine& engine) {
  if (const std::string warning = engine.documents_warning(); !warning.empty())
    spdlog::warn("{}", warning);
}

// Who may call, and what is wrong with that.
AccessRules access_rules(const ServeOptions& options, const Engine& engine,
                         const Catalog& catalog) {
  AccessRules rules{options.engine.development};
  for (const auto& [app, cors] : options.headers.cors)
    if (!catalog.apps.contains(app))
      spdlog::warn("the settings have `cors` of `{}`, an app that is not served", app);
  for (const auto& [app, issuers] : options.sign_in.of_app)
    if (!catalog.apps.contains(app))
      spdlog::warn("the settings have a sign-in of `{}`, an app that is not served", app);
  const bool any = !options.sign_in.any.empty() || !options.sign_in.of_app.empty();
  if (any) rules.sign_in = auth::SignIn::open(options.sign_in, engine.clock());
  if (any) rules.sign_in->warm();
  for (const auto& [name, app] : catalog.apps)
    if (!rules.development && options.sign_in.of(name).empty())
      spdlog::warn("nobody can sign in to {}: set sign_in in plenum.yaml", name);
  return rules;
}

front::Handler handler(Site& site) {
  front::Handler handler;
  handler.body_limit = [&site](const front::Head& head) { return body_limit(site, head); };
  handler.handle = [&site](front::Request request, front::Reply reply) {
    handle(site, std::move(request), std::move(reply));
  };
  handler.problem = [&site](int status, const std::string& code, const std::string& message) {
    Error error{status >= 500 ? Kind::unavailable : Kind::invalid, message, code, {}};
    error.status = status;
    const std::string id = new_id("req");
    if (status == 500) spdlog::error("{}: a request was not answered: a bug", id);
    front::Response response = problem(error, id);
    add_security_headers(site.headers, response);
    return response;
  };
  return handler;
}

void swap_table(Site& site, std::shared_ptr<const Catalog> catalog) {
  site.set_table(std::make_shared<const Table>(std::move(catalog)));
}

bool same(const Catalog& a, const Catalog& b) {
  const auto hash = [](const auto& x, const auto& y) {
    return x.first == y.first && x.second->hash == y.second->hash;
  };
  const auto text = [](const Diagnostic& x, const Diagnostic& y) {
    return to_text(x) == to_text(y);
  };
  return std::equal(a.apps.begin(), a.apps.end(), b.apps.begin(), b.apps.end(), hash) &&
         a.refused == b.refused &&
         std::equal(a.findings.begin(), a.findings.end(), b.findings.begin(), b.findings.end(),
                    text);
}

// `asked`: somebody wants to hear of it, also when nothing is new.
void reload(Site& site, bool asked) {
  site.engine.reload([&site, asked](std::shared_ptr<const Catalog> catalog) {
    if (!asked && same(site.table()->catalog(), *catalog)) return;
    log_findings(*catalog);
    swap_table(site, std::move(catalog));
  });
}

// Null when changes are to be told by SIGHUP.
std::unique_ptr<Watch> watch_apps(Site& site, const ServeOptions& options) {
  if (!options.watch) return nullptr;
  Result<std::unique_ptr<Watch>> watch =
      Watch::open(options.engine.root, {options.engine.apps, "prompts", "schemas", "templates"},
                  [&site] { reload(site, false); });
  if (watch) return *std::move(watch);
  spdlog::warn("{}", watch.error().message);
  return nullptr;
}

// What this process knows of keys and of people is in no file that a crash leaves; while developing
// a core is what finds the bug.
void leave_no_core(bool development) {
  if (development) return;
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);  // nor to a program that the kernel would hand it to
}

// Returns at the first SIGTERM or SIGINT.
void wait_for_the_end(Site& site, const sigset_t& signals) {
  const timespec minute{60, 0};
  for (;;) {
    const int number = sigtimedwait(&signals, nullptr, &minute);
    if (number == SIGHUP) reload(site, true);
    if (number > 0 && number != SIGHUP) return;
    if (number < 0 && errno == EAGAIN) warn_about_documents(site.engine);
  }
}

constexpr milliseconds kToEnd{5'000};  // for what follows the drain

// A second signal during the drain ends the process at once, and so does its end not coming in
// time; what is not finished goes on at the next start.
void end_in_time(const sigset_t& signals, milliseconds limit) {
  std::thread([signals, until = std::chrono::steady_clock::now() + limit] {
    for (;;) {
      const auto left = std::chrono::duration_cast<milliseconds>(
          std::max(until - std::chrono::steady_clock::now(), std::chrono::nanoseconds(0)));
      const timespec wait{left.count() / 1000, left.count() % 1000 * 1'000'000};
      const int number = sigtimedwait(&signals, nullptr, &wait);
      if (number == SIGHUP || (number < 0 && left.count() > 0)) continue;
      spdlog::warn(number > 0 ? "second signal: ending now" : "the end takes too long: ending now");
      _exit(1);
    }
  }).detach();
}

}  // namespace

Result<> serve(ServeOptions options) {
  const sigset_t signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  if (!loopback(options.address)) options.engine.development = false;
  if (options.engine.allow_unsandboxed && !options.engine.development)
    return fail(Kind::invalid,
                "the setting `allow_unsandboxed` is for development: what strangers upload is read "
                "in a sandbox, or not at all; unset it (PLENUM_ALLOW_UNSANDBOXED)");
  leave_no_core(options.engine.development);
  std::unique_ptr<Engine> engine = TRY(Engine::open(options.engine));
  const std::shared_ptr<const Catalog> catalog = engine->catalog();
  Site site(*engine, access_rules(options, *engine, *catalog), options.engine.offers,
            options.headers);
  log_findings(*catalog);
  if (catalog->apps.empty())
    spdlog::warn("no app is served: put a file into {}/{}", options.engine.root,
                 options.engine.apps);
  if (options.engine.development) warn_about_offline(options.engine, *catalog);
  warn_about_prices(*catalog);
  if (const Result<> documents = engine->documents_available(); !documents)
    spdlog::warn("no documents: {}", documents.error().message);
  warn_about_documents(*engine);
  swap_table(site, catalog);
  site.log_requests = options.log_requests;
  site.rate_per_address = {options.requests_per_minute, milliseconds(60'000)};

  front::Options listen;
  listen.address = options.address;
  listen.port = options.port;
  listen.threads = options.front_threads;
  listen.connections = options.connections;
  listen.connections_per_address = options.connections_per_address;
  listen.proxies = options.proxies;
  std::unique_ptr<front::Front> front = TRY(front::Front::open(listen, handler(site)));
  std::unique_ptr<front::Front> metrics;
  if (!options.metrics.address.empty()) {
    metrics = TRY(open_metrics(options.metrics, *engine, *front, options.engine.data));
    spdlog::info("metrics at http://{}:{}/metrics", options.metrics.address, metrics->port());
  }
  const std::unique_ptr<Control> control = TRY(Control::open(
      options.engine.data, [&](const Json& request) { return operate(*engine, request); }));
  engine->serve();
  spdlog::info("listening on http://{}:{}", options.address, front->port());
  if (options.ready) options.ready(front->port());

  std::unique_ptr<Watch> watch = watch_apps(site, options);
  wait_for_the_end(site, signals);
  watch.reset();
  spdlog::info("draining: {} requests in flight", front->in_flight());
  const auto until = std::chrono::steady_clock::now() + options.drain_accept + options.drain_work;
  end_in_time(signals, options.drain_accept + options.drain_work + kToEnd);
  site.draining = true;
  engine->rest();
  const bool idle = front->in_flight() == 0 && engine->load().live_runs == 0;
  if (!idle) std::this_thread::sleep_for(options.drain_accept);
  const auto left = [&] {
    return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(
                                         until - std::chrono::steady_clock::now()));
  };
  front->drain(left());
  const bool finished = engine->drain(left());
  front->stop();
  spdlog::info("ended: {}",
               finished ? "all work is done" : "unfinished work goes on at the next start");
  return {};
}

}  // namespace plenum::server
