#include "tools/settings.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/base/diagnostic.h"
#include "engine/yaml/yaml.h"

namespace plenum::tools {

namespace {

constexpr const char* kFile = "plenum.yaml";

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string upper(std::string text) {
  for (char& c : text)
    c = c == '.' ? '_' : static_cast<char>(toupper(static_cast<unsigned char>(c)));
  return text;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (!value || !*value) return std::nullopt;
  return std::string(value);
}

// A secret, from NAME or from the file that NAME_FILE names.
Result<std::string> secret(const std::string& name) {
  if (const auto value = environment(name)) return *value;
  const auto path = environment(name + "_FILE");
  if (!path) return std::string();
  std::optional<std::string> text = read_file(*path);
  if (!text)
    return fail(Kind::invalid, name + "_FILE names " + quote(*path) + ", which cannot be read");
  while (!text->empty() && isspace(static_cast<unsigned char>(text->back()))) text->pop_back();
  return *text;
}

// The settings, as "providers.gemini.base_url" → text.
class Settings {
 public:
  Result<> read(const std::string& root) {
    const std::optional<std::string> text = read_file(root + "/" + kFile);
    if (!text) return {};
    Report report;
    const std::optional<yaml::Node> node = yaml::parse(kFile, *text, report);
    if (node && !report.has_errors()) flatten(*node, "", report);
    if (!report.has_errors()) return {};
    std::string all;
    for (const Diagnostic& finding : report.sorted())
      all += (all.empty() ? "" : "\n") + to_text(finding);
    return fail(Kind::invalid, all);
  }

  std::optional<std::string> get(const std::string& key) const {
    if (auto value = environment("PLENUM_" + upper(key))) return value;
    const auto it = values_.find(key);
    if (it == values_.end()) return std::nullopt;
    return it->second;
  }

 private:
  static const std::vector<std::string>& known() {
    static const std::vector<std::string> keys = [] {
      std::vector<std::string> all = {"listen",
                                      "data",
                                      "mode",
                                      "allow_unsandboxed",
                                      "connections_per_address",
                                      "disk_reserve_mb",
                                      "runs_at_once",
                                      "outbound.allow_local",
                                      "watch",
                                      "drain.accept_seconds",
                                      "drain.work_seconds"};
      for (const std::string& provider : llm::provider_names())
        for (const char* key : {"base_url", "api_version"})
          all.push_back("providers." + provider + "." + key);
      return all;
    }();
    return keys;
  }

  void flatten(const yaml::Node& node, const std::string& prefix, Report& report) {
    if (!node.is(yaml::Node::Kind::map))
      return report.error("S104", node.span, "settings are a map of keys");
    for (const yaml::Member& member : node.members) {
      const std::string key = prefix + member.key;
      const bool inner = member.value.is(yaml::Node::Kind::map);
      const bool leads = std::any_of(known().begin(), known().end(), [&](const std::string& k) {
        return k.starts_with(key + ".");
      });
      if (inner && leads) {
        flatten(member.value, key + ".", report);
      } else if (std::find(known().begin(), known().end(), key) == known().end()) {
        const std::string near = nearest(key, known());
        report.error("S101", member.key_span, "unknown setting " + quote(key),
                     near.empty() ? "known: " + any_of(known()) : quote(near));
      } else {
        values_[key] = member.value.text;
      }
    }
  }

  std::map<std::string, std::string> values_;
};

Result<bool> flag(const Settings& settings, const std::string& key, bool otherwise = false) {
  const auto value = settings.get(key);
  if (!value) return otherwise;
  if (*value == "false" || *value == "0") return false;
  if (*value == "true" || *value == "1") return true;
  return fail(Kind::invalid,
              "the setting `" + key + "` is " + quote(*value) + "; it must be true or false");
}

Result<uint64_t> number(const Settings& settings, const std::string& key, uint64_t least,
                        uint64_t most, uint64_t otherwise) {
  const auto text = settings.get(key);
  if (!text) return otherwise;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error == std::errc() && end == text->data() + text->size() && number >= least &&
      number <= most)
    return number;
  return fail(Kind::invalid, "the setting `" + key + "` is " + quote(*text) + "; it must be " +
                                 std::to_string(least) + " to " + std::to_string(most));
}

Result<> read_numbers(const Settings& settings, server::ServeOptions& options) {
  options.connections_per_address =
      TRY(number(settings, "connections_per_address", 1, options.connections,
                 options.connections_per_address));
  options.engine.disk_reserve =
      TRY(number(settings, "disk_reserve_mb", 0, 1'000'000, options.engine.disk_reserve >> 20))
      << 20;
  options.engine.runs_at_once =
      static_cast<int>(TRY(number(settings, "runs_at_once", 1, 100'000,
                                  static_cast<uint64_t>(options.engine.runs_at_once))));
  return {};
}

// How long SIGTERM may take: new requests are taken for the first, those and runs work for the
// second.
Result<> read_drain(const Settings& settings, server::ServeOptions& options) {
  for (auto [key, time] : {std::pair{"drain.accept_seconds", &options.drain_accept},
                           std::pair{"drain.work_seconds", &options.drain_work}}) {
    const auto seconds = static_cast<uint64_t>(time->count() / 1000);
    *time = std::chrono::seconds(TRY(number(settings, key, 0, 3600, seconds)));
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
Result<> read_providers(const Settings& settings, std::map<std::string, llm::Access>& providers) {
  for (const std::string& name : llm::provider_names()) {
    if (name == "offline") continue;
    llm::Access access;
    access.key = TRY(secret(upper(name) + "_API_KEY"));
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
  Settings settings;
  TRY(settings.read(root));
  server::ServeOptions options;
  options.engine.root = root;
  if (const auto listen = settings.get("listen")) TRY(set_listen(options, *listen));
  if (const auto data = settings.get("data")) options.engine.data = *data;
  if (const auto mode = settings.get("mode")) {
    if (*mode != "development" && *mode != "production")
      return fail(Kind::invalid, "the setting `mode` is " + quote(*mode) +
                                     "; it must be development or production");
    options.engine.development = *mode == "development";
  }
  options.engine.allow_unsandboxed = TRY(flag(settings, "allow_unsandboxed"));
  options.watch = TRY(flag(settings, "watch", true));
  TRY(read_numbers(settings, options));
  TRY(read_drain(settings, options));
  options.engine.allow_local_hosts = TRY(flag(settings, "outbound.allow_local"));
  if (options.engine.allow_local_hosts && !options.engine.development)
    return fail(Kind::invalid,
                "the setting `outbound.allow_local` is for development: in production no app may "
                "call this machine; unset it (PLENUM_OUTBOUND_ALLOW_LOCAL)");
  options.engine.secrets = &app_secret;
  TRY(read_providers(settings, options.engine.providers));
  return options;
}

std::string extract_helper() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "plenum-extract").string();
}

}  // namespace plenum::tools
