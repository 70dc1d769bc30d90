// The node kinds of the language: one file each, listed in all.cpp.
#pragma once

#include "engine/app/kind.h"

namespace plenum::nodes {

const app::Kinds& kinds();

}  // namespace plenum::nodes
