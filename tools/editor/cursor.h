// Where in an app file the cursor stands, told from the text alone: while somebody types, the file
// is hardly ever YAML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mark.h"

namespace plenum::editor {

struct Cursor {
  std::vector<std::string> path;  // keys from the top; "#" for an item of a list
  bool in_value = false;          // behind the colon of path.back(), else where a key may stand
  std::string word;               // what is there before the cursor
};
Cursor cursor_at(std::string_view text, Position position);

// What may stand at a path: the name of a place (keys.h), or of a node kind with `kind`.
struct Inside {
  std::string place;
  bool kind = false;
};
Inside inside(const std::vector<std::string>& path);

}  // namespace plenum::editor
