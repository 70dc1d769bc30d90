// Values that must not leave the process but in the header they are meant for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/result.h"

namespace plenum {

// Has no stream, JSON or comparison operators, so that it gets into no log by accident; its bytes
// are overwritten when it goes.  Copies share them.
class Secret {
 public:
  explicit Secret(std::string value);
  const std::string& reveal() const { return *value_; }  // at the place of use only

 private:
  std::shared_ptr<const std::string> value_;
};

// A JSON document, such as a key file, without its line breaks; anything else as it is.
std::string one_line(std::string secret);

// The secrets that apps declare, by name, as the operator set them.  Callable from any thread.
class Secrets {
 public:
  // Reads one from wherever the operator keeps it; nothing: it is not set.
  using Source = std::function<Result<std::optional<std::string>>(const std::string& name)>;

  explicit Secrets(Source source) : source_(std::move(source)) {}
  // Reads it again, for a reload; a JSON document, such as a key file, is kept as one line.
  // `not_found` when it is not set, `invalid` when it cannot be read.
  // May wait for the disk.
  Result<> load(const std::string& name);
  std::optional<Secret> find(const std::string& name) const;

 private:
  const Source source_;
  mutable std::mutex mutex_;
  std::map<std::string, Secret, std::less<>> values_;
};

}  // namespace plenum
