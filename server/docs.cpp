// An app's interface as a page for people: what to send, what comes back, and a command to try it.
//
// It is made from the same checked app that answers, so it can't be out of date.  No scripts and
// nothing from elsewhere: the page's own policy forbids both.
#include <nlohmann/json.hpp>

#include "server/handle.h"

namespace plenum::server {

namespace {

constexpr const char* kStyle = R"css(
:root { --ink: #1c2733; --soft: #5b6875; --line: #dde3e8; --field: #f5f7f9; --go: #0b6b53; }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); max-width: 52rem; margin: 2.5rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .6rem; }
h3 { font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; color: var(--soft); margin: 1.2rem 0 .3rem; }
p { margin: .4rem 0; }
a { color: var(--go); }
code, pre { font: .86em/1.5 ui-monospace, monospace; }
code { background: var(--field); border-radius: 4px; padding: .1em .3em; overflow-wrap: anywhere; }
pre { background: var(--field); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; margin: .3rem 0; }
section { border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.3rem 1.3rem; margin: 1.2rem 0; }
section > h2 { font: 600 1.05rem/1.4 ui-monospace, monospace; margin: 0 0 .4rem; overflow-wrap: anywhere; }
b.method { color: #fff; background: var(--go); border-radius: 6px; padding: .15em .5em; margin-right: .5em; font-size: .85em; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
td { border-top: 1px solid var(--line); padding: .35rem .8rem .35rem 0; vertical-align: top; }
td:first-child { white-space: nowrap; width: 13rem; }
tr:first-child td { border-top: 0; }
.soft { color: var(--soft); }
summary { cursor: pointer; color: var(--go); margin: .3rem 0; }
@media (max-width: 34rem) { td { display: block; border: 0; padding: .1rem 0; } td:first-child { padding-top: .6rem; white-space: normal; width: auto; } }
)css";

constexpr const char* kTryAt = "http://127.0.0.1:8080";  // where `plenum serve` is at home
constexpr size_t kRows = 60;                             // of one answer
constexpr size_t kOpenRows = 12;                         // more of them are folded
constexpr int kDepth = 3;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string code(std::string_view text) {
  return "<code>" + escaped(text) + "</code>";
}

std::string row(std::initializer_list<std::string> cells) {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out += "<td>" + cell + "</td>";
  return out + "</tr>";
}

std::string table(const std::string& rows) {
  return rows.empty() ? "" : "<table>" + rows + "</table>";
}

std::string megabytes(size_t bytes) {
  return bytes >= 1 << 20 ? std::to_string(bytes >> 20) + " MB"
                          : std::to_string(bytes >> 10) + " KB";
}

// "1 to 8000 characters", from a schema's two limits.
std::string between(const Json& schema, const char* low, const char* high, const char* unit) {
  const Json* from = find(schema, low);
  const Json* to = find(schema, high);
  if (!from && !to) return {};
  const std::string of = unit;
  if (!to) return "at least " + to_text(*from) + of;
  if (!from) return "at most " + to_text(*to) + of;
  return to_text(*from) + " to " + to_text(*to) + of;
}

// What a field takes, in words as far as they are short; the OpenAPI document has the rest.
std::string rules(const app::Field& field) {
  const Json& schema = field.type.schema.json();
  std::vector<std::string> parts;
  if (const Json* values = find(schema, "enum"); values && values->is_array()) {
    std::string list;
    for (const Json& value : *values) list += (list.empty() ? "" : " ") + code(to_text(value));
    parts.push_back("one of " + list);
  } else {
    parts.push_back(field.type.type.nullable(false).text());
  }
  for (const std::string& limit : {between(schema, "minLength", "maxLength", " characters"),
                                   between(schema, "minimum", "maximum", ""),
                                   between(schema, "minItems", "maxItems", " items")})
    if (!limit.empty()) parts.push_back(limit);
  if (field.type.fallback)
    parts.push_back(code(to_text(*field.type.fallback)) + " when left out");
  else if (!field.required())
    parts.push_back("may be left out");
  if (const std::string about = text_or(schema, "description"); !about.empty())
    parts.push_back(escaped(about));
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "; ") + part;
  return out;
}

const app::Upload* upload_of(const app::Route& route, const std::string& field) {
  for (const app::Upload& upload : route.uploads)
    if (upload.field == field) return &upload;
  return nullptr;
}

std::string file_rules(const app::Upload& upload) {
  return "a file" + (upload.accept.empty() ? "" : ": " + escaped(any_of(upload.accept))) +
         "; at most " + megabytes(upload.max_bytes);
}

std::string fields_sent(const app::App& app, const app::Route& route) {
  if (route.does == app::Route::Does::resume)
    return row({code("run_id"), "as the paused call returned it"}) +
           row({"…", "the fields that " + code(route.interrupt) + " expects"});
  if (route.has_with) return row({"…", "a JSON object, as this route reads it"});
  std::string rows;
  for (const app::Field& field : app.graphs.at(route.graph).input) {
    const app::Upload* upload = upload_of(route, field.name);
    if (field.type.file && !upload) continue;
    rows += row({code(field.name), upload ? file_rules(*upload) : rules(field)});
  }
  return rows;
}

// A value to start from, for the command to try.
Json sample(const app::Field& field) {
  const Json& schema = field.type.schema.json();
  if (const Json* values = find(schema, "enum"); values && values->is_array() && !values->empty())
    return values->front();
  switch (field.type.type.kind()) {
    case Type::Kind::boolean:
      return true;
    case Type::Kind::integer:
    case Type::Kind::number:
    case Type::Kind::real: {
      const Json* least = find(schema, "minimum");
      return least ? *least : Json(1);
    }
    case Type::Kind::list:
      return Json::array();
    case Type::Kind::object:
      return Json::object();
    default:
      return "…";
  }
}

std::string in_single_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string command(const app::App& app, const app::Route& route) {
  std::string text = "curl";
  if (route.auth != app::Route::Auth::open) text += " -H 'Authorization: Bearer dev:ada'";
  if (route.method != "GET" && route.method != "POST") text += " -X " + route.method;
  Json body = Json::object();
  if (route.does == app::Route::Does::resume) {
    body = {{"run_id", "run_…"}, {"…", "…"}};
  } else if (route.does == app::Route::Does::start) {
    for (const app::Field& field : app.graphs.at(route.graph).input) {
      if (const app::Upload* upload = upload_of(route, field.name))
        text += " \\\n     -F " + field.name + "=@file." +
                (upload->accept.empty() ? "pdf" : upload->accept.front());
      else if (field.required() && route.uploads.empty())
        body[field.name] = sample(field);
      else if (field.required())
        text += " \\\n     -F " + field.name + "=…";
    }
    if (route.has_with) body = Json{{"…", "…"}};
  }
  if (route.uploads.empty() && route.method != "GET")
    text += " \\\n     -H 'Content-Type: application/json' \\\n     -d " +
            in_single_quotes(to_text(body));
  return text + " \\\n     " + kTryAt + "/api/v1/" + app.name + route.path;
}

// The members of what comes back, one line each: `tones[].id`.
void answer_rows(const Type& type, const std::string& path, int depth, size_t& left,
                 std::string& rows) {
  for (const auto& [name, field] : type.fields()) {
    if (left == 0) return;
    --left;
    const std::string here = path.empty() ? name : path + "." + name;
    if (field.type.title() == app::file_type().title()) {
      rows += row({code(here), "a file: id, name, mime, size, url, expires_at"});
      continue;
    }
    std::string words = field.type.text();
    if (!field.type.values().empty()) words += ": " + any_of(field.type.values());
    rows += row({code(here), escaped(words) + (field.required ? "" : "; may be absent")});
    const Type& inner = field.type.is(Type::Kind::list) ? field.type.element() : field.type;
    if (depth > 1 && inner.is(Type::Kind::object))
      answer_rows(inner, field.type.is(Type::Kind::list) ? here + "[]" : here, depth - 1, left,
                  rows);
  }
}

std::string members(const Type& type) {
  std::string list;
  for (const auto& [name, field] : type.fields()) list += (list.empty() ? "" : ", ") + code(name);
  return list;
}

std::string pauses(const app::App& app, const app::Route& route) {
  std::string text;
  for (const app::Route& other : app.routes)
    if (&other != &route && other.does == app::Route::Does::resume && other.graph == route.graph)
      text += "<p>200 with the " + code("status") + " " + code("waiting") +
              " when the run pauses at " + code(other.interrupt) + "; " +
              code(other.method + " " + other.path) + " goes on with its " + code("run_id") +
              ".</p>";
  return text;
}

std::string answer(const app::App& app, const app::Route& route) {
  using Does = app::Route::Does;
  if (route.does == Does::waiting || route.does == Does::read)
    return "<p>200 with a page of " + code("items") + ".</p>";
  std::string text;
  if (route.async)
    text += "<p>202 with a " + code("job_id") + "; the job's result is:</p>";
  else if (route.output)
    text += "<p>200 with:</p>";
  else
    text += "<p>200 with " + code("run_id") + ", " + code("thread_id") + ", " + code("status") +
            " and " + code("output") + ", which is:</p>";
  const Type& type = route.output ? route.output->type() : app.graphs.at(route.graph).output_type;
  std::string rows;
  size_t left = kRows;
  answer_rows(type, "", kDepth, left, rows);
  std::string whole =
      rows.empty() ? "<p class=\"soft\">" + escaped(type.text()) + "</p>" : table(rows);
  if (left == 0) whole += "<p class=\"soft\">… and more; see openapi.json.</p>";
  if (kRows - left > kOpenRows)
    whole = "<details><summary>" + std::to_string(type.fields().size()) +
            " members: " + members(type) + "</summary>" + whole + "</details>";
  return (route.does == Does::start ? pauses(app, route) : "") + text + whole;
}

std::string period(milliseconds time) {
  const int64_t seconds = time.count() / 1000;
  for (const auto& [unit, name] : {std::pair<int64_t, const char*>{2'592'000, "in 30 days"},
                                   {604'800, "a week"},
                                   {86'400, "a day"},
                                   {3'600, "an hour"},
                                   {60, "a minute"}})
    if (seconds == unit) return name;
  return "in " + std::to_string(seconds) + " s";
}

std::string terms(const app::Route& route) {
  std::vector<std::string> parts;
  if (route.auth == app::Route::Auth::open)
    parts.push_back("public: no sign-in; a run is open to whoever knows its id");
  if (route.auth == app::Route::Auth::optional)
    parts.push_back("sign-in is optional; without, a run is open to whoever knows its id");
  if (!route.roles.empty()) parts.push_back("for the role " + any_of(route.roles));
  if (!route.answers.empty())
    parts.push_back("answers of anybody's runs for the role " + any_of(route.answers));
  if (!route.plans.empty()) parts.push_back("for the plan " + any_of(route.plans));
  for (const auto& [plan, quota] : route.quota)
    parts.push_back((plan.empty() ? "" : plan + ": ") + std::to_string(quota.count) + " calls " +
                    period(quota.period));
  for (const auto& [plan, rate] : route.rate)
    parts.push_back((plan.empty() ? "" : plan + ": ") + std::string("at most ") +
                    std::to_string(rate.count) + " calls " + period(rate.period) + ", evenly");
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + escaped(part);
  return text.empty() ? "" : "<p class=\"soft\">" + text + "</p>";
}

std::string route_section(const app::App& app, const app::Route& route) {
  std::string text = "<section><h2><b class=\"method\">" + route.method + "</b>" +
                     escaped("/api/v1/" + app.name + route.path) + "</h2>";
  if (!route.summary.empty())
    text += "<p>" + escaped(route.summary) + (route.summary.ends_with('.') ? "" : ".") + "</p>";
  text += terms(route);
  if (route.does == app::Route::Does::start || route.does == app::Route::Does::resume)
    if (const std::string rows = fields_sent(app, route); !rows.empty())
      text += std::string("<h3>Send") +
              (route.uploads.empty() ? " (application/json)" : " (multipart/form-data)") + "</h3>" +
              table(rows);
  text += "<h3>Try</h3><pre>" + escaped(command(app, route)) + "</pre>";
  return text + "<h3>Get</h3>" + answer(app, route) + "</section>";
}

std::string generated(const app::App& app) {
  std::string rows =
      row({code("GET /jobs/{id}"), "a job: status, progress, output"}) +
      row({code("GET /jobs/{id}/status"), "status and progress only"}) +
      row({code("GET /jobs/{id}/result"), "the output; 409 while it is not finished"}) +
      row({code("GET /jobs/{id}/events"),
           "server-sent events; " + code("Last-Event-ID") + " goes on after a break"}) +
      row({code("DELETE /jobs/{id}"), "cancels it"}) +
      row({code("/runs/{id}…"), "the same for runs that are no jobs"}) +
      row({code("GET /files/{id}?…"), "a file, by the link in an output"});
  for (const auto& [name, collection] : app.collections) {
    if (collection.list)
      rows += row({code("GET /" + name), "your rows, newest first; " + code("limit") + " and " +
                                             code("after") + " page"});
    if (collection.get) rows += row({code("GET /" + name + "/{id}"), "one of your rows"});
    if (collection.remove) rows += row({code("DELETE /" + name + "/{id}"), "deletes it"});
  }
  return "<section><h2>And under " + escaped("/api/v1/" + app.name) + "</h2>" + table(rows) +
         "</section>";
}

}  // namespace

std::string docs_page(const app::App& app) {
  const std::string title = escaped(app.title.empty() ? app.name : app.title);
  std::string page =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>" +
      title + "</title><style>" + kStyle + "</style><h1>" + title + "</h1>";
  if (!app.description.empty()) page += "<p>" + escaped(app.description) + "</p>";
  page +=
      "<p class=\"soft\">For programs: <a href=\"openapi.json\">openapi.json</a>. Sign in with " +
      code("Authorization: Bearer …") + "; on a development server " + code("dev:<user>") + " or " +
      code("dev:<user>:<plan>") + ". Errors are problem documents (RFC 9457) with a stable " +
      code("code") + ".</p>";
  for (const app::Route& route : app.routes) page += route_section(app, route);
  page += generated(app) + "<section><h2>With every POST</h2>" +
          table(row({code("Idempotency-Key: …"),
                     "the same request again gets the first one's answer and runs nothing"}) +
                row({code("Accept: text/event-stream"),
                     "events as they happen instead of one answer"}) +
                row({code("Prefer: respond-async"), "a job instead of an answer"})) +
          "</section>";
  return page + "</html>";
}

}  // namespace plenum::server
