// Takes a member out of a map: not safe, so only with --unsafe.
#pragma once

#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/yaml/yaml.h"

namespace plenum::lint {

// One fix, or none: the last member stays, because an empty map would be another mistake.
std::vector<Fix> deletion(const yaml::Node& map, const yaml::Member& member);

}  // namespace plenum::lint
