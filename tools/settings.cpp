#include "tools/settings.h"

#include <charconv>
#include <filesystem>

#include "engine/base/diagnostic.h"
#include "tools/settings_file.h"
#include "tools/settings_purchases.h"
#include "tools/settings_sign_in.h"

namespace plenum::tools {

namespace {

std::vector<std::string> known() {
  std::vector<std::string> all = {"listen",
                                  "data",
                                  "mode",
                                  "allow_unsandboxed",
                                  "connections",
                                  "connections_per_address",
                                  "requests_per_minute_per_address",
                                  "proxies",
                                  "disk_reserve_mb",
                                  "runs_at_once",
                                  "outbound.allow_local",
                                  "outbound.connections_per_host",
                                  "outbound.retry_budget",
                                  "outbound.breaker_calls",
                                  "budgets.app_usd_per_day",
                                  "budgets.user_usd_per_day",
                                  "watch",
                                  "log_requests",
                                  "metrics.listen",
                                  "drain.accept_seconds",
                                  "drain.work_seconds"};
  for (const std::string& provider : llm::provider_names())
    for (const char* key :
         {"base_url", "api_version", "concurrency", "requests_per_minute", "tokens_per_minute"})
      all.push_back("providers." + provider + "." + key);
  for (const char* key : {"behind_tls", "apps.*.cors.origins", "apps.*.cors.credentials"})
    all.push_back(key);
  for (std::string& key : sign_in_keys()) all.push_back(std::move(key));
  for (std::string& key : purchase_keys()) all.push_back(std::move(key));
  return all;
}

Result<> read_numbers(const SettingsFile& settings, server::ServeOptions& options) {
  options.connections = TRY(settings.number("connections", 16, 60'000, options.connections));
  options.connections_per_address = TRY(settings.number(
      "connections_per_address", 1, options.connections, options.connections_per_address));
  options.requests_per_minute =
      static_cast<int>(TRY(settings.number("requests_per_minute_per_address", 0, 1'000'000, 0)));
  for (const std::string& text : settings.list("proxies")) {
    const auto network = front::Network::parse(text);
    if (!network)
      return fail(Kind::invalid, "the setting `proxies` has " + quote(text) +
                                     "; it must be an address or a network: 127.0.0.1, 10.0.0.0/8");
    options.proxies.push_back(*network);
  }
  options.engine.disk_reserve =
      TRY(settings.number("disk_reserve_mb", 0, 1'000'000, options.engine.disk_reserve >> 20))
      << 20;
  options.engine.calls_per_host = TRY(
      settings.number("outbound.connections_per_host", 1, 8'192, options.engine.calls_per_host));
  options.engine.runs_at_once = static_cast<int>(TRY(settings.number(
      "runs_at_once", 1, 100'000, static_cast<uint64_t>(options.engine.runs_at_once))));
  return {};
}

// When those that are called are asked less, or not at all.
Result<> read_outbound(const SettingsFile& settings, plenum::Settings& engine) {
  for (auto [key, least, value] : {std::tuple{"outbound.retry_budget", 0, &engine.retry_budget},
                                   std::tuple{"outbound.breaker_calls", 1, &engine.breaker_calls}})
    *value = static_cast<int>(TRY(settings.number(key, static_cast<uint64_t>(least), 1'000'000,
                                                  static_cast<uint64_t>(*value))));
  return {};
}

Result<double> dollars(const SettingsFile& settings, const std::string& key) {
  const auto text = settings.get(key);
  if (!text) return 0.0;
  double usd = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), usd);
  if (error == std::errc() && end == text->data() + text->size() && usd > 0 && usd <= 1e6)
    return usd;
  return fail(Kind::invalid, "the setting `" + key + "` is " + quote(*text) +
                                 "; it must be an amount in USD above 0, up to 1000000");
}

// How much may be asked of models, and what that may cost.
Result<> read_limits(const SettingsFile& settings, plenum::Settings& engine) {
  engine.app_usd_per_day = TRY(dollars(settings, "budgets.app_usd_per_day"));
  engine.user_usd_per_day = TRY(dollars(settings, "budgets.user_usd_per_day"));
  for (const std::string& name : llm::provider_names()) {
    const std::string of = "providers." + name + ".";
    plenum::Settings::Rate& rate = engine.rates[name];
    rate.concurrency = static_cast<int>(TRY(settings.number(of + "concurrency", 1, 1'000'000, 0)));
    rate.requests_per_minute =
        static_cast<int>(TRY(settings.number(of + "requests_per_minute", 1, 1'000'000, 0)));
    rate.tokens_per_minute = static_cast<int64_t>(
        TRY(settings.number(of + "tokens_per_minute", 1, 1'000'000'000'000, 0)));
  }
  return {};
}

// Which pages may call which app from a browser.
Result<> read_headers(const SettingsFile& settings, server::HeaderRules& rules) {
  rules.tls = TRY(settings.flag("behind_tls"));
  for (const std::string& app : settings.names("apps")) {
    const std::string at = "apps." + app + ".cors";
    server::Cors cors;
    cors.origins = settings.list(at + ".origins");
    cors.credentials = TRY(settings.flag(at + ".credentials"));
    for (const std::string& origin : cors.origins)
      if (const Result<> good = server::check_origin(origin); !good)
        return fail(Kind::invalid, "the setting `" + at + ".origins`: " + good.error().message);
    if (!cors.origins.empty()) rules.cors[app] = std::move(cors);
  }
  return {};
}

// How long SIGTERM may take: new requests are taken for the first, those and runs work for the
// second.
Result<> read_drain(const SettingsFile& settings, server::ServeOptions& options) {
  for (auto [key, time] : {std::pair{"drain.accept_seconds", &options.drain_accept},
                           std::pair{"drain.work_seconds", &options.drain_work}}) {
    const auto seconds = static_cast<uint64_t>(time->count() / 1000);
    *time = std::chrono::seconds(TRY(settings.number(key, 0, 3600, seconds)));
  }
  return {};
}

// What an app names under `secrets`.
Result<std::optional<std::string>> app_secret(const std::string& name) {
  std::string value = TRY(secret(name));
  if (value.empty()) return std::nullopt;
  return value;
}

// A provider can be called when there is a key, or when the operator names a server of their own.
Result<> read_providers(const SettingsFile& settings,
                        std::map<std::string, llm::Access>& providers) {
  for (const std::string& name : llm::provider_names()) {
    if (name == "offline") continue;
    llm::Access access;
    access.key = one_line(TRY(secret(upper(name) + "_API_KEY")));
    if (const auto url = settings.get("providers." + name + ".base_url")) {
      access.base_url = *url;
      access.trusted_base_url = true;
    }
    if (const auto version = settings.get("providers." + name + ".api_version"))
      access.api_version = *version;
    if (!access.key.empty() || access.trusted_base_url) providers[name] = std::move(access);
  }
  return {};
}

}  // namespace

Result<> set_listen(server::ServeOptions& options, const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number > 65535)
    return fail(Kind::invalid,
                quote(text) + " is not an address to listen on; write for example 127.0.0.1:8080");
  options.port = static_cast<uint16_t>(number);
  std::string address = colon == std::string::npos ? "" : text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  if (!address.empty()) options.address = address;
  return {};
}

Result<server::ServeOptions> read_settings(const std::string& root) {
  SettingsFile settings(known());
  TRY(settings.read(root));
  server::ServeOptions options;
  options.engine.root = root;
  if (const auto listen = settings.get("listen")) TRY(set_listen(options, *listen));
  if (const auto data = settings.get("data")) options.engine.data = *data;
  if (const auto listen = settings.get("metrics.listen")) {
    server::ServeOptions page;
    TRY(set_listen(page, *listen));
    options.metrics = {page.address, page.port};
  }
  if (const auto mode = settings.get("mode")) {
    if (*mode != "development" && *mode != "production")
      return fail(Kind::invalid, "the setting `mode` is " + quote(*mode) +
                                     "; it must be development or production");
    options.engine.development = *mode == "development";
  }
  options.engine.allow_unsandboxed = TRY(settings.flag("allow_unsandboxed"));
  options.watch = TRY(settings.flag("watch", true));
  options.log_requests = TRY(settings.flag("log_requests"));
  TRY(read_numbers(settings, options));
  TRY(read_drain(settings, options));
  TRY(read_outbound(settings, options.engine));
  TRY(read_limits(settings, options.engine));
  options.engine.allow_local_hosts = TRY(settings.flag("outbound.allow_local"));
  if (options.engine.allow_local_hosts && !options.engine.development)
    return fail(Kind::invalid,
                "the setting `outbound.allow_local` is for development: in production no app may "
                "call this machine; unset it (PLENUM_OUTBOUND_ALLOW_LOCAL)");
  options.engine.secrets = &app_secret;
  TRY(read_providers(settings, options.engine.providers));
  options.sign_in = TRY(read_sign_in(settings));
  options.engine.offers = TRY(read_offers(settings, options.sign_in));
  TRY(read_headers(settings, options.headers));
  return options;
}

std::string extract_helper() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "plenum-extract").string();
}

}  // namespace plenum::tools
