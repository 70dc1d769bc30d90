// An app file, with everything it names, to a checked App.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/app.h"
#include "engine/app/files.h"
#include "engine/app/kind.h"
#include "engine/base/diagnostic.h"
#include "engine/yaml/yaml.h"

namespace plenum::app {

// A name that a text of the app reads: `analysis.tones` in an expression or a template.
struct Use {
  std::string graph;              // "" outside of graphs
  std::vector<std::string> path;  // the name, then the fields as far as they are known
  Span span;                      // where it stands; in a prompt or template file, too
  Span from;                      // the value of the app file that holds the text or names its file
};

// An app as far as it can be read, with what tools want to know of it beside the app itself.
struct Draft {
  std::shared_ptr<App> app;                  // null: not even a map of keys
  std::optional<yaml::Node> root;            // nullopt: not YAML
  std::vector<Use> uses;                     // only of texts without mistakes
  std::map<std::string, std::string> files;  // every file that was read, by path
};

// The same as load_app, but with mistakes the parts that could be read are there.
Draft read_app(const std::string& path, const Files& files, const Kinds& kinds, Report& report);

// Reads `path` ("apps.d/clearreply.yaml").  All mistakes go to the report; with an error among them
// the result is null. Reading is deterministic: the same files give the same App with the same
// hash.
std::shared_ptr<const App> load_app(const std::string& path, const Files& files, const Kinds& kinds,
                                    Report& report);

// The price of a model's tokens by the dated list in prices.json; `known` is false for a model not
// in it, whose price is then taken high.
Price price_of(const std::string& provider, const std::string& model);
// How many tokens the model reads at most, by the same list; a model not in it: 128,000.
int64_t context_tokens(const Model& model);
// The list's date and file, for messages: "prices of 2026-01 in engine/app/prices.json".
std::string price_list();

}  // namespace plenum::app
