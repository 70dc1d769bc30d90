// Reads one scalar's source again: the parser tells where it begins and what it says, not where it
// ends or where each of its characters stands.
#pragma once

#include <string>
#include <vector>

#include "engine/yaml/source.h"
#include "engine/yaml/yaml.h"

namespace plenum::yaml {

struct ScalarSource {
  Node::Style style = Node::Style::plain;
  size_t end = 0;
  std::string text;  // the parser's, but for double quotes, whose rarer escapes it gets wrong
  std::vector<Node::Run> runs;
  bool closed = true;        // false: a quote that the text ends before
  size_t bad_escape = npos;  // where an unknown escape of a double-quoted scalar stands
  static constexpr size_t npos = static_cast<size_t>(-1);
};

// `value` is what the parser made of it.
ScalarSource read_scalar(const Source& source, size_t begin, const std::string& value);

// Sets the kind of a plain scalar by the core schema; any other style is a string.
void resolve(Node& node);

}  // namespace plenum::yaml
