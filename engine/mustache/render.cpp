// Runs the list of operations over a stack of values.
//
// Everything is counted: operations and members looked at (steps), bytes written, sections and
// partials within each other (depth).  Recursion follows sections and partials only, so the depth
// limit bounds the machine's stack, too.

#include <charconv>
#include <cmath>
#include <cstring>

#include "engine/base/diagnostic.h"
#include "engine/base/url.h"
#include "engine/mustache/body.h"

namespace plenum::mustache {
namespace {

const Json kNull = nullptr;

bool is_false(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return true;
    case Json::value_t::boolean:
      return !value.get<bool>();
    case Json::value_t::string:
      return value.get_ref<const std::string&>().empty();
    case Json::value_t::array:
      return value.empty();
    default:
      return false;
  }
}

// Shortest text that reads back the same; with an exponent only where JavaScript writes one.
std::string_view number_text(double number, char (&buffer)[40]) {
  const double size = std::fabs(number);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
  const auto form = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, form).ptr;
  return {buffer, static_cast<size_t>(end - buffer)};
}

const char* html_entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return "&#39;";
  }
}

bool is_markup(char c) {
  static constexpr auto kMarkup = [] {
    std::array<bool, 256> table = {};
    for (const char one : {'&', '<', '>', '"', '\''}) table[static_cast<unsigned char>(one)] = true;
    return table;
  }();
  return kMarkup[static_cast<unsigned char>(c)];
}

// Whether one of eight characters may be markup: none of them is when this says no.
bool may_have_markup(const char* eight) {
  constexpr uint64_t kOnes = 0x0101010101010101, kTops = kOnes << 7;
  uint64_t word;
  memcpy(&word, eight, sizeof word);
  const auto has_zero = [](uint64_t bytes) { return (bytes - kOnes) & ~bytes & kTops; };
  return has_zero((word | kOnes) ^ (kOnes * '\'')) |     // & and ' differ in one bit
         has_zero((word | kOnes * 2) ^ (kOnes * '>')) |  // < and >, too
         has_zero(word ^ (kOnes * '"'));
}

// Where the first markup stands from `at` on; the text's size when there is none.
size_t next_markup(std::string_view text, size_t at) {
  while (at + 8 <= text.size() && !may_have_markup(text.data() + at)) at += 8;
  while (at < text.size() && !is_markup(text[at])) ++at;
  return at;
}

std::string with_article(const Json& value) {
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  return (value.is_number_integer() ? "an " : "a ") + std::string(type_name(value));
}

// Where a name leads.
struct Found {
  enum class State { value, unknown, no_field, not_object };
  State state = State::unknown;
  const Json* value = nullptr;  // state value: what it is; else the value that has no such field
  size_t parts = 0;      // how many parts of the name were looked up, the failed one included
  bool top = false;      // found at the top level
  bool lacking = false;  // an object is there that could have it
};

}  // namespace

class Renderer {
 public:
  Renderer(const Body& root, const Scope& scope, const Partials& partials, const Limits& limits)
      : root_(root), scope_(scope), partials_(partials), limits_(limits) {
    stack_.reserve(8);
    out_.reserve(root.text.size() + root.text.size() / 4);
  }

  Result<std::string> run() {
    if (!range(root_, 0, root_.ops.size(), {}, 0)) return fail(std::move(*error_));
    return std::move(out_);
  }

 private:
  bool range(const Body& body, size_t from, size_t to, std::string_view indent, size_t depth);
  bool text(const Body& body, const Op& op, std::string_view indent);
  bool value(const Body& body, const Op& op);
  bool section(const Body& body, size_t index, std::string_view indent, size_t depth);
  bool partial(const Body& body, const Op& op, std::string_view indent, size_t depth);

