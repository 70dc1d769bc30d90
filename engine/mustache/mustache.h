// Mustache templates (the six required modules of the mustache specification): interpolation,
// sections, inverted sections, comments, partials, set delimiters; no lambdas.  Works on Json
// values without conversion.
//
// A section renders once for each element of a list, once for any other value, with that value as
// its context; it is skipped, and an inverted one rendered, for null, false, "" and [].  0 and {}
// are values: they are rendered. Numbers: integers plain, others the shortest text that reads back
// as the same number.
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

enum class Escape { none, html, url };  // url: for a path segment or a part of a query

struct Options {
  Escape escape = Escape::none;
  // Strict (what apps get): an unknown name, an object or a list as text are errors; null, and a
  // field of null, is nothing.  A field that an object lacks is an error as text and false as a
  // section, so that a section guards it. Lenient (the specification's): unknown names are nothing,
  // objects and lists are their JSON text.
  bool strict = true;
  // Top-level names whose values the operator wrote: the only ones that a strict template that
  // escapes may interpolate with {{{ }}}.
  std::vector<std::string> constants = {};
};

struct Limits {
  size_t output_bytes = 4 << 20;
  size_t depth = 64;           // sections and partials within each other
  uint64_t steps = 1'000'000;  // tags rendered
};

// Partials by name; nullptr: none of that name.  A partial is rendered with the options of the
// template that names it.
class Template;
using Partials = std::function<const Template*(std::string_view name)>;

// The names a template may read, and their types.
using Names = std::map<std::string, Type, std::less<>>;

// One name that the template reads, for data-flow checks.
struct Read {
  std::vector<std::string> path;  // {"cv", "name"}
  Position start, end;
  bool operator==(const Read&) const = default;
};

// A tag {{> partial}}, and what the sections around it iterate, from the outside in.
struct Use {
  std::string partial;
  Position start, end;
  std::vector<Type> around;
};

struct Body;

// A parsed template: an immutable value, cheap to copy; render it from any thread.
class Template {
 public:
  // The first mistake only has certain meaning, so at most one syntax problem (T601) is returned.
  // Text ≤ 1 MiB, sections at most 64 deep; linear time.
  static tl::expected<Template, Problems> parse(std::string text, Options options = {});

  // Every name against the types: unknown names (T602, with the nearest), objects and lists used as
  // text (T603), raw interpolation in HTML (T605).  Sections open the scope of what they iterate; a
  // dotted name's first part is looked up through the enclosing sections, as when rendering.  At
  // most 100 problems; none for a lenient template.  A partial is checked as a template of its own,
  // with the names and `around` of the tag that uses it.
  Problems check(const Names& names, const std::vector<Type>& around = {}) const;
  // The same template, told the types: a declared field that is absent (not required) renders as
  // nothing instead of failing.  For templates that passed check() with the same names.
  Template typed(const Names& names, const std::vector<Type>& around = {}) const;

  // Names that are looked up at the top level, in order; inside a section also those that may be
  // fields of its value.
  const std::vector<Read>& reads() const;
  // The same when types are known: exactly the names that resolve at the top level.
  std::vector<Read> reads(const Names& names, const std::vector<Type>& around = {}) const;
  std::vector<Use> uses(const Names& names, const std::vector<Type>& around = {}) const;
  const std::vector<std::string>& partials() const;
  bool is_constant() const;  // no tags at all: the text stands for itself
  const std::string& text() const;

  // Errors are `invalid`; the message names the place: "3:14: unknown name `mesage`".  Code
  // "template_limit" when a limit stopped it, else "template".  At the top level `.` is what the
  // scope has under that name.
  Result<std::string> render(const Scope& scope, const Partials& partials = {},
                             const Limits& limits = {}) const;

 private:
  friend class Renderer;
  explicit Template(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
  std::shared_ptr<const Body> body_;
};

}  // namespace plenum::mustache
