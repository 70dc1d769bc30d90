#include "server/headers.h"

#include <algorithm>

#include "engine/base/diagnostic.h"

namespace plenum::server {

namespace {

constexpr std::string_view kApps = "/api/v1/";
constexpr const char* kRequestHeaders =
    "Accept, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Plenum-Thread, Prefer, "
    "X-Api-Key";
constexpr const char* kAnswerHeaders =
    "Content-Disposition, Idempotent-Replayed, Location, Plenum-Model, Plenum-Run, Retry-After, "
    "WWW-Authenticate, X-Request-Id";

void add(front::Response& response, const char* name, const std::string& value) {
  const auto same = [&](const auto& header) { return strcasecmp(header.first.c_str(), name) == 0; };
  if (std::none_of(response.headers.begin(), response.headers.end(), same))
    response.headers.emplace_back(name, value);
}

// The rules of the app that the path names, served or not; null: none.
const Cors* cors_of(const HeaderRules& rules, const std::string& path) {
  if (!path.starts_with(kApps)) return nullptr;
  const size_t end = std::min(path.find('/', kApps.size()), path.size());
  const auto it = rules.cors.find(path.substr(kApps.size(), end - kApps.size()));
  return it == rules.cors.end() ? nullptr : &it->second;
}

// The configured origin that the request comes from, never what the request says.
const std::string* origin_of(const Cors& cors, const front::Head& head) {
  const std::string* origin = head.header("origin");
  if (!origin) return nullptr;
  const auto it = std::find(cors.origins.begin(), cors.origins.end(), *origin);
  return it == cors.origins.end() ? nullptr : &*it;
}

// A reply on its way through: adds what was found out about the request.
class Headed final : public front::Reply::Exchange {
 public:
  Headed(front::Reply reply, front::Headers headers, const HeaderRules& rules)
      : reply_(std::move(reply)), headers_(std::move(headers)), rules_(rules) {}

  void send(front::Response response) override { reply_.send(headed(std::move(response))); }
  void start(front::Response head) override { reply_.start(headed(std::move(head))); }
  bool write(std::string_view bytes) override { return reply_.write(bytes); }
  void end() override { reply_.end(); }
  bool behind(std::function<void()> hook) override { return reply_.behind(std::move(hook)); }
  void on_gone(std::function<void()> hook) override { reply_.on_gone(std::move(hook)); }

 private:
  front::Response headed(front::Response response) const {
    for (const auto& [name, value] : headers_) add(response, name.c_str(), value);
    add_security_headers(rules_, response);
    return response;
  }

  const front::Reply reply_;
  const front::Headers headers_;
  const HeaderRules& rules_;
};

}  // namespace

Result<> check_origin(const std::string& origin) {
  const auto plain = [](unsigned char c) {
    return islower(c) || isdigit(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  };
  const size_t host = origin.find("://");
  const std::string_view rest =
      host == origin.npos ? std::string_view() : std::string_view(origin).substr(host + 3);
  const size_t port = rest.rfind(':');
  const std::string_view name = rest.ends_with(']') ? rest : rest.substr(0, port);
  const bool local = name == "localhost" || name == "127.0.0.1" || name == "[::1]";
  const bool scheme = origin.starts_with("https://") || (origin.starts_with("http://") && local);
  if (scheme && !name.empty() && std::all_of(rest.begin(), rest.end(), plain)) return {};
  return fail(Kind::invalid,
              quote(origin) +
                  " is not an origin; write https://HOST or https://HOST:PORT in small "
                  "letters, without a path (http:// for localhost only)");
}

void add_security_headers(const HeaderRules& rules, front::Response& response) {
  add(response, "X-Content-Type-Options", "nosniff");
  add(response, "Referrer-Policy", "no-referrer");
  add(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  add(response, "Cache-Control", "no-store");
  if (rules.tls) add(response, "Strict-Transport-Security", "max-age=31536000");
}

front::Reply with_headers(const HeaderRules& rules, const front::Head& head,
                          const std::string& request_id, front::Reply reply) {
  front::Headers headers{{"X-Request-Id", request_id}};
  if (const Cors* cors = cors_of(rules, head.path)) {
    headers.emplace_back("Vary", "Origin");
    if (const std::string* origin = origin_of(*cors, head)) {
      headers.emplace_back("Access-Control-Allow-Origin", *origin);
      headers.emplace_back("Access-Control-Expose-Headers", kAnswerHeaders);
      if (cors->credentials) headers.emplace_back("Access-Control-Allow-Credentials", "true");
    }
  }
  return front::Reply(std::make_shared<Headed>(std::move(reply), std::move(headers), rules));
}

bool is_preflight(const HeaderRules& rules, const front::Head& head) {
  if (head.method != "OPTIONS" || !head.header("access-control-request-method")) return false;
  const Cors* cors = cors_of(rules, head.path);
  return cors && origin_of(*cors, head);
}

front::Response preflight(const std::vector<std::string>& methods) {
  std::string all;
  for (const std::string& method : methods) all += (all.empty() ? "" : ", ") + method;
  return {204,
          {{"Access-Control-Allow-Methods", all},
           {"Access-Control-Allow-Headers", kRequestHeaders},
           {"Access-Control-Max-Age", "600"},
           {"Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}},
          ""};
}

}  // namespace plenum::server
