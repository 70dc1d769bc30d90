#include "engine/own_providers.h"

namespace plenum {

std::map<std::string, std::shared_ptr<llm::Provider>> own_providers(const Settings& settings) {
  std::map<std::string, std::shared_ptr<llm::Provider>> made;
  const std::string fixtures = settings.root + "/fixtures";
  for (const std::string& name : llm::provider_names()) {
    const auto access = settings.providers.find(name);
    if (access != settings.providers.end())
      made[name] = llm::make_provider(name, access->second, fixtures);
    else if (settings.stage && name != "offline")
      made[name] = llm::make_provider(name, {"", "", "of a test", false}, fixtures);
    else if (settings.development || name == "offline")
      made[name] = llm::make_provider("offline", {}, fixtures);
  }
  return made;
}

std::shared_ptr<llm::Provider> provider_with(const Settings& settings, const std::string& name,
                                             const std::string& key) {
  const auto ours = settings.providers.find(name);
  llm::Access access = ours == settings.providers.end() ? llm::Access() : ours->second;
  access.key = key;
  return llm::make_provider(name, std::move(access), settings.root + "/fixtures");
}

Granted granted(const Settings& settings, Secrets& secrets) {
  Granted all{{"offline"}, &secrets, settings.allow_local_hosts && settings.development};
  for (const std::string& name : llm::provider_names())
    if (settings.development || settings.providers.contains(name)) all.providers.insert(name);
  return all;
}

}  // namespace plenum
