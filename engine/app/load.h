// An app file, with everything it names, to a checked App.
#pragma once

#include <memory>
#include <string>

#include "engine/app/app.h"
#include "engine/app/files.h"
#include "engine/app/kind.h"
#include "engine/base/diagnostic.h"

namespace plenum::app {

// Reads `path` ("apps.d/clearreply.yaml").  All mistakes go to the report; with an error among them
// the result is null. Reading is deterministic: the same files give the same App with the same
// hash.
std::shared_ptr<const App> load_app(const std::string& path, const Files& files, const Kinds& kinds,
                                    Report& report);

// The price of a model's tokens by the dated list in prices.cpp; `known` is false for a model not
// in it, whose price is then taken high.
Price price_of(const std::string& provider, const std::string& model);

}  // namespace plenum::app
