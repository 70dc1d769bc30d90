// Text to a flat list of operations, in one pass.
//
// A tag that stands alone on its line (sections, their ends, comments, partials, delimiters) takes
// the line with it. Whether it does is read off the text around it: another tag on the line is not
// white space, so no state is kept.

#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/mustache/body.h"

namespace plenum::mustache {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Letters that a name of the app language or a field of a JSON object plausibly has.
bool is_name_letter(char c) {
  const auto u = static_cast<unsigned char>(c);
  return std::isalnum(u) || c == '_' || c == '-' || c == '@' || c == '$' || u >= 0x80;
}

struct Tag {
  size_t begin = 0, end = 0;                  // with its delimiters
  size_t content_begin = 0, content_end = 0;  // without, and without surrounding white space
  char sigil = 0;                             // # ^ / > ! = & {, or 0
};

class Parser {
 public:
  explicit Parser(Body& body) : body_(body), text_(body.text) {}

  // Whether the whole text was understood; `problem` says why not.
  bool run();
  Problem problem;

 private:
  struct Section {
    uint32_t op;
    std::string_view name;
  };

  bool read_tag(size_t begin, Tag& tag);
  bool act_on(const Tag& tag);
  bool open_section(const Tag& tag);
  bool close_section(const Tag& tag);
  bool set_delimiters(const Tag& tag);
  bool call_partial(const Tag& tag, std::string_view indent, bool alone);
  bool read_name(const Tag& tag, uint32_t& index);
  bool standalone(const Tag& tag, size_t& line_begin, size_t& line_end) const;
  void add_text(size_t begin, size_t end);
  Op& add(Op::Kind kind, const Tag& tag);
  std::string_view content(const Tag& tag) const {
    return text_.substr(tag.content_begin, tag.content_end - tag.content_begin);
  }
  bool refuse(size_t begin, size_t end, std::string message, std::string help);

