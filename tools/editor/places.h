// Places as editors count them, and paths as they name them.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/mark.h"

namespace plenum::editor {

// Lines and characters from 0, characters in UTF-16 units; a place behind its line is its end.
Json to_editor(std::string_view text, Position position);
Position from_editor(std::string_view text, const Json& position);
Json range_of(std::string_view text, Position start, Position end);

// The line's bytes, from 1; "" when there is none.
std::string_view line_of(std::string_view text, int line);

std::string path_of(const std::string& uri);  // "" when it is no file: URI
std::string uri_of(const std::string& path);

}  // namespace plenum::editor