  Found look_up(const Read& name);
  const Json* member(const Json& object, std::string_view key);
  const Json* section_value(const Body& body, const Op& op);
  bool write(const Body& body, const Op& op, const Json& value, bool escaped);
  // These two are what a page consists of; what happens at their limits is out of the way.
  bool put(const Body& body, const Op& op, std::string_view text) {
    if (text.size() > limits_.output_bytes - out_.size()) return refuse_length(body, op);
    out_.append(text);
    return true;
  }
  bool spend(const Body& body, const Op& op) {
    return ++steps_ <= limits_.steps || refuse_steps(body, op);
  }
  bool put_escaped(const Body& body, const Op& op, std::string_view text);
  bool enter(const Body& body, const Op& op, size_t depth);

  bool refuse(const Body& body, const Op& op, const std::string& what,
              const char* code = "template");
  bool refuse_name(const Body& body, const Op& op, const Found& found);
  bool refuse_length(const Body& body, const Op& op);
  bool refuse_steps(const Body& body, const Op& op);

  const Body& root_;
  const Scope& scope_;
  const Partials& partials_;
  const Limits& limits_;
  std::string out_;
  std::vector<const Json*> stack_;
  uint64_t steps_ = 0;
  std::string_view partial_;  // the one being rendered
  std::optional<Error> error_;
};

bool Renderer::range(const Body& body, size_t from, size_t to, std::string_view indent,
                     size_t depth) {
  for (size_t i = from; i < to; ++i) {
    const Op& op = body.ops[i];
    if (!spend(body, op)) return false;
    bool fine = true;
    switch (op.kind) {
      case Op::Kind::text:
        fine = text(body, op, indent);
        break;
      case Op::Kind::line:
        fine = put(body, op, indent);
        break;
      case Op::Kind::value:
        fine = value(body, op);
        break;
      case Op::Kind::end:
        break;
      case Op::Kind::partial:
        fine = partial(body, op, indent, depth);
        break;
      case Op::Kind::section:
      case Op::Kind::inverted:
        fine = section(body, i, indent, depth);
        i = op.jump;
        break;
    }
    if (!fine) return false;
  }
  return true;
}

bool Renderer::text(const Body& body, const Op& op, std::string_view indent) {
  const std::string_view source = body.source(op);
  if (indent.empty()) return put(body, op, source);
  bool at_line = op.begin == 0 || body.text[op.begin - 1] == '\n';
  for (size_t at = 0; at < source.size();) {
    const size_t end = std::min(source.find('\n', at), source.size() - 1) + 1;
    const std::string_view line = source.substr(at, end - at);
    const bool empty = line == "\n" || line == "\r\n";
    if (at_line && !empty && !put(body, op, indent)) return false;
    if (!put(body, op, line)) return false;
    at_line = true;
    at = end;
  }
  return true;
}

bool Renderer::value(const Body& body, const Op& op) {
  const Found found = look_up(body.names[op.name]);
  const bool strict = root_.options.strict;
  if (found.state != Found::State::value) {
    if (!strict || (op.may_lack && found.lacking)) return true;
    return refuse_name(body, op, found);
  }
  const bool escapes = root_.options.escape != Escape::none;
  if (strict && escapes && op.raw) {
    const auto& constants = root_.options.constants;
    const std::string& name = body.names[op.name].path[0];
    if (!found.top || std::find(constants.begin(), constants.end(), name) == constants.end())
      return refuse(body, op,
                    plenum::quote(body.source(op)) + " is not escaped; write `{{" +
                        dotted(body.names[op.name].path, body.names[op.name].path.size()) + "}}`");
  }
  return write(body, op, *found.value, escapes && !op.raw);
}

// What a section stands on: null when there is nothing, nullptr after an error.
const Json* Renderer::section_value(const Body& body, const Op& op) {
  const Found found = look_up(body.names[op.name]);
  if (found.state == Found::State::value) return found.value;
  if (!root_.options.strict || found.lacking) return &kNull;
  refuse_name(body, op, found);
  return nullptr;
}

