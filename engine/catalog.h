// The apps of a folder, loaded; and the older versions that runs are pinned to.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "engine/app/files.h"
#include "engine/base/secret.h"
#include "engine/engine.h"

namespace plenum {

// What the operator gives to apps, without which one that names it is not served.
struct Granted {
  std::set<std::string> providers;  // that can be called
  Secrets* secrets = nullptr;       // loaded from their source as apps name them
  bool local_hosts = false;
};

// Loads every apps.d/*.yaml.  What an app names and is not granted is an error.  An app with an
// error keeps its version of `before`, if it had one.  Waits for the disk.
std::shared_ptr<const Catalog> load_catalog(const app::Files& files, const std::string& folder,
                                            const Granted& granted, const Catalog* before);

// An app's files as one text for the store, and an app from it.  The same app: the same hash.
std::string pack_bundle(const app::App& app);
Result<std::shared_ptr<const app::App>> unpack_bundle(const std::string& name,
                                                      const std::string& text);

}  // namespace plenum
