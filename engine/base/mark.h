// Where something stands in a source file.
#pragma once

#include <memory>
#include <string>

namespace plenum {

// Lines and columns count from 1; columns count bytes of UTF-8.  Line 0: no particular place.
struct Position {
  int line = 0;
  int column = 0;
  auto operator<=>(const Position&) const = default;
};

// A half-open range in one file: `end` is the place after the last character.
struct Span {
  std::shared_ptr<const std::string> file;  // relative to the folder that holds apps.d/; never null in a real span
  Position start;
  Position end;

  bool operator==(const Span& other) const {
    return start == other.start && end == other.end &&
           (file == other.file || (file && other.file && *file == *other.file));
  }
  bool known() const { return file != nullptr; }
  std::string place() const {  // "apps.d/a.yaml:3:14"
    return (file ? *file : "?") + ":" + std::to_string(start.line) + ":" + std::to_string(start.column);
  }
};

}  // namespace plenum