  Body& body_;
  std::string_view text_;
  std::string open_ = "{{", close_ = "}}";
  std::vector<Section> sections_;
  std::set<std::string> partials_;
};

bool Parser::refuse(size_t begin, size_t end, std::string message, std::string help) {
  problem = {"T601", body_.position(begin), body_.position(end), std::move(message),
             std::move(help)};
  return false;
}

bool Parser::run() {
  size_t at = 0;
  for (;;) {
    const size_t begin = text_.find(open_, at);
    if (begin == std::string_view::npos) break;
    body_.constant = false;
    Tag tag;
    if (!read_tag(begin, tag)) return false;
    size_t line_begin = begin, line_end = tag.end;
    const bool alone = standalone(tag, line_begin, line_end);
    add_text(at, line_begin);
    if (!alone && (begin == 0 || text_[begin - 1] == '\n')) add(Op::Kind::line, tag);
    if (tag.sigil == '>') {
      const std::string_view indent = text_.substr(line_begin, begin - line_begin);
      if (!call_partial(tag, alone ? indent : std::string_view(), alone)) return false;
    } else if (!act_on(tag)) {
      return false;
    }
    at = line_end;
  }
  add_text(at, text_.size());
  if (sections_.empty()) return true;
  const Op& op = body_.ops[sections_.back().op];
  const std::string name(sections_.back().name);
  return refuse(op.begin, op.end, "section " + plenum::quote(name) + " is never closed",
                "write `{{/" + name + "}}` where it ends");
}

// Finds the end of the tag that begins at `begin`, and what kind it is.
bool Parser::read_tag(size_t begin, Tag& tag) {
  size_t at = begin + open_.size();
  while (at < text_.size() && is_space(text_[at])) ++at;
  std::string closing = close_;
  if (at < text_.size() &&
      std::string_view("#^/>!=&{<$").find(text_[at]) != std::string_view::npos) {
    tag.sigil = text_[at++];
    if (tag.sigil == '{') closing = "}" + close_;
    if (tag.sigil == '=') closing = "=" + close_;
  }
  const size_t end = text_.find(closing, at);
  if (end == std::string_view::npos)
    return refuse(
        begin, begin + open_.size(), "this tag is never closed",
        tag.sigil == '='
            ? "delimiters are set by `{{=<% %>=}}`; a value is computed by `with: {name: =…}`"
            : "write `" + closing + "` where it ends");
  tag.begin = begin;
  tag.end = end + closing.size();
  tag.content_begin = at;
  tag.content_end = end;
  while (tag.content_begin < tag.content_end && is_space(text_[tag.content_begin]))
    ++tag.content_begin;
  while (tag.content_end > tag.content_begin && is_space(text_[tag.content_end - 1]))
    --tag.content_end;
  return true;
}

// Whether the tag is alone on its line (or lines); if so, where the first begins and where the last
// ends.
bool Parser::standalone(const Tag& tag, size_t& line_begin, size_t& line_end) const {
  if (tag.sigil == 0 || tag.sigil == '&' || tag.sigil == '{') return false;
  size_t before = tag.begin;
  while (before > 0 && is_blank(text_[before - 1])) --before;
  if (before > 0 && text_[before - 1] != '\n') return false;
  size_t after = tag.end;
  while (after < text_.size() && is_blank(text_[after])) ++after;
  if (after < text_.size()) {
    if (text_[after] == '\r' && after + 1 < text_.size() && text_[after + 1] == '\n') ++after;
    if (text_[after] != '\n') return false;
    ++after;
  }
  line_begin = before;
  line_end = after;
  return true;
}

bool Parser::act_on(const Tag& tag) {
  switch (tag.sigil) {
    case '!':
      return true;
    case '=':
      return set_delimiters(tag);
    case '#':
    case '^':
      return open_section(tag);
    case '/':
      return close_section(tag);
    case '<':
    case '$':
      return refuse(tag.begin, tag.end, "blocks and parents (`{{<` and `{{$`) are not used here",
                    "share text by a partial: `{{> name}}`");
    default:
      break;
  }
  uint32_t name = 0;
  if (!read_name(tag, name)) return false;
  Op& op = add(Op::Kind::value, tag);
  op.raw = tag.sigil != 0;
  op.name = name;
  return true;
}

bool Parser::open_section(const Tag& tag) {
  uint32_t name = 0;
  if (!read_name(tag, name)) return false;
  if (sections_.size() == kMaxSections)
    return refuse(tag.begin, tag.end, "sections are nested deeper than 64",
                  "move the inner part into a partial, or make the data flatter");
  add(tag.sigil == '#' ? Op::Kind::section : Op::Kind::inverted, tag).name = name;
  sections_.push_back({static_cast<uint32_t>(body_.ops.size() - 1), content(tag)});
  return true;
}

bool Parser::close_section(const Tag& tag) {
  const std::string_view name = content(tag);
  if (sections_.empty())
    return refuse(tag.begin, tag.end,
                  plenum::quote(name) + " is closed here, but no section is open",
                  "remove this tag, or write `{{#" + std::string(name) + "}}` before it");
  const Section& section = sections_.back();
  if (section.name != name) {
    const Position at = body_.position(body_.ops[section.op].begin);
    return refuse(tag.begin, tag.end,
                  "section " + plenum::quote(section.name) + " (opened at " +
                      std::to_string(at.line) + ":" + std::to_string(at.column) +
                      ") is closed by " + plenum::quote(name),
                  "write `{{/" + std::string(section.name) + "}}`");
  }
  body_.ops[section.op].jump = static_cast<uint32_t>(body_.ops.size());
  sections_.pop_back();
  add(Op::Kind::end, tag);
  return true;
}

bool Parser::set_delimiters(const Tag& tag) {
  const std::string_view both = content(tag);
  const size_t gap = std::min(both.find_first_of(" \t\r\n\v\f"), both.size());
  const size_t second = std::min(both.find_first_not_of(" \t\r\n\v\f", gap), both.size());
  const std::string open(both.substr(0, gap)), close(both.substr(second));
  const bool odd = close.find_first_of(" \t\r\n\v\f=") != std::string::npos ||
                   open.find('=') != std::string::npos;
  if (open.empty() || close.empty() || odd)
    return refuse(tag.begin, tag.end, "delimiters are two marks, without `=`, with a space between",
                  "e.g. `{{=<% %>=}}`");
  open_ = open;
  close_ = close;
  return true;
}

bool Parser::call_partial(const Tag& tag, std::string_view indent, bool alone) {
  const std::string name(content(tag));
  const bool spaced = std::any_of(name.begin(), name.end(), is_space);
  if (name.empty() || spaced || name[0] == '*')
    return refuse(tag.begin, tag.end, plenum::quote(name) + " is not the name of a partial",
                  "write `{{> name}}` with one fixed name");
  add(Op::Kind::partial, tag).name = static_cast<uint32_t>(body_.calls.size());
  body_.calls.push_back({name, std::string(indent), alone});
  if (partials_.insert(name).second) body_.partials.push_back(name);
  return true;
}

bool Parser::read_name(const Tag& tag, uint32_t& index) {
  const std::string_view name = content(tag);
  if (name.empty())
    return refuse(tag.begin, tag.end, "this tag names nothing", "write a name, e.g. `{{message}}`");
  const bool strict = body_.options.strict;
  const bool odd = std::any_of(name.begin(), name.end(), [&](char c) {
    return is_space(c) || (strict && c != '.' && !is_name_letter(c));
  });
  if (odd)
    return refuse(tag.content_begin, tag.content_end, plenum::quote(name) + " is not a name",
                  "a tag holds a name; compute with `with: {name: =…}` and write `{{name}}`");
  Read read{{}, body_.position(tag.content_begin), body_.position(tag.content_end)};
  if (name == ".") {
    read.path.push_back(".");
  } else {
    for (size_t at = 0; at <= name.size();) {
      const size_t dot = std::min(name.find('.', at), name.size());
      if (dot == at)
        return refuse(tag.content_begin, tag.content_end,
                      plenum::quote(name) + " has a dot too many",
                      "write `a.b` for the field `b` of `a`, `.` for the element itself");
      read.path.emplace_back(name.substr(at, dot - at));
      at = dot + 1;
    }
    body_.reads.push_back(read);
  }
  index = static_cast<uint32_t>(body_.names.size());
  body_.names.push_back(std::move(read));
  return true;
}

void Parser::add_text(size_t begin, size_t end) {
  if (begin >= end) return;
  Op op;
  op.begin = static_cast<uint32_t>(begin);
  op.end = static_cast<uint32_t>(end);
  body_.ops.push_back(op);
}

Op& Parser::add(Op::Kind kind, const Tag& tag) {
  add_text(tag.begin, tag.end);
  body_.ops.back().kind = kind;
  return body_.ops.back();
}

}  // namespace

