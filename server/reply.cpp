#include "server/reply.h"

#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "server/links.h"

namespace plenum::server {

namespace {

const char* phrase(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

// Codes whose status their kind alone does not tell.
int status_of_code(const std::string& code) {
  static const std::map<std::string, int, std::less<>> kStatus = {
      {"unauthenticated", 401},
      {"invalid_token", 401},
      {"token_expired", 401},
      {"plan_required", 402},
      {"method_not_allowed", 405},
      {"not_acceptable", 406},
      {"unsupported_media_type", 415},
      {"unsupported_type", 415},
      {"too_large", 413},
      {"too_many_pages", 422},
      {"too_many_files", 422},
      {"unreadable_file", 422},
      {"encrypted_file", 422},
      {"wrong_type", 422},
      {"idempotency_mismatch", 422},
      {"provider_refused", 422},
      {"context_too_long", 422},
      {"cost_limit", 422},
      {"step_limit", 422},
      {"state_limit", 422},
      {"answer_expired", 410},
      // What the client sent is not at fault: the model or its provider is.
      {"provider_auth", 502},
      {"provider_rejected", 502},
      {"model_not_found", 502},
      {"quota_exhausted", 502},
      {"model_answer_cut", 502},
      {"model_answer_invalid", 502},
      {"provider_limited", 503}};
  const auto it = kStatus.find(code);
  return it == kStatus.end() ? 0 : it->second;
}

// RFC 6750: a client learns that a new token helps, and not which rule the old one broke.
std::string challenge(const Error& error) {
  if (error.code == "invalid_token") return "Bearer error=\"invalid_token\"";
  if (error.code == "token_expired")
    return "Bearer error=\"invalid_token\", error_description=\"the token has expired\"";
  if (error.code == "insufficient_scope") return "Bearer error=\"insufficient_scope\"";
  return "Bearer";
}

std::string seconds_up(milliseconds time) {
  return std::to_string(std::max<int64_t>(1, (time.count() + 999) / 1000));
}

// As the language lists them: what is being cancelled has no other end any more.
const char* status_word(RunStatus status) {
  if (status == RunStatus::dead) return name(RunStatus::failed);
  if (status == RunStatus::cancelling) return name(RunStatus::cancelled);
  return name(status);
}

std::string folder_of(const RunView& run) {
  return run.job ? "jobs" : "runs";
}

}  // namespace

int status_of(const Error& error) {
  if (error.status) return error.status;
  if (const int status = status_of_code(error.code)) return status;
  switch (error.kind) {
    case Kind::invalid:
      return error.violations.empty() ? 400 : 422;
    case Kind::not_found:
      return 404;
    case Kind::denied:
      return 403;
    case Kind::conflict:
      return 409;
    case Kind::limited:
      return 429;
    case Kind::timeout:
      return 504;
    case Kind::unavailable:
      return 503;
    case Kind::internal:
      return 500;
  }
  return 500;
}

front::Response json_response(int status, const Json& body) {
  return {status,
          {{"Content-Type", "application/json"},
           {"Cache-Control", "no-store"},
           {"X-Content-Type-Options", "nosniff"}},
          to_text(body)};
}

front::Response problem(const Error& error, const std::string& request_id) {
  const int status = status_of(error);
  const bool hidden = error.kind == Kind::internal && !error.status;
  Json body{{"type", "about:blank"},
            {"title", phrase(status)},
            {"status", status},
            {"detail", hidden ? "Something went wrong in the server; the log has the details."
                              : error.message},
            {"code", error.stable_code()}};
  if (!request_id.empty()) body["request_id"] = request_id;
  if (!error.violations.empty()) {
    Json errors = Json::array();
    for (const Violation& v : error.violations)
      errors.push_back(Json{{"pointer", v.pointer}, {"detail", v.message}});
    body["errors"] = std::move(errors);
  }
  front::Response response = json_response(status, body);
  response.headers[0].second = "application/problem+json";
  if (!request_id.empty()) response.headers.emplace_back("X-Request-Id", request_id);
  if (error.retry_after)
    response.headers.emplace_back("Retry-After", seconds_up(*error.retry_after));
  else if (status == 503 || status == 429)
    response.headers.emplace_back("Retry-After", "1");
  if (status == 401 || error.code == "insufficient_scope")
    response.headers.emplace_back("WWW-Authenticate", challenge(error));
  return response;
}

Json with_links(Json output, const Links& links, const Owner& owner, Millis now) {
  if (output.is_array())
    for (Json& item : output) item = with_links(std::move(item), links, owner, now);
  if (!output.is_object()) return output;
  const Json* id = find(output, "id");
  const bool file = output.size() == 4 && id && id->is_string() && find(output, "name") &&
                    find(output, "mime") && find(output, "size") &&
                    is_id(id->get_ref<const std::string&>(), "file");
  if (file) {
    const Millis expires = now + Links::kLifetime;
    output["url"] = links.url(owner, id->get<std::string>(), expires);
    output["expires_at"] = rfc3339(expires / 1000 * 1000);
    return output;
  }
  for (auto& [key, value] : output.items()) value = with_links(std::move(value), links, owner, now);
  return output;
}

Json run_status(const RunView& run, bool whole) {
  Json body{{run.job ? "job_id" : "run_id", run.id},
            {"status", status_word(run.status)},
            {"progress", {{"percent", run.percent}, {"message", run.message}}},
            {"created_at", rfc3339(run.created_at)},
            {"started_at", run.started_at ? Json(rfc3339(run.started_at)) : Json()},
            {"finished_at", run.finished_at ? Json(rfc3339(run.finished_at)) : Json()}};
  body["error"] = run.error
                      ? Json{{"code", run.error->stable_code()}, {"message", run.error->message}}
                      : Json();
  if (!whole) return body;
  body["thread_id"] = run.thread;
  body["graph"] = run.graph;
  if (!run.model.empty()) body["model"] = run.model;
  body["cost_usd"] = run.cost_usd;
  if (run.status == RunStatus::waiting) body["at"] = run.at;
  return body;
}

front::Response run_response(const RunView& run, const app::Route& route, const Links& links,
                             const Owner& owner, Millis now, const std::string& request_id) {
  front::Response response;
  // A call that asked for a job is answered with the job, also when it is replayed later.
  const bool accepted = run.job && route.does == app::Route::Does::start;
  const bool stopped = run.status == RunStatus::completed || run.status == RunStatus::waiting;
  if (stopped && !accepted) {
    Json output = with_links(run.output, links, owner, now);
    if (route.output && run.status == RunStatus::completed) {
      response = json_response(200, output);
    } else {
      Json body{{"run_id", run.id}, {"thread_id", run.thread}, {"status", name(run.status)}};
      if (run.status == RunStatus::waiting) body["at"] = run.at;
      if (run.model == "offline") body["model"] = run.model;
      body["output"] = std::move(output);
      response = json_response(200, body);
    }
  } else if (!accepted && (run.status == RunStatus::failed || run.status == RunStatus::dead)) {
    Error error = run.error.value_or(Error{Kind::internal, "the run failed", "poison", {}});
    response = problem(error, request_id);
    Result<Json> body = parse_json(response.body);
    if (body) {
      (*body)["run_id"] = run.id;
      response.body = to_text(*body);
    }
    return response;
  } else if (!accepted &&
             (run.status == RunStatus::cancelled || run.status == RunStatus::cancelling)) {
    return problem(Error{Kind::conflict, "the run was cancelled", "cancelled", {}}, request_id);
  } else {
    const std::string url = "/api/v1/" + owner.app + "/" + folder_of(run) + "/" + run.id;
    response = json_response(202, Json{{run.job ? "job_id" : "run_id", run.id},
                                       {"status", status_word(run.status)},
                                       {"status_url", url}});
    response.headers.emplace_back("Location", url);
    response.headers.emplace_back("Retry-After", "1");
  }
  if (run.model == "offline") response.headers.emplace_back("Plenum-Model", "offline");
  if (run.replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  return response;
}

}  // namespace plenum::server
