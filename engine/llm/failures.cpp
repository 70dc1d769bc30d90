// A provider's refusal as our Error.
//
// The providers' error bodies differ in shape, but their words do not collide, so one table reads
// them all; the compatible servers that mix dialects then need no code of their own.  The order of
// the rules matters: words are more exact than statuses (a wrong key can be a 400, an empty purse a
// 429).
#include <curl/curl.h>

#include <charconv>

#include "engine/llm/wire.h"

namespace plenum::llm {
namespace {

using std::chrono::milliseconds;

// What an error body says, gathered from wherever its dialect puts it.
struct Complaint {
  int status = 0;
  std::vector<std::string> words;  // codes, types and reasons, in lower case
  std::string message;
  bool json = false;
  std::optional<bool> retryable;  // the peer's own word

  bool says(std::initializer_list<std::string_view> any) const {
    return std::any_of(any.begin(), any.end(), [&](std::string_view word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    });
  }
  bool tells(std::initializer_list<std::string_view> any) const {
    return std::any_of(any.begin(), any.end(), [&](std::string_view part) {
      return message.find(part) != std::string::npos;
    });
  }
};

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void add_word(Complaint& complaint, const Json& object, std::string_view key) {
  if (const Json* word = find(object, key); word && word->is_string())
    complaint.words.push_back(lower_case(word->get<std::string>()));
}

// `error` of the body; some dialects wrap it in an array, some make it a string.
const Json* error_in(const Json& body) {
  if (body.is_array() && !body.empty()) return error_in(body.front());
  const Json* error = find(body, "error");
  return error && !error->is_null() ? error : nullptr;
}

void read_details(Complaint& complaint, const Json& details) {
  if (details.is_object()) add_word(complaint, details, "error_code");
  if (!details.is_array()) return;
  for (const Json& detail : details) {
    add_word(complaint, detail, "reason");
    const Json* violations = find(detail, "violations");
    if (!violations || !violations->is_array()) continue;
    for (const Json& violation : *violations)
      if (lower_case(text_or(violation, "quotaId")).find("perday") != std::string::npos)
        complaint.words.push_back("quota_per_day");
  }
}

// What a body means that came with a 200: an error in the middle of a stream has no status.
int status_in_words(const Complaint& complaint) {
  if (complaint.says({"overloaded_error", "server_is_overloaded", "unavailable"})) return 503;
  if (complaint.says({"rate_limit_error", "rate_limit_exceeded", "resource_exhausted"})) return 429;
  if (complaint.says({"timeout_error", "deadline_exceeded"})) return 504;
  if (complaint.says({"server_error", "api_error", "internal"})) return 500;
  return complaint.status;
}

Complaint complaint_of(const http::Response& response, const Json& body) {
  Complaint complaint;
  complaint.status = response.status;
  const Json* error = error_in(body);
  complaint.json = error != nullptr;
  if (error && error->is_string()) complaint.message = error->get<std::string>();
  if (error && error->is_object()) {
    for (const char* key : {"status", "type", "code"}) add_word(complaint, *error, key);
    if (const Json* meta = find(*error, "metadata")) add_word(complaint, *meta, "error_type");
    if (const Json* details = find(*error, "details")) read_details(complaint, *details);
    if (const Json* code = find(*error, "code");
        code && code->is_number_integer() && response.status < 400)
      complaint.status = code->get<int>();
    if (const Json* there = find(*error, "availability"))
      if (const Json* word = find(*there, "retryable"); word && word->is_boolean())
        complaint.retryable = word->get<bool>();
    complaint.message = text_or(*error, "message");
  }
  if (complaint.status < 400) complaint.status = status_in_words(complaint);
  if (const std::string* word = response.header("x-should-retry"))
    if (*word == "true" || *word == "false") complaint.retryable = *word == "true";
  return complaint;
}

// What may be repeated of a provider's own words: one line of printable text, without the key,
// without anything that stands in the prompt, and not much of it.
std::string shown(std::string message, const Access& access, const Call& call) {
  constexpr size_t kMost = 240, kQuote = 12;
  if (!access.key.empty())
    for (size_t at; (at = message.find(access.key)) != std::string::npos;)
      message.replace(at, access.key.size(), "…");
  std::string out;
  for (size_t i = 0; i < message.size() && out.size() < kMost;) {
    const std::string_view window = std::string_view(message).substr(i, kQuote);
    const auto quotes = [&](const std::string& text) {
      return text.find(window) != std::string::npos;
    };
    if (window.size() == kQuote &&
        (quotes(call.system) ||
         std::any_of(call.messages.begin(), call.messages.end(),
                     [&](const Message& one) { return quotes(one.text); }))) {
      if (out.size() < 3 || out.compare(out.size() - 3, 3, "…") != 0) out += "…";
      i += kQuote;
      continue;
    }
    const unsigned char c = message[i++];
    out += c < 0x20 || c == 0x7f ? ' ' : static_cast<char>(c);
  }
  if (out.size() >= kMost)  // not in the middle of a character
    while (!out.empty() && static_cast<unsigned char>(out.back()) >= 0x80) out.pop_back();
  return out;
}

Error rejected(const Peer& peer, const Complaint& complaint, const Access& access,
               const Call& call) {
  std::string message =
      std::string(peer.name) + " rejected the request (" + std::to_string(complaint.status) + ")";
  if (!complaint.message.empty()) message += ": " + shown(complaint.message, access, call);
  if (!complaint.json)
    message += ": the answer is not one of " + std::string(peer.name) + "; check its base_url";
  return {Kind::invalid, std::move(message), "provider_rejected", {}};
}

Error judge(const Peer& peer, const Complaint& it, const Access& access, const Call& call) {
  const std::string who = peer.name;
  if (it.status == 402 || (it.status == 429 && it.retryable == false) ||
      it.says({"insufficient_quota", "credit_balance_exhausted",
               "organization_spend_limit_exceeded", "project_spend_limit_exceeded",
               "organization_usage_limit_exceeded", "billing_error", "payment_required",
               "enforced_spend_limit_reached", "contract_spend_limit_reached", "quota_per_day"}) ||
      it.tells({"credit balance is too low"}))
    return {Kind::limited,
            "the quota or credit of the key for " + who + " is used up: check its plan and billing",
            "quota_exhausted",
            {}};
  if (it.status == 401 || it.status == 403 || it.tells({"API key not valid", "API key expired"}) ||
      it.says({"api_key_invalid", "invalid_api_key", "authentication_error", "permission_error",
               "authentication"}))
    return {
        Kind::denied, who + " refused the key: check " + peer.key_variable, "provider_auth", {}};
  if (it.status == 413 ||
      it.says({"context_length_exceeded", "request_too_large", "max_tokens_exceeded"}) ||
      (it.status == 400 && it.tells({"context length", "maximum context", "prompt is too long",
                                     "input token count", "exceeds the maximum number of tokens"})))
    return {Kind::invalid,
            "the prompt is longer than model `" + call.model +
                "` accepts: shorten it, or use a model that takes more",
            "context_too_long",
            {}};
  if (it.says({"model_not_found"}) || (it.status == 404 && it.json))
    return {
        Kind::invalid,
        who + " has no model `" + call.model + "`: check `use` of the model, and its key's access",
        "model_not_found",
        {}};
  if (it.says({"content_policy_violation", "refusal", "content_filter"}))
    return refused(peer, "the prompt", "content policy");
  if (it.says({"tool_use_failed", "json_validate_failed"}))
    return unfinished(peer, "the model missed the schema");
  if (it.status == 429)
    return {Kind::limited, who + " limits the calls with this key; try again later", {}, {}};
  if (it.retryable == false) return rejected(peer, it, access, call);
  if (it.status == 408 || it.status == 504)
    return {
        Kind::timeout, who + " did not finish in time (" + std::to_string(it.status) + ")", {}, {}};
  if (it.status >= 500 || it.status == 409 || it.status == 425 || it.status == 499 ||
      it.retryable == true)
    return {Kind::unavailable,
            who + " is not available (" + std::to_string(it.status) + "); try again later",
            {},
            {}};
  return rejected(peer, it, access, call);
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc() || end != text.data() + text.size() || !(value >= 0))
    return std::nullopt;
  return value;
}

std::optional<milliseconds> clamped(std::optional<double> ms) {
  constexpr double kMost = 15 * 60 * 1000;
  if (!ms) return std::nullopt;
  return milliseconds(static_cast<int64_t>(std::min(*ms, kMost)));
}

// Retry-After as a date counts from the response's own date: the peer's clock may be off, and we
// look at none.
std::optional<double> until_date(const http::Response& response, const std::string& date) {
  const std::string* sent = response.header("date");
  if (!sent) return std::nullopt;
  const time_t then = curl_getdate(date.c_str(), nullptr),
               now = curl_getdate(sent->c_str(), nullptr);
  if (then < 0 || now < 0) return std::nullopt;
  return std::max<double>(0, difftime(then, now)) * 1000;
}

std::optional<double> seconds_in_body(const Json& body) {
  const Json* error = error_in(body);
  if (!error) return std::nullopt;
  if (const Json* details = find(*error, "details"); details && details->is_array())
    for (const Json& detail : *details) {
      std::string delay = text_or(detail, "retryDelay");
      if (!delay.empty() && delay.back() == 's') delay.pop_back();
      if (const auto seconds = number(delay)) return seconds;
    }
  if (const Json* there = find(*error, "availability"))
    if (const Json* seconds = find(*there, "retry_after"); seconds && seconds->is_number())
      return std::max(0.0, seconds->get<double>());
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> wait_asked(const http::Response& response, const Json& body) {
  if (const std::string* text = response.header("retry-after-ms"))
    if (const auto ms = number(*text)) return clamped(ms);
  if (const std::string* text = response.header("retry-after")) {
    if (const auto seconds = number(*text)) return clamped(*seconds * 1000);
    if (const auto ms = until_date(response, *text)) return clamped(ms);
  }
  if (const auto seconds = seconds_in_body(body)) return clamped(*seconds * 1000);
  return std::nullopt;
}

Result<Json> read_body(const Peer& peer, const Access& access, const Call& call,
                       const http::Response& response) {
  constexpr JsonLimits kLimits = {32 << 20, 128, 1'000'000, 16 << 20, 10'000};
  Result<Json> body = parse_json(response.body, kLimits);
  const bool success = response.status >= 200 && response.status < 300;
  if (success && body && !error_in(*body)) return body;
  if (success && !body) return fail(unfinished(peer, "it is not JSON"));
  const Json said = body ? *std::move(body) : Json();
  Error error = judge(peer, complaint_of(response, said), access, call);
  error.retry_after = wait_asked(response, said);
  for (const char* name : {"x-request-id", "request-id"})
    if (const std::string* id = response.header(name)) error.trail = "request " + id->substr(0, 80);
  return fail(std::move(error));
}

}  // namespace plenum::llm