bool Renderer::section(const Body& body, size_t index, std::string_view indent, size_t depth) {
  const Op& op = body.ops[index];
  const Json* value = section_value(body, op);
  if (!value) return false;
  if (is_false(*value) != (op.kind == Op::Kind::inverted)) return true;
  if (!enter(body, op, depth)) return false;
  if (op.kind == Op::Kind::inverted) return range(body, index + 1, op.jump, indent, depth + 1);
  const auto once = [&](const Json& context) {
    stack_.push_back(&context);
    const bool fine = spend(body, op) && range(body, index + 1, op.jump, indent, depth + 1);
    stack_.pop_back();
    return fine;
  };
  if (!value->is_array()) return once(*value);
  for (const Json& element : value->get_ref<const Json::array_t&>())
    if (!once(element)) return false;
  return true;
}

bool Renderer::partial(const Body& body, const Op& op, std::string_view indent, size_t depth) {
  const Call& call = body.calls[op.name];
  const Template* found = partials_ ? partials_(call.partial) : nullptr;
  if (!found) {
    if (!root_.options.strict) return true;
    return refuse(body, op, "there is no partial " + plenum::quote(call.partial));
  }
  if (!enter(body, op, depth)) return false;
  const std::string_view outer = partial_;
  partial_ = call.partial;
  const Body& inner = *found->body_;
  // A partial inside a line starts in the middle of it: nothing of the partial is indented.
  std::string joined;
  if (call.alone) joined.append(indent).append(call.indent);
  const bool fine = range(inner, 0, inner.ops.size(), joined, depth + 1);
  partial_ = outer;
  return fine;
}

const Json* Renderer::member(const Json& object, std::string_view key) {
  const auto* members = object.get_ptr<const Json::object_t*>();
  if (!members) return nullptr;
  steps_ += members->size() / 16;
  for (const auto& [name, value] : *members)  // most names differ in size or first letter
    if (name.size() == key.size() && (key.empty() || name[0] == key[0]) && name == key)
      return &value;
  return nullptr;
}

Found Renderer::look_up(const Read& name) {
  using State = Found::State;
  const std::string& first = name.path[0];
  const Json* value = nullptr;
  bool top = false;
  if (first.size() == 1 && first[0] == '.' && !stack_.empty()) {
    value = stack_.back();
  } else {
    for (size_t i = stack_.size(); i-- > 0 && !value;) value = member(*stack_[i], first);
    steps_ += stack_.size() / 4;
    if (!value) value = scope_.find(first), top = true;
  }
  if (!value) {
    const bool inside = std::any_of(stack_.begin(), stack_.end(),
                                    [](const Json* context) { return context->is_object(); });
    return {State::unknown, nullptr, 1, true, inside};
  }
  for (size_t i = 1; i < name.path.size(); ++i) {
    if (value->is_null()) return {State::value, &kNull, i, top};
    if (!value->is_object()) return {State::not_object, value, i + 1, top};
    const Json* next = member(*value, name.path[i]);
    if (!next) return {State::no_field, value, i + 1, top, true};
    value = next;
  }
  return {State::value, value, name.path.size(), top};
}

