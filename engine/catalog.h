// The apps of a folder, loaded; and the older versions that runs are pinned to.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "engine/app/files.h"
#include "engine/engine.h"

namespace plenum {

// Loads every apps.d/*.yaml.  A model of a provider that is not in `callable` is an error.  An app
// with an error keeps its version of `before`, if it had one.
std::shared_ptr<const Catalog> load_catalog(const app::Files& files, const std::string& folder,
                                            const std::set<std::string>& callable,
                                            const Catalog* before);

// An app's files as one text for the store, and an app from it.  The same app: the same hash.
std::string pack_bundle(const app::App& app);
Result<std::shared_ptr<const app::App>> unpack_bundle(const std::string& name,
                                                      const std::string& text);

}  // namespace plenum
