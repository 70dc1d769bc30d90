// A request's body as the input of a graph: JSON, or a form with uploads.
//
// A file value is made here and nowhere else: from an upload that was kept.  JSON cannot name a
// file.
#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "engine/effects/child/documents.h"
#include "server/front/multipart.h"
#include "server/handle.h"

namespace plenum::server {

namespace {

constexpr Millis kFilesKept = 90LL * 86'400'000;

std::string media_type(const front::Request& request) {
  const std::string* type = request.header("content-type");
  if (!type) return {};
  std::string word = type->substr(0, type->find(';'));
  while (!word.empty() && word.back() == ' ') word.pop_back();
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return tolower(c); });
  return word;
}

tl::unexpected<Error> unsupported(const std::string& found, const std::string& wanted) {
  return fail(Kind::invalid,
              "the body must be " + wanted +
                  (found.empty() ? ", named by Content-Type" : ", not " + quote(found)),
              "unsupported_media_type");
}

// A form's plain field: text where the input is text, otherwise JSON.
Json field_value(const app::Field& field, std::string_view text) {
  if (field.type.type.is(Type::Kind::string)) return Json(std::string(text));
  Result<Json> value = parse_json(text);
  return value ? *std::move(value) : Json(std::string(text));
}

struct Upload {
  const app::Upload* rule = nullptr;
  std::string name, mime, bytes, digest;
};

// What a form says, before the files are kept.
struct Form {
  Json fields = Json::object();
  std::vector<Upload> uploads;
};

// A file's name is for people: what would turn it around or hide a part of it is left out.
std::string shown_name(std::string name) {
  static constexpr std::array kHidden = {"\u061c", "\u200e", "\u200f", "\u202a",
                                         "\u202b", "\u202c", "\u202d", "\u202e",
                                         "\u2066", "\u2067", "\u2068", "\u2069"};
  for (const std::string_view hidden : kHidden)
    for (size_t at; (at = name.find(hidden)) != name.npos;) name.erase(at, hidden.size());
  return name;
}

tl::unexpected<Error> repeated(const std::string& field) {
  return fail(Kind::invalid, quote(field) + " comes twice in the form; send it once",
              "repeated_field");
}

Result<Upload> check_upload(const app::Upload& rule, const front::Part& part) {
  const std::string type = child::sniff(part.body, part.filename);
  if (part.body.size() > rule.max_bytes)
    return fail(
        Kind::invalid,
        quote(rule.field) + " is larger than " + std::to_string(rule.max_bytes >> 10) + " KB",
        "too_large");
  if (part.body.empty())
    return fail(Kind::invalid, "the file " + quote(rule.field) + " is empty", "unreadable_file");
  if (!rule.accept.empty() &&
      std::find(rule.accept.begin(), rule.accept.end(), type) == rule.accept.end())
    return fail(Kind::invalid,
                "the content of " + quote(rule.field) + " is " +
                    (type.empty() ? "of an unknown type" : type) +
                    "; accepted: " + any_of(rule.accept),
                "unsupported_type");
  return Upload{&rule, shown_name(part.filename), child::mime_of(type), std::string(part.body),
                sha256_hex(part.body)};
}

Result<Form> read_form(const front::Request& request, const app::Route& route,
                       const app::Graph& graph) {
  const std::string* type = request.header("content-type");
  Form form;
  for (const front::Part& part : TRY(front::parse_multipart(*type, request.body))) {
    const auto rule = std::find_if(route.uploads.begin(), route.uploads.end(),
                                   [&](const app::Upload& u) { return u.field == part.name; });
    if (rule != route.uploads.end()) {
      if (!part.is_file)
        return fail(Kind::invalid, quote(part.name) + " must be a file, with a filename",
                    "not_a_file");
      if (std::any_of(form.uploads.begin(), form.uploads.end(),
                      [&](const Upload& u) { return u.rule == &*rule; }))
        return repeated(part.name);
      form.uploads.push_back(TRY(check_upload(*rule, part)));
      continue;
    }
    if (part.is_file)
      return fail(Kind::invalid, "this route takes no file named " + quote(part.name),
                  "unexpected_file");
    if (form.fields.contains(part.name)) return repeated(part.name);
    const app::Field* field = app::find(graph.input, part.name);
    form.fields[part.name] = field ? field_value(*field, part.body) : Json(std::string(part.body));
  }
  return form;
}

// What expressions of `with` see.
Result<Json> mapped(const Exchange& exchange, Json body) {
  const app::Route& route = *exchange.match.endpoint->route;
  if (!route.has_with) return body;
  Json query = Json::object(), params = Json::object();
  for (const auto& [name, value] : exchange.request->query) query[name] = value;
  for (const auto& [name, value] : exchange.match.params) params[name] = value;
  const Json names{
      {"body", std::move(body)},    {"params", std::move(params)},
      {"query", std::move(query)},  {"user", exchange.caller.user},
      {"env", *exchange.app().env}, {"now", rfc3339(exchange.site.engine.clock().now())},
      {"run", Json::object()}};
  return app::compute(route.with, ObjectScope(names));
}

