// The model providers that a server's settings give it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/catalog.h"
#include "engine/engine.h"
#include "engine/llm/provider.h"

namespace plenum {

std::map<std::string, std::shared_ptr<llm::Provider>> own_providers(const Settings& settings);

// At the same address as the operator's, with an app's own key.
std::shared_ptr<llm::Provider> provider_with(const Settings& settings, const std::string& name,
                                             const std::string& key);

// What its apps may use.  In development the providers that are missing answer offline.
Granted granted(const Settings& settings, Secrets& secrets);

}  // namespace plenum
