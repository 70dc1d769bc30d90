// http: one request to a host that the app file names.
//
// What a run computes may fill path segments, the query, headers and the body, each encoded for its
// place; never the host.  The result of a write whose answer got lost is unknown, so that a write
// is repeated only with an idempotency key, by which the peer knows it again.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"
#include "engine/nodes/sent_headers.h"

namespace plenum::nodes {

namespace {

constexpr size_t kLongestUrl = 8192, kLargestBody = 4 << 20;

struct Http final : run::Node {
  app::Address get, post, put, patch, remove;
  app::Values query;
  app::Headers headers;
  app::Value body, idempotency;
  bool has_body = false, has_key = false;
  app::Auth auth;
  app::Statuses expect;

  const app::Address& address() const {
    for (const app::Address* one : {&get, &post, &put, &patch})
      if (*one) return *one;
    return remove;
  }
  const char* method() const {
    return get ? "GET" : post ? "POST" : put ? "PUT" : patch ? "PATCH" : "DELETE";
  }

  Result<run::Next> start(run::Visit& visit) const override {
    run::CallHttp call;
    call.method = method();
    call.url = TRY(url(visit.scope));
    call.auth = auth;
    call.expect = expect;
    call.local = address().origin.local;
    call.at_most_once = !get && !has_key;
    TRY(add_headers(visit.scope, call));
    if (has_body) TRY(add_body(visit.scope, call));
    return run::Next::perform(std::move(call));
  }

  Result<std::string> url(const Scope& scope) const {
    std::string text = TRY(address().in(scope));
    for (const auto& [name, value] : query) TRY(add_query(text, name, TRY(value.in(scope))));
    if (text.size() <= kLongestUrl) return text;
    return fail(Kind::invalid,
                "the URL would be longer than " + std::to_string(kLongestUrl) + " bytes",
                "bad_url");
  }

  // A list is the name again for each of its values; null is nothing.
  static Result<> add_query(std::string& url, const std::string& name, const Json& value) {
    if (value.is_array()) {
      for (const Json& item : value) {
        if (item.is_array()) return no_text("query", name, item);
        TRY(add_query(url, name, item));
      }
      return {};
    }
    if (value.is_null()) return {};
    if (value.is_object()) return no_text("query", name, value);
    url += (url.find('?') == std::string::npos ? '?' : '&') + percent_encoded(name) + '=' +
           percent_encoded(text(value));
    return {};
  }

  Result<> add_headers(const Scope& scope, run::CallHttp& call) const {
    call.headers = TRY(sent_headers(headers, scope));
    if (!has_key) return {};
    const Json key = TRY(idempotency.in(scope));
    if (key.is_null() || key.is_structured() || text(key).empty() || text(key).size() > 255)
      return fail(Kind::invalid, "`idempotency` is not a text of 1 to 255 characters",
                  "wrong_type");
    call.headers.push_back(TRY(sent_header("Idempotency-Key", text(key))));
    return {};
  }

  Result<> add_body(const Scope& scope, run::CallHttp& call) const {
    const Json value = TRY(body.in(scope));
    call.body = value.is_string() ? value.get<std::string>() : to_text(value);
    if (call.body.size() > kLargestBody)
      return fail(Kind::invalid,
                  "`body` would be larger than " + std::to_string(kLargestBody >> 20) + " MB",
                  "too_large");
    for (const auto& [name, unused] : call.headers)
      if (name.size() == 12 && strcasecmp(name.c_str(), "content-type") == 0) return {};
    call.headers.emplace_back("Content-Type",
                              value.is_string() ? "text/plain; charset=utf-8" : "application/json");
    return {};
  }

  static std::string text(const Json& value) {
    return value.is_string() ? value.get<std::string>() : to_text(value);
  }

  static Result<> no_text(const char* where, const std::string& name, const Json& value) {
    return fail(Kind::invalid,
                "`" + name + "` in `" + where + "` is text; this is " + type_name(value),
                "wrong_type");
  }

  Type result() const override {
    return Type::object({{"status", {Type::Kind::integer}},
                         {"headers", {Type::map(Type::Kind::string)}},
                         {"body", {Type()}}},
                        false, "the result of `http`");
  }
};

void check_http(app::Reader& reader, const yaml::Node& yaml, Http& http) {
  std::vector<std::string> methods;
  for (const char* method : {"get", "post", "put", "patch", "delete"})
    if (yaml.find(method)) methods.push_back(method);
  if (methods.size() != 1)
    return reader.report.error("S102", yaml.span,
                               "`http` needs exactly one of get, post, put, patch and delete",
                               "for example get: https://api.example.com/things");
  http.has_body = yaml.find("body") != nullptr;
  http.has_key = yaml.find("idempotency") != nullptr;
  if (methods[0] != "get") return;
  for (const char* key : {"body", "idempotency"})
    if (const yaml::Member* member = yaml.find_member(key))
      reader.report.error("S101", member->key_span,
                          quote(key) + " has no meaning for `get`: reading sends no data",
                          "remove it, or use post");
}

}  // namespace

NodeKind http_kind() {
  return KindOf<Http>("http",
                      "Sends one request to a host of `limits.hosts`; the result is its answer. A "
                      "write without `idempotency` is sent at most once.")
      .takes("get", &Http::get,
             "The URL to read; its host is fixed text, what follows may be filled in.")
      .takes("post", &Http::post, "The URL to post to.")
      .takes("put", &Http::put, "The URL to put to.")
      .takes("patch", &Http::patch, "The URL to patch.")
      .takes("delete", &Http::remove, "The URL to delete.")
      .takes("query", &Http::query, "Added to the URL; a list is the name again for each value.")
      .takes("headers", &Http::headers, "Further headers by name.")
      .takes("body", &Http::body, "What is sent: text as it is, everything else as JSON.")
      .takes("auth", &Http::auth,
             "A name of `secrets`: a token, user:password, or the value of X-API-Key (of another "
             "header: {Name: SECRET}).")
      .takes("expect", &Http::expect, "The statuses that are no error: codes and classes.")
      .takes("idempotency", &Http::idempotency,
             "Sent as Idempotency-Key: the peer acts once for it, so the write may be repeated.")
      .cacheable([](const Http& http) { return bool(http.get); })
      .retries(2)
      .timeout(std::chrono::seconds(15))
      .check(check_http);
}

}  // namespace plenum::nodes