Result<Json> checked(const Exchange& exchange, Json body) {
  Json input = TRY(mapped(exchange, std::move(body)));
  const schema::Schema& schema = *exchange.match.endpoint->body;
  input = schema.with_defaults(std::move(input));
  std::vector<Violation> violations = schema.validate(input);
  if (violations.empty()) return input;
  Error error{Kind::invalid,
              "the body does not fit what " + exchange.match.endpoint->route->key() + " takes",
              "invalid_input",
              {}};
  error.violations = std::move(violations);
  return fail(std::move(error));
}

// `thread_id` continues a thread, unless the graph has an input of that name.  A route's `with` may
// read it all the same.
std::string take_thread(const app::Route& route, const app::Graph& graph, Json& body) {
  const Json* thread = plenum::find(body, "thread_id");
  if (!thread || !thread->is_string() || app::find(graph.input, "thread_id")) return {};
  std::string id = thread->get<std::string>();
  if (!route.has_with) body.erase("thread_id");
  return id;
}

// Keeps the uploads one after the other, then hands over the input with them.
void keep(Exchange exchange, std::shared_ptr<std::vector<Upload>> uploads, size_t next, Input input,
          OnInput done) {
  if (next == uploads->size()) return done(std::move(input));
  Upload& upload = (*uploads)[next];
  const Millis until = exchange.site.engine.clock().now() + kFilesKept;
  exchange.site.engine.keep_file(
      exchange.owner(), upload.name, upload.mime, std::move(upload.bytes), until,
      [exchange, uploads, next, input = std::move(input), done](Result<FileRow> file) mutable {
        if (!file) return done(tl::unexpected(std::move(file).error()));
        const Upload& upload = (*uploads)[next];
        input.value[upload.rule->field] = Json{
            {"id", file->id}, {"name", file->name}, {"mime", file->mime}, {"size", file->size}};
        input.meaning.push_back({upload.rule->field, upload.name, upload.digest});
        keep(std::move(exchange), uploads, next + 1, std::move(input), std::move(done));
      });
}

Result<> all_there(const app::Graph& graph, const std::vector<Upload>& uploads) {
  for (const app::Field& field : graph.input) {
    const bool there = std::any_of(uploads.begin(), uploads.end(),
                                   [&](const Upload& u) { return u.rule->field == field.name; });
    if (!field.type.file || !field.required() || there) continue;
    Error error{Kind::invalid, "the file " + quote(field.name) + " is missing", "missing_file", {}};
    error.violations = {{"", "the file `" + field.name + "` is required"}};
    return fail(std::move(error));
  }
  return {};
}

}  // namespace

Result<Json> read_body(const front::Request& request) {
  const std::string type = media_type(request);
  if (request.body.empty()) return Json(Json::object());
  if (type != "application/json" && !type.ends_with("+json"))
    return unsupported(type, "application/json");
  Result<Json> body = parse_json(request.body);
  if (!body) {
    Error error = std::move(body).error();
    return fail(Kind::invalid, "the body is not JSON: " + error.message, "malformed_json");
  }
  if (!body->is_object()) {
    Error error{Kind::invalid,
                std::string("the body must be a JSON object, not ") + type_name(*body),
                "invalid_input",
                {}};
    error.violations = {{"", "must be an object"}};
    return fail(std::move(error));
  }
  return body;
}

void read_input(const Exchange& exchange, OnInput done) {
  const app::Route& route = *exchange.match.endpoint->route;
  const app::Graph& graph = exchange.app().graphs.at(route.graph);
  Form form;
  if (route.uploads.empty()) {
    Result<Json> body = read_body(*exchange.request);
    if (!body) return done(tl::unexpected(std::move(body).error()));
    form.fields = *std::move(body);
  } else {
    const std::string type = media_type(*exchange.request);
    if (type != "multipart/form-data") return done(unsupported(type, "multipart/form-data"));
    Result<Form> read = read_form(*exchange.request, route, graph);
    if (!read) return done(tl::unexpected(std::move(read).error()));
    form = *std::move(read);
  }
  Json meaning = Json::array({form.fields});
  for (const auto& [name, value] : exchange.request->query) meaning.push_back({name, value});
  std::string thread = take_thread(route, graph, form.fields);
  Result<Json> input = checked(exchange, std::move(form.fields));
  if (!input) return done(tl::unexpected(std::move(input).error()));
  if (const Result<> there = all_there(graph, form.uploads); !there)
    return done(tl::unexpected(there.error()));
  keep(exchange, std::make_shared<std::vector<Upload>>(std::move(form.uploads)), 0,
       Input{*std::move(input), std::move(meaning), std::move(thread)}, std::move(done));
}

}  // namespace plenum::server