Position Body::position(size_t offset) const {
  const auto next = std::upper_bound(lines.begin(), lines.end(), offset);
  return {static_cast<int>(next - lines.begin()), static_cast<int>(offset - *(next - 1)) + 1};
}

std::string dotted(const std::vector<std::string>& path, size_t parts) {
  std::string name;
  for (size_t i = 0; i < parts; ++i) name += (i ? "." : "") + path[i];
  return name;
}

std::string ticked(const std::vector<std::string>& path, size_t parts) {
  return plenum::quote(dotted(path, parts));
}

std::string as_json(const std::vector<std::string>& path) {
  if (path[0] == ".") return "`with: {item: =json(item)}`";
  return "`with: {" + path.back() + ": =json(" + dotted(path, path.size()) + ")}`";
}

tl::expected<Template, Problems> Template::parse(std::string text, Options options) {
  if (text.size() > kMaxText)
    return tl::unexpected(Problems{{"T601",
                                    {1, 1},
                                    {1, 1},
                                    "the template is larger than 1 MiB",
                                    "move fixed parts into partials, or shorten it"}});
  const auto body = std::make_shared<Body>();
  body->text = std::move(text);
  body->options = std::move(options);
  body->lines.push_back(0);
  for (size_t at = 0; (at = body->text.find('\n', at)) != std::string::npos;)
    body->lines.push_back(static_cast<uint32_t>(++at));
  Parser parser(*body);
  if (!parser.run()) return tl::unexpected(Problems{std::move(parser.problem)});
  return Template(body);
}

const std::vector<Read>& Template::reads() const {
  return body_->reads;
}
const std::vector<std::string>& Template::partials() const {
  return body_->partials;
}
bool Template::is_constant() const {
  return body_->constant;
}
const std::string& Template::text() const {
  return body_->text;
}

}  // namespace plenum::mustache