bool Renderer::write(const Body& body, const Op& op, const Json& value, bool escaped) {
  char buffer[40];
  switch (value.type()) {
    case Json::value_t::null:
    case Json::value_t::discarded:
      return true;
    case Json::value_t::boolean:
      return put(body, op, value.get<bool>() ? "true" : "false");
    case Json::value_t::number_integer: {
      const auto end = std::to_chars(buffer, buffer + sizeof buffer, value.get<int64_t>()).ptr;
      return put(body, op, {buffer, static_cast<size_t>(end - buffer)});
    }
    case Json::value_t::number_unsigned: {
      const auto end = std::to_chars(buffer, buffer + sizeof buffer, value.get<uint64_t>()).ptr;
      return put(body, op, {buffer, static_cast<size_t>(end - buffer)});
    }
    case Json::value_t::number_float: {
      const double number = value.get<double>();
      if (!std::isfinite(number)) return true;
      const std::string_view text = number_text(number, buffer);
      return escaped ? put_escaped(body, op, text) : put(body, op, text);
    }
    case Json::value_t::string: {
      const auto& text = value.get_ref<const std::string&>();
      return escaped ? put_escaped(body, op, text) : put(body, op, text);
    }
    default:
      break;
  }
  if (!root_.options.strict) {
    const std::string json = to_text(value);
    return escaped ? put_escaped(body, op, json) : put(body, op, json);
  }
  const auto& path = body.names[op.name].path;
  const std::string way = value.is_array() ? "repeat a section over it" : "use a field";
  return refuse(body, op,
                ticked(path, path.size()) + " is " + with_article(value) +
                    ", it has no text form; " + way + ", or " + as_json(path));
}

bool Renderer::refuse_length(const Body& body, const Op& op) {
  return refuse(body, op,
                "the text is longer than " + std::to_string(limits_.output_bytes) +
                    " bytes; shorten what goes in, e.g. with `truncate(text, n)`",
                "template_limit");
}

bool Renderer::put_escaped(const Body& body, const Op& op, std::string_view text) {
  if (root_.options.escape == Escape::url) return put(body, op, percent_encoded(text));
  for (size_t done = 0;;) {
    const size_t at = next_markup(text, done);
    if (!put(body, op, text.substr(done, at - done))) return false;
    if (at == text.size()) return true;
    if (!put(body, op, html_entity(text[at]))) return false;
    done = at + 1;
  }
}

bool Renderer::refuse_steps(const Body& body, const Op& op) {
  return refuse(body, op,
                "the template needs more than " + std::to_string(limits_.steps) +
                    " steps; give it shorter lists",
                "template_limit");
}

bool Renderer::enter(const Body& body, const Op& op, size_t depth) {
  if (depth < limits_.depth) return true;
  return refuse(body, op,
                "sections and partials are nested deeper than " + std::to_string(limits_.depth) +
                    "; a partial that calls itself needs data that ends",
                "template_limit");
}

bool Renderer::refuse(const Body& body, const Op& op, const std::string& what, const char* code) {
  const Position at = body.position(op.begin);
  std::string place = std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
  if (!partial_.empty()) place = "in partial " + plenum::quote(partial_) + ": " + place;
  error_ = Error{Kind::invalid, place + what, code, {}};
  return false;
}

bool Renderer::refuse_name(const Body& body, const Op& op, const Found& found) {
  const auto& path = body.names[op.name].path;
  if (found.state == Found::State::not_object)
    return refuse(body, op,
                  ticked(path, found.parts - 1) + " is " + with_article(*found.value) +
                      ", it has no field " + plenum::quote(path[found.parts - 1]));
  if (found.state == Found::State::unknown && path[0] == ".")
    return refuse(body, op, "`.` stands outside every section; write the name of a value");
  if (found.state == Found::State::unknown)
    return refuse(body, op, "unknown name " + ticked(path, 1));
  std::vector<std::string> fields;
  for (const auto& [key, unused] : found.value->items()) {
    if (fields.size() == 200) break;
    fields.push_back(key);
  }
  const std::string near = nearest(path[found.parts - 1], fields);
  const std::string way = near.empty() ? "; if it may be absent, put it in a section: `{{#" +
                                             dotted(path, path.size()) + "}}…{{/" +
                                             dotted(path, path.size()) + "}}`"
                                       : "; did you mean " + plenum::quote(near) + "?";
  return refuse(
      body, op,
      ticked(path, found.parts - 1) + " has no " + plenum::quote(path[found.parts - 1]) + way);
}

Result<std::string> Template::render(const Scope& scope, const Partials& partials,
                                     const Limits& limits) const {
  return Renderer(*body_, scope, partials, limits).run();
}

}  // namespace plenum::mustache
