// YAML 1.2 core schema, the part that app files use, into a tree in which every key and value knows its place.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/json.h"
#include "engine/base/mark.h"

namespace plenum::yaml {

struct Member;

struct Node {
  enum class Kind { null, boolean, integer, number, string, list, map };
  enum class Style { plain, single_quoted, double_quoted, literal, folded, block, flow };  // the last two: list, map

  Kind kind = Kind::null;
  Style style = Style::plain;
  Span span;                    // of the value; of a quoted scalar with its quotes
  std::string text;             // a scalar's text, whatever its kind ("1.10" keeps its zero)
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;            // also set for integers
  std::vector<Node> items;      // of a list
  std::vector<Member> members;  // of a map, in the file's order

  bool is(Kind k) const { return kind == k; }
  const Node* find(std::string_view key) const;          // the value under a key
  const Member* find_member(std::string_view key) const;
  Json to_json() const;
  // The file's span of a stretch of this scalar's text (lines and columns from 1 within the text): exact in plain, quoted
  // and block scalars, escapes and indentation counted.
  Span locate(Position start, Position end) const;

  // How the scalar's text maps to the file: one entry per run of characters that stand together; see scalar.cpp.
  struct Run {
    size_t offset = 0;  // into text
    Position place;     // of that character in the file
  };
  std::vector<Run> runs;
};

struct Member {
  std::string key;
  Span key_span;
  Node value;
};

// Reads one document.  Mistakes go to the report with their checks' codes: Y001 duplicate key, Y003 anchor, alias, merge
// key or tag, Y010 second document, Y011 unclosed quote, Y012 not UTF-8, deeper than 64 or larger than 1 MiB, and Y002,
// Y004, Y006, Y009 for the usual slips; Y013 is whatever else is not YAML: tabs, indentation, brackets, escapes.
//
// A text that lacks its quotes is taken as its author meant it and reading goes on, so a tree may come with errors: ask
// the report.  What cannot be read at all gives nullopt.  An empty file is a null.  `.inf`, `.nan` and numbers past every
// double stay text, because JSON has no such numbers.  Never throws.
std::optional<Node> parse(std::string file, std::string_view text, Report& report);

}  // namespace plenum::yaml
