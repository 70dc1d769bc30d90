// Fixes that add something to an app file: an entry of a map or a list, written as the others are.
#pragma once

#include <string>

#include "engine/base/diagnostic.h"
#include "engine/yaml/yaml.h"

namespace plenum::lint {

// In front of an entry of a map or list, which has it: the first one, unless another is meant.
Edit put_before(const yaml::Node& collection, const std::string& entry, size_t index = 0);

// `limits.hosts` with one host more; not applied unasked, since it lets the app reach more than it
// did.
Fix host_listed(const std::string& host, const yaml::Node& root);

}  // namespace plenum::lint
