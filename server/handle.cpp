// The main path, from the request's head to the engine and back.  Read this first.
//
// Every request finds its route, then its caller, then its input; what is wrong with one of them is
// answered at once. Runs are the engine's business: this file hands them over and turns what comes
// back into an answer.
#include "server/handle.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "server/keys.h"
#include "server/negotiation.h"
#include "server/reply.h"

namespace plenum::server {

namespace {

constexpr size_t kWebhookBody = 256 << 10;
constexpr size_t kFormOverhead = 1 << 20;  // of multipart headers and plain fields

bool wants_events(const front::Request& request) {
  const std::string* accept = request.header("accept");
  return accept && accept->find("text/event-stream") != std::string::npos;
}

bool wants_job(const front::Request& request) {  // RFC 7240: names know no case
  const std::string* header = request.header("prefer");
  if (!header) return false;
  std::string prefer = *header;
  std::transform(prefer.begin(), prefer.end(), prefer.begin(),
                 [](unsigned char c) { return tolower(c); });
  return prefer.find("respond-async") != std::string::npos;
}

Error not_found(const front::Request& request, const Table& table) {
  std::vector<std::string> paths;
  for (const auto& [key, endpoint] : table.all()) paths.push_back(key.substr(key.find(' ') + 1));
  const std::string near = nearest(request.path, paths);
  return {Kind::not_found,
          "nothing is served at " + quote(request.path) +
              (near.empty() ? "" : "; did you mean " + quote(near) + "?"),
          "route_not_found",
          {}};
}

void not_allowed(const Exchange& exchange) {
  std::string allow;
  for (const std::string& method : exchange.match.allowed)
    allow += (allow.empty() ? "" : ", ") + method + (method == "GET" ? ", HEAD" : "");
  front::Response response = problem(
      Error{Kind::invalid,
            quote(exchange.request->path) + " takes " + allow + ", not " + exchange.request->method,
            "method_not_allowed",
            {}},
      exchange.request_id);
  response.headers.emplace_back("Allow", allow);
  exchange.send(response);
}

Error not_acceptable(const std::vector<std::string>& types) {
  std::string all;
  for (const std::string& type : types) all += (all.empty() ? "" : " or ") + type;
  return {Kind::invalid,
          "this answers with " + all + "; let `Accept` name it or leave it out",
          "not_acceptable",
          {}};
}

// The idempotency row of a request: its key within the route, and a digest of what it means.  Not
// for callers without sign-in: whoever guesses a key would get another one's answer.
Result<std::optional<Idempotency>> idempotency(const Exchange& exchange, const Json& meaning,
                                               bool waits) {
  const std::string* key = exchange.request->header("idempotency-key");
  if (!key || !exchange.caller.signed_in) return std::nullopt;
  const bool printable =
      std::all_of(key->begin(), key->end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (key->empty() || key->size() > 255 || !printable)
    return fail(Kind::invalid, "`Idempotency-Key` must be 1 to 255 printable ASCII characters",
                "invalid_idempotency_key");
  return Idempotency{exchange.match.endpoint->route->key() + " " + *key,
                     sha256_hex(exchange.request->path + "\n" + canonical(meaning)), waits};
}

// What the engine says to a call that asked for one answer.
OnRun answer(const Exchange& exchange) {
  return [exchange](Result<RunView> run) {
    if (!run) return exchange.send(run.error());
    if (run->status == RunStatus::failed || run->status == RunStatus::dead)
      spdlog::warn("{}: answered with the failure of {}", exchange.request_id, run->id);
    exchange.send(run_response(*run, *exchange.match.endpoint->route, exchange.site.links,
                               exchange.owner(), exchange.site.engine.clock().now(),
                               exchange.request_id));
  };
}

// … and to one that asked for events: a new synchronous run has told them itself by now; those of a
// job, and of a run that is replayed, are told from the store on.
OnRun answer_with_events(const Exchange& exchange) {
  return [exchange](Result<RunView> run) {
    if (!run) return exchange.send(run.error());
    const bool told = !run->replayed && !(run->job && run->status == RunStatus::queued);
    if (!told)
      exchange.site.engine.events(exchange.owner(), run->id, 0,
                                  event_sink(exchange, run->id, true));
  };
}

// Signed-in clients may name their threads themselves; without sign-in all callers share an owner,
// so only an id that cannot be guessed will do.
bool may_name(const Exchange& exchange, const std::string& thread) {
  if (!exchange.caller.signed_in) return is_id(thread, "thread");
  return !thread.empty() && thread.size() <= 100 &&
         std::all_of(thread.begin(), thread.end(),
                     [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

void start(const Exchange& exchange, Input input) {
  const app::Route& route = *exchange.match.endpoint->route;
  Engine& engine = exchange.site.engine;
  StartOptions options;
  options.job = route.async || wants_job(*exchange.request);
  options.id = engine.new_run_id(options.job);
  const std::string* header = exchange.request->header("plenum-thread");
  const bool named = header || !input.thread.empty();
  options.thread = header ? *header : std::move(input.thread);
  if (named && !may_name(exchange, options.thread))
    return exchange.send(Error{Kind::invalid,
                               exchange.caller.signed_in
                                   ? "a thread's id has 1 to 100 printable characters"
                                   : "a thread without sign-in must be the `thread_id` of an "
                                     "earlier answer",
                               "invalid_thread",
                               {}});
  Result<std::optional<Idempotency>> key = idempotency(exchange, input.meaning, !options.job);
  if (!key) return exchange.send(key.error());
  options.idempotency = *std::move(key);
  const bool events = wants_events(*exchange.request);
  if (events && !options.job) options.events = event_sink(exchange, options.id);
  if (!options.job && !options.idempotency)  // nobody is left to get the answer
    exchange.reply.on_gone([&engine, owner = exchange.owner(), id = options.id] {
      engine.cancel(owner, id, std::nullopt, [](Result<RunView>) {});
    });
  engine.start(exchange.match.endpoint->app, route, exchange.caller, std::move(input.value),
               std::move(options), events ? answer_with_events(exchange) : answer(exchange));
}

void resume(const Exchange& exchange, const std::string& run, Json body) {
  ResumeOptions options;
  const bool events = wants_events(*exchange.request);
  options.background = !events && wants_job(*exchange.request);
  Result<std::optional<Idempotency>> key = idempotency(exchange, body, !options.background);
  if (!key) return exchange.send(key.error());
  options.idempotency = *std::move(key);
  if (events) options.events = event_sink(exchange, run);
  body.erase("run_id");
  exchange.site.engine.resume(exchange.match.endpoint->app, *exchange.match.endpoint->route,
                              exchange.caller, run, std::move(body), std::move(options),
                              events ? answer_with_events(exchange) : answer(exchange));
}

// An interrupt with roles is answered by whoever has one, whosesoever the run is; its owner without
// one learns why not, and to everybody else it does not exist.
void as_answerer(const Exchange& exchange, const std::string& run,
                 std::function<void(const Exchange&)> then) {
  const std::vector<std::string>& roles = exchange.match.endpoint->route->answers;
  if (roles.empty()) return as_owner_of(exchange, run, std::move(then));
  if (!has_role(exchange.caller, roles))
    return exchange.site.engine.find(exchange.owner(), run, [exchange, roles](Result<RunView> own) {
      if (!own) return exchange.send(own.error());
      exchange.send(Error{Kind::denied,
                          "to answer this needs the role " + any_of(roles),
                          "insufficient_scope",
                          {}});
    });
  exchange.site.engine.owner_of(exchange.app().name, run,
                                [exchange, then = std::move(then)](Result<std::string> owner) {
                                  if (!owner && owner.error().kind != Kind::not_found)
                                    return exchange.send(owner.error());
                                  Exchange owning = exchange;
                                  if (owner) owning.caller.owner = *owner;
                                  then(owning);
                                });
}

// The body is the run's id and the fields that the interrupt expects.
void read_and_resume(const Exchange& exchange) {
  Result<Json> body = read_body(*exchange.request);
  if (!body) return exchange.send(body.error());
  const std::string run = text_or(*body, "run_id");
  if (run.empty())
    return exchange.send(Error{Kind::invalid,
                               "the body needs `run_id`, as the paused call returned it",
                               "missing_run_id",
                               {},
                               {},
                               {{"", "`run_id` is required"}}});
  as_answerer(exchange, run, [run, body = *std::move(body)](const Exchange& owning) {
    resume(owning, run, body);
  });
}

void call_route(const Exchange& exchange) {
  const app::Route& route = *exchange.match.endpoint->route;
  if (route.does == app::Route::Does::resume) return read_and_resume(exchange);
  if (route.does != app::Route::Does::start) return call_page(exchange);
  read_input(exchange, [exchange](Result<Input> input) {
    if (!input) return exchange.send(input.error());
    start(exchange, *std::move(input));
  });
}

// What somebody may call depends on what they bought, which the store or a provider knows.
void call_with_plan(const Exchange& exchange) {
  with_plan(exchange.site.engine, exchange.app(), exchange.site.offers, exchange.caller,
            [exchange](Result<Caller> caller) {
              if (!caller) return exchange.send(caller.error());
              Exchange known = exchange;
              known.caller = *std::move(caller);
              const Result<> may = may_call(*known.match.endpoint->route, known.caller);
              if (!may) return known.send(may.error());
              const Result<> slow = known.site.rates.take(
                  known.app().name, *known.match.endpoint->route, known.caller, known.request->peer,
                  known.site.engine.clock().monotonic());
              if (!slow) return known.send(slow.error());
              call_route(known);
            });
}

// Of a known caller.
void serve(const Exchange& exchange) {
  if (exchange.match.endpoint->does != Endpoint::Does::call) return call_page(exchange);
  call_with_plan(exchange);
}

// Before anything is looked at; whoever watches over the server may ask as often as they like.
Result<> slow_enough(const Exchange& exchange) {
  const app::Quota& rate = exchange.site.rate_per_address;
  const Endpoint* endpoint = exchange.match.endpoint;
  const bool watches = endpoint && (endpoint->does == Endpoint::Does::health ||
                                    endpoint->does == Endpoint::Does::ready);
  if (rate.count == 0 || watches) return {};
  return exchange.site.rates.take(exchange.request->peer, rate, exchange.began);
}

bool needs_caller(const Endpoint& endpoint) {
  using Does = Endpoint::Does;
  switch (endpoint.does) {
    case Does::file:  // the link is the credential
    case Does::openapi:
    case Does::docs:
    case Does::index:
    case Does::health:
    case Does::ready:
    case Does::webhook:  // its signature is the credential
      return false;
    default:
      return true;
  }
}

}  // namespace

void Exchange::count(int status) const {
  const Endpoint* endpoint = match.endpoint;
  const std::string app = endpoint && endpoint->app ? endpoint->app->name : "";
  const std::string route = !endpoint         ? "none"
                            : endpoint->route ? endpoint->route->key()
                                              : word_of(endpoint->does);
  const milliseconds took(site.engine.clock().monotonic() - began);
  site.engine.metrics().add(
      "plenum_requests_total",
      {{"app", app}, {"route", route}, {"status", std::to_string(status / 100) + "xx"}});
  site.engine.metrics().observe("plenum_request_seconds", {{"app", app}, {"route", route}}, took);
  if (site.log_requests)  // never the target: what is asked for there is the client's to write
    spdlog::info("{}: {} {}{}{} in {} ms", request_id, status, app, app.empty() ? "" : " ", route,
                 took.count());
}

void Exchange::send(const front::Response& response) const {
  count(response.status);
  reply.send(response);
}

Site::Site(Engine& e, AccessRules r, entitlements::Offers o, HeaderRules h)
    : engine(e),
      rules(std::move(r)),
      offers(std::move(o)),
      headers(std::move(h)),
      links(e.link_key()) {
  rules.key = [this](const std::string& app, std::string digest, OnCaller done) {
    engine.api_key(std::move(digest), [this, app, done = std::move(done)](Result<ApiKey> key) {
      const bool unknown = !key && key.error().kind == Kind::not_found;
      if (key || unknown)
        return done(caller_of_key(app, key.value_or(ApiKey()), engine.clock().now()));
      done(fail(key.error()));
    });
  };
}

void Exchange::send(const Error& error) const {
  if (error.kind == Kind::internal)
    spdlog::error("{}: {} ({})", request_id, error.message, error.trail);
  else if (const int status = status_of(error); status == 502 || status == 504)
    spdlog::warn("{}: {} {}", request_id, status, error.stable_code());
  send(problem(error, request_id));
}

void as_owner_of(const Exchange& exchange, const std::string& run,
                 std::function<void(const Exchange&)> then) {
  if (!exchange.caller.signed_in || !has_anonymous_runs(exchange.app())) return then(exchange);
  exchange.site.engine.find(exchange.owner(), run,
                            [exchange, then = std::move(then)](Result<RunView> found) {
                              Exchange owning = exchange;
                              if (!found && found.error().kind == Kind::not_found)
                                owning.caller = anonymous(owning.app().name);
                              then(owning);
                            });
}

void handle(Site& site, front::Request received, front::Reply reply) {
  auto request = std::make_shared<const front::Request>(std::move(received));
  const std::shared_ptr<const Table> table = site.table();
  const std::string id = new_id("req");
  Exchange exchange{site,
                    request,
                    with_headers(site.headers, *request, id, std::move(reply)),
                    table,
                    table->find(request->method, request->path),
                    {},
                    id,
                    site.engine.clock().monotonic()};
  if (const Result<> slow = slow_enough(exchange); !slow) return exchange.send(slow.error());
  if (!exchange.match.endpoint && exchange.match.allowed.empty())
    return exchange.send(not_found(*request, *table));
  if (!exchange.match.endpoint && is_preflight(site.headers, *request))
    return exchange.send(preflight(exchange.match.allowed));
  if (!exchange.match.endpoint) return not_allowed(exchange);
  if (const std::string* accept = request->header("accept"))
    if (const auto types = types_of(*exchange.match.endpoint);
        !types.empty() && !accepts(*accept, types))
      return exchange.send(not_acceptable(types));
  if (!needs_caller(*exchange.match.endpoint)) return call_page(exchange);
  admit(site.rules, *exchange.match.endpoint, *request, [exchange](Result<Caller> caller) {
    if (!caller) return exchange.send(caller.error());
    Exchange known = exchange;
    known.caller = *std::move(caller);
    serve(known);
  });
}

size_t body_limit(const Site& site, const front::Head& head) {
  const std::shared_ptr<const Table> table = site.table();
  const Match match = table->find(head.method, head.path);
  size_t limit = 1 << 20;
  if (match.endpoint && match.endpoint->does == Endpoint::Does::webhook) return kWebhookBody;
  if (!match.endpoint || !match.endpoint->route || match.endpoint->route->uploads.empty())
    return limit;
  for (const app::Upload& upload : match.endpoint->route->uploads) limit += upload.max_bytes;
  return limit + kFormOverhead;
}

}  // namespace plenum::server
