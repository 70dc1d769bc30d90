#include "tools/settings_sign_in.h"

#include <algorithm>

#include "engine/base/diagnostic.h"

namespace plenum::tools {

namespace {

using server::auth::Issuer;

bool good_project(const std::string& project) {
  return !project.empty() && project.size() <= 100 &&
         std::all_of(project.begin(), project.end(),
                     [](unsigned char c) { return isalnum(c) || c == '-'; });
}

// `firebase` is all that a Firebase project needs; what else is set would be ignored, so it is
// refused.
Result<Issuer> read_firebase(const SettingsFile& settings, const std::string& at) {
  const std::string project = *settings.get(at + ".firebase");
  if (!good_project(project))
    return fail(Kind::invalid, "the setting `" + at + ".firebase` is " + quote(project) +
                                   "; it must be a Firebase project's id, letters, digits and -");
  for (const char* key : {"issuer", "audience", "algorithms", "jwks_uri", "token_type"})
    if (settings.get(at + "." + key))
      return fail(Kind::invalid, "the setting `" + at + "." + key + "` is fixed by `firebase`; " +
                                     "remove one of them");
  Issuer issuer = server::auth::firebase(project);
  issuer.tenant = settings.get(at + ".tenant").value_or("");
  return issuer;
}

Result<Issuer> read_oidc(const SettingsFile& settings, const std::string& at) {
  Issuer issuer;
  issuer.url = settings.get(at + ".issuer").value_or("");
  if (issuer.url.empty())
    return fail(Kind::invalid, "`" + at + "` needs `firebase`, a project's id, or `issuer`, a URL");
  if (settings.get(at + ".tenant"))
    return fail(Kind::invalid, "the setting `" + at + ".tenant` is for `firebase` alone");
  issuer.audiences = settings.list(at + ".audience");
  if (const auto algorithms = settings.list(at + ".algorithms"); !algorithms.empty())
    issuer.algorithms = algorithms;
  issuer.keys_url = settings.get(at + ".jwks_uri").value_or("");
  issuer.token_type = settings.get(at + ".token_type").value_or("");
  return issuer;
}

Result<Issuer> read_issuer(const SettingsFile& settings, const std::string& at,
                           const std::string& name) {
  const bool preset = settings.get(at + ".firebase").has_value();
  Issuer issuer = TRY(preset ? read_firebase(settings, at) : read_oidc(settings, at));
  issuer.name = name;
  issuer.skew = std::chrono::seconds(TRY(
      settings.number(at + ".skew_seconds", 0, 60, static_cast<uint64_t>(issuer.skew.count()))));
  issuer.roles_claim = settings.get(at + ".roles_claim").value_or("");
  issuer.plan_claim = settings.get(at + ".plan_claim").value_or("");
  TRY(server::auth::check(issuer));
  return issuer;
}

Result<std::vector<Issuer>> read_issuers(const SettingsFile& settings, const std::string& at) {
  std::vector<Issuer> issuers;
  for (const std::string& name : settings.names(at)) {
    Issuer issuer = TRY(read_issuer(settings, at + "." + name, name));
    for (const Issuer& other : issuers)
      if (other.url == issuer.url)
        return fail(Kind::invalid, "`" + at + "." + name + "` has the same issuer as `" + at + "." +
                                       other.name + "`; give one of them both audiences");
    issuers.push_back(std::move(issuer));
  }
  return issuers;
}

}  // namespace

std::vector<std::string> sign_in_keys() {
  std::vector<std::string> keys;
  for (const std::string at : {"sign_in.*.", "apps.*.sign_in.*."})
    for (const char* key : {"firebase", "tenant", "issuer", "audience", "algorithms", "jwks_uri",
                            "token_type", "skew_seconds", "roles_claim", "plan_claim"})
      keys.push_back(at + key);
  return keys;
}

Result<server::auth::Issuers> read_sign_in(const SettingsFile& settings) {
  server::auth::Issuers issuers;
  issuers.any = TRY(read_issuers(settings, "sign_in"));
  for (const std::string& app : settings.names("apps")) {
    std::vector<Issuer> own = TRY(read_issuers(settings, "apps." + app + ".sign_in"));
    if (!own.empty()) issuers.of_app[app] = std::move(own);
  }
  return issuers;
}

}  // namespace plenum::tools
