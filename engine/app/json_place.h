// Where a value stands in the text of a JSON file, for mistakes that are known by their pointer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/mark.h"

namespace plenum::app {

struct JsonPlace {
  Position key_start, key_end;  // of its key, with the quotes; of an item or the root: its value
  Position value_start, value_end;  // a list or an object: its bracket
};

// `text` has been read as JSON before; the pointer is RFC 6901.  What the pointer does not reach
// ends at the last thing that it does.
JsonPlace json_place(std::string_view text, std::string_view pointer);

// "line 3, column 14: …", as parse_json says it; nullopt: no place in it.
std::optional<Position> place_in_message(const std::string& message);

}  // namespace plenum::app
