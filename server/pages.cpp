// What every app has without writing it: runs and jobs, files, exposed collections, documents; and
// the server's own pages.
#include <nlohmann/json.hpp>

#include <charconv>

#include "server/handle.h"
#include "server/reply.h"

namespace plenum::server {

namespace {

constexpr int64_t kNoEvent = 0;

Error hidden(const Error& error, const char* what) {  // what is not yours is not there
  if (error.kind != Kind::not_found) return error;
  return {Kind::not_found, std::string("there is no such ") + what, "not_found", {}};
}

const std::string& id_of(const Exchange& exchange) {
  return exchange.match.params.at("id");
}

// Calls `show` with the run, if it is the caller's.
void with_run(const Exchange& exchange, std::function<void(const RunView&)> show) {
  exchange.site.engine.find(exchange.owner(), id_of(exchange),
                            [exchange, show = std::move(show)](Result<RunView> run) {
                              if (!run) return exchange.send(hidden(run.error(), "run"));
                              show(*run);
                            });
}

void run_page(const Exchange& exchange, bool whole) {
  with_run(exchange, [exchange, whole](const RunView& run) {
    Json body = run_status(run, whole);
    if (whole && (run.status == RunStatus::completed || run.status == RunStatus::waiting))
      body["output"] = with_links(run.output, exchange.site.links, exchange.owner(),
                                  exchange.site.engine.clock().now());
    front::Response response = json_response(200, body);
    if (run.status == RunStatus::queued || run.status == RunStatus::running)
      response.headers.emplace_back("Retry-After", "1");
    if (run.model == "offline") response.headers.emplace_back("Plenum-Model", "offline");
    exchange.send(response);
  });
}

void result_page(const Exchange& exchange) {
  with_run(exchange, [exchange](const RunView& run) {
    if (run.status == RunStatus::completed) {
      front::Response response =
          json_response(200, with_links(run.output, exchange.site.links, exchange.owner(),
                                        exchange.site.engine.clock().now()));
      if (run.model == "offline") response.headers.emplace_back("Plenum-Model", "offline");
      return exchange.send(response);
    }
    if (run.status == RunStatus::failed || run.status == RunStatus::dead)
      return exchange.send(
          run.error.value_or(Error{Kind::internal, "the run failed", "poison", {}}));
    const bool over = run.status == RunStatus::cancelled || run.status == RunStatus::cancelling;
    Error error{Kind::conflict,
                over ? "it was cancelled; there is no result"
                     : std::string("it is not finished: ") + name(run.status),
                over ? "cancelled" : "not_finished",
                {}};
    if (!over) error.retry_after = std::chrono::seconds(1);
    exchange.send(error);
  });
}

void events_page(const Exchange& exchange) {
  int64_t after = kNoEvent;
  if (const std::string* last = exchange.request->header("last-event-id"))
    std::from_chars(last->data(), last->data() + last->size(), after);
  with_run(exchange, [exchange, after](const RunView& run) {
    exchange.site.engine.events(exchange.owner(), run.id, after,
                                event_sink(exchange, run.id, true));
  });
}

void cancel_page(const Exchange& exchange) {
  exchange.site.engine.cancel(exchange.owner(), id_of(exchange),
                              Actor{"owner", exchange.request_id}, [exchange](Result<RunView> run) {
                                if (!run) return exchange.send(hidden(run.error(), "run"));
                                exchange.send(json_response(200, run_status(*run, false)));
                              });
}

// Display text only: nothing in it may end the header or the quotes.
std::string header_name(const std::string& name) {
  std::string plain, encoded;
  for (const unsigned char c : name) {
    const bool safe = isalnum(c) || c == '.' || c == '-' || c == '_';
    plain += safe || c == ' ' || c == '(' || c == ')' ? static_cast<char>(c) : '_';
    char hex[4];
    snprintf(hex, sizeof hex, "%%%02X", c);
    encoded += safe ? std::string(1, static_cast<char>(c)) : hex;
  }
  if (plain.empty()) plain = encoded = "file";
  return "attachment; filename=\"" + plain.substr(0, 150) + "\"; filename*=UTF-8''" +
         encoded.substr(0, 600);
}

void file_page(const Exchange& exchange) {
  const Result<Owner> owner = exchange.site.links.check(
      exchange.app().name, id_of(exchange), *exchange.request, exchange.site.engine.clock().now());
  if (!owner) return exchange.send(owner.error());
  exchange.site.engine.read_file(
      *owner, id_of(exchange), [exchange](Result<std::pair<FileRow, std::string>> file) {
        if (!file && file.error().kind == Kind::not_found)
          return exchange.send(Error{Kind::not_found,
                                     "there is no such file, or the link is not valid any more",
                                     "not_found",
                                     {}});
        if (!file) return exchange.send(file.error());
        exchange.send(
            front::Response{200,
                            {{"Content-Type", file->first.mime},
                             {"Content-Disposition", header_name(file->first.name)},
                             {"X-Content-Type-Options", "nosniff"},
                             {"Content-Security-Policy", "sandbox; frame-ancestors 'none'"},
                             {"Referrer-Policy", "no-referrer"},
                             {"Cache-Control", "private, no-store"}},
                            std::move(file->second)});
      });
}

void openapi_page(const Exchange& exchange) {
  static const std::vector<auth::Issuer> kNone;
  const auto& sign_in = exchange.site.rules.sign_in;
  const std::string& name = exchange.app().name;
  front::Response response = json_response(200, Json());
  response.body = exchange.match.endpoint->document->text(
      [&] { return to_text(openapi(exchange.app(), sign_in ? sign_in->issuers(name) : kNone)); });
  exchange.send(response);
}

Result<Page> page_of(const front::Head& head) {
  Page page;
  if (const std::string* limit = head.parameter("limit")) {
    const auto [end, error] =
        std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
    if (error != std::errc() || end != limit->data() + limit->size() || page.limit < 1 ||
        page.limit > 100)
      return fail(Kind::invalid, "`limit` is " + quote(*limit) + "; it must be 1 to 100",
                  "invalid_parameter");
  }
  if (const std::string* after = head.parameter("after")) page.after = *after;
  return page;
}

Json row_json(const Exchange& exchange, const Row& row) {
  Result<Json> data = parse_json(row.data, kOwnJson);
  return Json{{"id", row.id},
              {"data", with_links(data ? *std::move(data) : Json(), exchange.site.links,
                                  exchange.owner(), exchange.site.engine.clock().now())},
              {"created_at", rfc3339(row.created_at)},
              {"expires_at", row.expires_at ? Json(rfc3339(row.expires_at)) : Json()}};
}

void rows_page(const Exchange& exchange, const std::string& collection) {
  const Result<Page> page = page_of(*exchange.request);
  if (!page) return exchange.send(page.error());
  const size_t asked = static_cast<size_t>(page->limit);
  exchange.site.engine.rows(
      exchange.owner(), collection, *page, [exchange, asked](Result<std::vector<Row>> rows) {
        if (!rows && rows.error().kind == Kind::not_found)
          return exchange.send(Error{Kind::invalid,
                                     "`after` is not an id that this list has shown; start without",
                                     "invalid_parameter",
                                     {}});
        if (!rows) return exchange.send(rows.error());
        Json items = Json::array();
        for (const Row& row : *rows) items.push_back(row_json(exchange, row));
        const Json next = rows->size() == asked ? Json(rows->back().id) : Json();
        exchange.send(json_response(200, Json{{"items", std::move(items)}, {"next", next}}));
      });
}

void row_page(const Exchange& exchange, const std::string& collection) {
  exchange.site.engine.row(exchange.owner(), collection, id_of(exchange),
                           [exchange](Result<Row> row) {
                             if (!row) return exchange.send(hidden(row.error(), "row"));
                             exchange.send(json_response(200, row_json(exchange, *row)));
                           });
}

void delete_row_page(const Exchange& exchange, const std::string& collection) {
  exchange.site.engine.delete_row(exchange.owner(), collection, id_of(exchange),
                                  [exchange](Result<> deleted) {
                                    if (!deleted)
                                      return exchange.send(hidden(deleted.error(), "row"));
                                    exchange.send(front::Response{204, {}, ""});
                                  });
}

// The caller's own, or everybody's for who may answer them.
void waiting_page(const Exchange& exchange) {
  const app::Route& route = *exchange.match.endpoint->route;
  const Result<Page> page = page_of(*exchange.request);
  if (!page) return exchange.send(page.error());
  const auto show = [exchange](Result<std::vector<RunView>> runs) {
    if (!runs) return exchange.send(runs.error());
    Json items = Json::array();
    for (const RunView& run : *runs)
      items.push_back(Json{
          {"run_id", run.id},
          {"thread_id", run.thread},
          {"status", "waiting"},
          {"at", run.at},
          {"output", with_links(run.output, exchange.site.links, {exchange.app().name, run.owner},
                                exchange.site.engine.clock().now())},
          {"created_at", rfc3339(run.created_at)}});
    exchange.send(json_response(200, Json{{"items", std::move(items)}}));
  };
  Engine& engine = exchange.site.engine;
  if (has_role(exchange.caller, route.answers))
    return engine.waiting_of_all(exchange.app().name, route.graph, route.interrupt, *page, show);
  engine.waiting(exchange.owner(), route.graph, route.interrupt, *page, show);
}

void index_page(const Exchange& exchange) {
  Json apps = Json::array();
  for (const auto& [name, app] : exchange.table->catalog().apps)
    apps.push_back(Json{{"app", name},
                        {"title", app->title},
                        {"description", app->description},
                        {"docs", "/api/v1/" + name + "/docs"},
                        {"openapi", "/api/v1/" + name + "/openapi.json"}});
  exchange.send(json_response(200, Json{{"name", "Plenum"}, {"apps", std::move(apps)}}));
}

void ready_page(const Exchange& exchange) {
  if (exchange.site.draining)
    return exchange.send(
        Error{Kind::unavailable, "the server is shutting down", "shutting_down", {}});
  Json refused = Json::array();
  for (const std::string& path : exchange.table->catalog().refused) refused.push_back(path);
  const Engine::Load load = exchange.site.engine.load();
  exchange.send(json_response(200, Json{{"status", "ready"},
                                        {"apps", exchange.table->catalog().apps.size()},
                                        {"refused", std::move(refused)},
                                        {"live_runs", load.live_runs}}));
}

// A run's own pages.
void call_run_page(const Exchange& exchange) {
  using Does = Endpoint::Does;
  switch (exchange.match.endpoint->does) {
    case Does::run_status:
      return run_page(exchange, true);
    case Does::run_short_status:
      return run_page(exchange, false);
    case Does::run_result:
      return result_page(exchange);
    case Does::run_events:
      return events_page(exchange);
    default:
      return cancel_page(exchange);
  }
}

}  // namespace

void call_page(const Exchange& exchange) {
  using Does = Endpoint::Does;
  const Endpoint& endpoint = *exchange.match.endpoint;
  switch (endpoint.does) {
    case Does::call:
      if (endpoint.route->does == app::Route::Does::read)
        return rows_page(exchange, endpoint.route->collection);
      return waiting_page(exchange);
    case Does::run_status:
    case Does::run_short_status:
    case Does::run_result:
    case Does::run_events:
    case Does::run_cancel:
      return as_owner_of(exchange, id_of(exchange), call_run_page);
    case Does::file:
      return file_page(exchange);
    case Does::rows:
      return rows_page(exchange, endpoint.collection->name);
    case Does::row:
      return row_page(exchange, endpoint.collection->name);
    case Does::delete_row:
      return delete_row_page(exchange, endpoint.collection->name);
    case Does::openapi:
      return openapi_page(exchange);
    case Does::docs:
      return exchange.send(front::Response{
          200,
          {{"Content-Type", "text/html; charset=utf-8"},
           {"X-Content-Type-Options", "nosniff"},
           {"Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}},
          endpoint.document->text([&] { return docs_page(exchange.app()); })});
    case Does::index:
      return index_page(exchange);
    case Does::health:
      return exchange.send(json_response(200, Json{{"status", "ok"}}));
    case Does::ready:
      return ready_page(exchange);
    case Does::webhook:
      return take_webhook(exchange);
  }
}

}  // namespace plenum::server
