// The operator's settings as text: plenum.yaml, and the environment over it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/yaml/yaml.h"

namespace plenum::tools {

std::optional<std::string> environment(const std::string& name);  // nothing: unset or empty
std::optional<std::string> read_file(const std::string& path);
std::string upper(std::string text);  // "a.b" is "A_B"
// A secret, from NAME or from the file that NAME_FILE names; "": neither is set.
Result<std::string> secret(const std::string& name);

// "providers.gemini.base_url" → text.  A list is its items with commas between, in the file and in
// the environment.
class SettingsFile {
 public:
  // What may be set; a `*` stands for a name of the operator's: "apps.*.sign_in.*.issuer".
  explicit SettingsFile(std::vector<std::string> known) : known_(std::move(known)) {}

  // `root`/plenum.yaml, if there is one, and the environment.  Unknown keys are errors that name
  // their place.
  Result<> read(const std::string& root);

  std::optional<std::string> get(const std::string& key) const;
  std::vector<std::string> list(const std::string& key) const;  // empty: not set
  // The operator's names below a key: of "apps" the apps that anything is set for.
  std::vector<std::string> names(const std::string& key) const;

  Result<bool> flag(const std::string& key, bool otherwise = false) const;
  Result<uint64_t> number(const std::string& key, uint64_t least, uint64_t most,
                          uint64_t otherwise) const;

 private:
  void flatten(const yaml::Node& node, const std::string& prefix, Report& report);
  void add_from_environment();
  bool is_known(const std::string& key, bool inner) const;
  std::vector<std::string> like(const std::string& key) const;

  const std::vector<std::string> known_;
  std::map<std::string, std::string> values_;
};

}  // namespace plenum::tools
