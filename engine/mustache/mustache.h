// Mustache templates (the six required modules of the mustache specification): interpolation, sections, inverted
// sections, comments, partials, set delimiters; no lambdas.  Works on Json values without conversion.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/problem.h"
#include "engine/base/scope.h"
#include "engine/base/type.h"

namespace plenum::mustache {

enum class Escape { none, html };

struct Options {
  Escape escape = Escape::none;
  // Strict (what apps get): an unknown name, an object or a list as text are errors; null is nothing.
  // Lenient (the specification's): unknown names are nothing, values have the specification's text form.
  bool strict = true;
};

struct Limits {
  size_t output_bytes = 4 << 20;
  size_t depth = 64;            // sections and partials within each other
  uint64_t steps = 1'000'000;   // tags rendered
};

// Partials by name; nullptr: none of that name.
class Template;
using Partials = std::function<const Template*(std::string_view name)>;

// One name that the template reads, for data-flow checks.
struct Read {
  std::vector<std::string> path;  // {"cv", "name"}
  Position start, end;
  bool operator==(const Read&) const = default;
};

// A parsed template: an immutable value, cheap to copy; render it from any thread.
class Template {
 public:
  // The first mistake only has certain meaning, so at most one syntax problem (T601) is returned.  Text ≤ 1 MiB.
  static tl::expected<Template, Problems> parse(std::string text, Options options = {});

  // Every name against the types: unknown names (T602, with the nearest), objects and lists used as text (T603),
  // raw interpolation in HTML (T605).  Sections open the scope of what they iterate; a dotted name's first part is looked
  // up through the enclosing sections, as when rendering.
  Problems check(const std::map<std::string, Type, std::less<>>& names) const;
  const std::vector<Read>& reads() const;  // names that are looked up at the top level
  const std::vector<std::string>& partials() const;
  bool is_constant() const;  // no tags at all: the text stands for itself
  const std::string& text() const;

  // Errors are `invalid`; the message names the place: "3:14: unknown name `mesage`".
  Result<std::string> render(const Scope& scope, const Partials& partials = {}, const Limits& limits = {}) const;

 private:
  struct Body;
  std::shared_ptr<const Body> body_;
};

}  // namespace plenum::mustache
