#include "engine/effects/call_http.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/ids.h"
#include "engine/base/url.h"
#include "engine/base/utf8.h"
#include "engine/llm/wire.h"

namespace plenum {

namespace {

constexpr size_t kLargestAnswer = 1 << 20;

std::string host_of(const run::CallHttp& call) {
  const Result<Origin> origin = read_origin(call.url);
  return quote(origin ? origin->text() : "?");
}

http::Headers::value_type credential(const app::Auth& auth, const Secret& secret) {
  switch (auth.how) {
    case app::Auth::How::basic:
      return {"Authorization", "Basic " + base64(secret.reveal())};
    case app::Auth::How::header:
      return {auth.header, secret.reveal()};
    default:
      return {"Authorization", "Bearer " + secret.reveal()};
  }
}

bool is_json(const http::Response& response) {
  const std::string* header = response.header("content-type");
  if (!header) return false;
  std::string type = header->substr(0, header->find(';'));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  for (char& c : type) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

// Text that can be kept as JSON: what is not UTF-8 becomes U+FFFD.
std::string as_text(const std::string& bytes) {
  std::string out;
  std::string_view rest = bytes;
  for (size_t bad; (bad = find_bad_utf8(rest)) != rest.npos; rest.remove_prefix(bad + 1))
    append_utf8(out.append(rest.substr(0, bad)), 0xFFFD);
  return out.append(rest);
}

std::string without(std::string text, const std::string& value, const std::string& instead) {
  for (size_t at = 0; (at = text.find(value, at)) != std::string::npos; at += instead.size())
    text.replace(at, value.size(), instead);
  return text;
}

Json headers_of(const http::Response& response, const run::CallHttp& call, const Secrets& secrets) {
  Json headers = Json::object();
  for (const auto& [name, value] : response.headers) {
    const std::string text = without_secret(as_text(value), call.auth, secrets);
    if (Json& there = headers[as_text(name)]; there.is_null())
      there = text;
    else
      there = there.get<std::string>() + ", " + text;
  }
  return headers;
}

// What may be asked again when it has been answered: reading, and a write that the peer knows
// again.
bool repeatable(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

Error unexpected_status(const run::CallHttp& call, const http::Response& response) {
  const int status = response.status;
  Error error{Kind::invalid,
              host_of(call) + " answered with the status " + std::to_string(status) +
                  "; `expect` has " + call.expect.text(),
              "http_status",
              {}};
  error.status = 502;
  if (!repeatable(status) || call.at_most_once) return error;
  error.kind = status == 429 ? Kind::limited : status == 408 ? Kind::timeout : Kind::unavailable;
  error.status = status == 429 || status == 503 ? 503 : 502;
  error.retry_after = llm::wait_asked(response, Json());
  return error;
}

}  // namespace

std::string without_secret(std::string text, const app::Auth& auth, const Secrets& secrets) {
  if (auth.how == app::Auth::How::none) return text;
  const std::optional<Secret> secret = secrets.find(auth.secret);
  if (!secret) return text;
  const std::string instead = "[secret " + auth.secret + "]";
  text = without(std::move(text), secret->reveal(), instead);
  if (auth.how == app::Auth::How::basic)
    text = without(std::move(text), base64(secret->reveal()), instead);
  return text;
}

Result<http::Request> http_request(const run::CallHttp& call, std::chrono::milliseconds timeout,
                                   const Secrets& secrets, bool allow_local) {
  const Result<Origin> origin = read_origin(call.url);
  if (!origin || origin->local != call.local)
    return fail(Kind::denied, "this URL cannot be called", "address_denied");
  if (origin->local && !allow_local)
    return fail(Kind::denied,
                host_of(call) +
                    " is on this machine, which only the setting "
                    "`outbound.allow_local` allows, in development",
                "address_denied");
  http::Request request;
  request.method = call.method;
  request.url = call.url;
  request.headers = call.headers;
  request.body = call.body;
  if (timeout.count() > 0) request.timeout = timeout;
  request.max_response_bytes = kLargestAnswer;
  request.trusted_destination = origin->local;
  request.at_most_once = call.at_most_once;
  if (call.auth.how == app::Auth::How::none) return request;
  const std::optional<Secret> secret = secrets.find(call.auth.secret);
  if (!secret)
    return fail(Kind::unavailable, "the secret `" + call.auth.secret + "` is not set",
                "secret_missing");
  request.headers.push_back(credential(call.auth, *secret));
  return request;
}

Result<Json> http_result(const run::CallHttp& call, const http::Response& response,
                         const Secrets& secrets) {
  if (!call.expect.hold(response.status)) return fail(unexpected_status(call, response));
  Json result{{"status", response.status},
              {"headers", headers_of(response, call, secrets)},
              {"body", nullptr}};
  if (response.body.empty()) return result;
  if (!is_json(response)) {
    result["body"] = without_secret(as_text(response.body), call.auth, secrets);
    return result;
  }
  constexpr JsonLimits kLimits{kLargestAnswer, 64, 100'000, kLargestAnswer, 10'000};
  Result<Json> body = parse_json(without_secret(response.body, call.auth, secrets), kLimits);
  if (body) {
    result["body"] = *std::move(body);
    return result;
  }
  Error error{call.at_most_once ? Kind::invalid : Kind::unavailable,
              host_of(call) + " answered with JSON that cannot be read",
              "http_body",
              {}};
  error.status = 502;
  return fail(std::move(error));
}

Error http_failure(const run::CallHttp& call, Error error) {
  if (error.kind == Kind::invalid || error.kind == Kind::denied) error.status = 502;
  if (error.kind == Kind::limited) error.status = 503;  // our own line of calls, no client's limit
  const bool unknown = (error.kind == Kind::timeout || error.kind == Kind::unavailable) &&
                       error.code != "connect_failed" && error.code != "cancelled";
  if (!call.at_most_once || !unknown) return error;
  error.status = error.kind == Kind::timeout ? 504 : 502;
  error.kind = Kind::conflict;
  error.code = "ambiguous_effect";
  error.message += "; whether " + host_of(call) +
                   " acted on it is unknown, and without `idempotency` it is not sent again";
  return error;
}

}  // namespace plenum
