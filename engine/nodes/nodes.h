// The node kinds of the language: one file each, listed in all.cpp.
#pragma once

#include <string>

#include "engine/app/kind.h"

namespace plenum::nodes {

const app::Kinds& kinds();

// README.md of this folder: every kind with its fields, as Markdown.
std::string reference_page();

}  // namespace plenum::nodes
