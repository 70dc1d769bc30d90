// What a template is after parsing: its text, and a flat list of what to do, in order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/mustache/mustache.h"

namespace plenum::mustache {

inline constexpr size_t kMaxText = 1 << 20;
inline constexpr size_t kMaxSections = 64;

struct Op {
  enum class Kind : uint8_t {
    text,      // characters of the template
    line,      // a line of a partial begins here, and begins with a tag: time for the indentation
    value,     // {{name}}
    section,   // {{#name}}
    inverted,  // {{^name}}
    end,       // {{/name}}
    partial    // {{>name}}
  };
  Kind kind = Kind::text;
  bool raw = false;       // value: not escaped
  bool may_lack = false;  // value: its type says that it may be absent
  uint32_t begin = 0;     // in the text: the characters, or the whole tag
  uint32_t end = 0;
  uint32_t name = 0;  // value, section, inverted: in `names`; partial: in `calls`
  uint32_t jump = 0;  // section, inverted: the index of its end
};

struct Call {
  std::string partial;
  std::string indent;  // of a partial that stands alone on its line
  bool alone = false;
};

struct Body {
  std::string text;
  Options options;
  std::vector<Op> ops;
  std::vector<Read> names;
  std::vector<Read> reads;  // `names` without `.`
  std::vector<Call> calls;
  std::vector<std::string> partials;  // without repetition, in order
  std::vector<uint32_t> lines;        // where each begins
  bool constant = true;

  Position position(size_t offset) const;
  std::string_view source(const Op& op) const {
    return std::string_view(text).substr(op.begin, op.end - op.begin);
  }
};

// The first parts of a path: "cv.name", and "`cv.name`".
std::string dotted(const std::vector<std::string>& path, size_t parts);
std::string ticked(const std::vector<std::string>& path, size_t parts);
// How a list or an object becomes text: "`with: {name: =json(cv.name)}`".
std::string as_json(const std::vector<std::string>& path);

}  // namespace plenum::mustache
