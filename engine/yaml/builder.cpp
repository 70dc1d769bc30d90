// The parser's events tell what a value is and where it begins.  Ends are found in the source: a
// scalar's by reading it again, a bracket's by looking behind its last value, a block's is its last
// value's.
#include "engine/yaml/builder.h"

#include <yaml-cpp/mark.h>

#include "engine/base/diagnostic.h"
#include "engine/yaml/extents.h"
#include "engine/yaml/scalar.h"

namespace plenum::yaml {

namespace {

constexpr size_t kDepth = 64;

bool ends_word(char c, bool flow) {
  return c == '\0' || is_blank(c) || is_break(c) || (flow && (c == ',' || c == ']' || c == '}'));
}

size_t offset(const YAML::Mark& mark) {
  return mark.pos < 0 ? 0 : static_cast<size_t>(mark.pos);
}

// How many more `(` than `)` there are.
int open_parentheses(std::string_view text) {
  int open = 0;
  for (const char c : text) open += c == '(' ? 1 : c == ')' ? -1 : 0;
  return open;
}

bool is_cut_text(std::string_view text) {
  const auto count = [&](char c) { return std::count(text.begin(), text.end(), c); };
  return open_parentheses(text) > 0 || count('"') % 2 != 0 || count('{') > count('}') ||
         count('[') > count(']');
}

Slip too_deep(size_t begin) {
  return {begin,
          begin + 1,
          "Y012",
          "lists and maps are nested deeper than 64 levels",
          "give the inner part a name of its own, for example as another graph",
          false};
}

// The parser takes a bracket that never closes for a key, so these two ask the text itself.
bool opens_deeper_than(const Source& source, size_t begin, size_t depth) {
  size_t open = 0;
  for (size_t at = begin; source[at] == '[' || source[at] == '{'; at = source.skip_trivia(at + 1))
    if (++open > depth) return true;
  return false;
}

bool is_closed(const Source& source, size_t begin) {
  int depth = 0;
  for (size_t at = begin; at < source.size(); ++at) {
    if (source[at] == '[' || source[at] == '{') ++depth;
    if ((source[at] == ']' || source[at] == '}') && --depth <= 0) return true;
  }
  return false;
}

}  // namespace

Reached Builder::reached() const {
  Reached reached;
  reached.cursor = cursor_;
  reached.word = word_;
  reached.is_key =
      !frames_.empty() && frames_.back().key_end > 0 && frames_.back().key_begin == word_;
  reached.is_block_text = is_block_text_;
  if (in_flow()) {
    const Frame& frame = frames_.back();
    reached.bracket = frame.begin;
    reached.last_begin = frame.last_begin;
    reached.last_end = frame.last_end;
    for (size_t i = frames_.size();
         i-- > 0 && frames_[i].flow;)  // `[a: 1` opens a map without a bracket
      if (source_[frames_[i].begin] == '{' || source_[frames_[i].begin] == '[') {
        reached.bracket = frames_[i].begin;
        break;
      }
  }
  return reached;
}

bool Builder::wants_key() const {
  return !frames_.empty() && frames_.back().node.is(Node::Kind::map) && !frames_.back().has_key;
}

void Builder::error(size_t begin, size_t end, std::string code, std::string message,
                    std::string help) {
  findings_.push_back({begin, end, std::move(code), std::move(message), std::move(help)});
}

// Anchors and tags stand before a value.
size_t Builder::skip_properties(size_t at) {
  while (source_[at] == '&' || source_[at] == '!') {
    size_t end = at;
    while (!ends_word(source_[end], in_flow())) ++end;
    const bool anchor = source_[at] == '&';
    error(at, end, "Y003",
          std::string(anchor ? "anchors" : "tags") +
              " are not used here: " + plenum::quote(source_.between(at, end)),
          anchor ? "name the value once where it is needed, share it by `use:`, or quote it if it "
                   "is text"
                 : "remove it, or quote the value if it is text");
    at = source_.skip_trivia(end);
  }
  return at;
}

void Builder::OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                              YAML::EmitterStyle::value style) {
  open(Node::Kind::list, offset(mark), style);
}

void Builder::OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value style) {
  open(Node::Kind::map, offset(mark), style);
}

void Builder::open(Node::Kind kind, size_t at, YAML::EmitterStyle::value style) {
  const size_t begin = skip_properties(at);
  if (wants_key()) refuse_key(begin);
  if (frames_.size() == kDepth) throw too_deep(begin);
  Frame frame;
  frame.node.kind = kind;
  frame.flow = style == YAML::EmitterStyle::Flow;
  frame.node.style = frame.flow ? Node::Style::flow : Node::Style::block;
  frame.begin = begin;
  if (frame.flow && !in_flow()) cursor_ = begin;
  cursor_ = std::max(
      cursor_, frame.flow && (source_[begin] == '{' || source_[begin] == '[') ? begin + 1 : begin);
  frames_.push_back(std::move(frame));
}

// A list or map in a key's place: nearly always `{{name}}` without quotes.
void Builder::refuse_key(size_t begin) {
  const auto is_mustache = [&](size_t at) { return source_.between(at, at + 2) == "{{"; };
  const Frame& frame = frames_.back();
  const bool is_key = is_mustache(begin);
  if (!is_key && !(frame.flow && is_mustache(frame.begin))) {
    if (opens_deeper_than(source_, begin, kDepth)) throw too_deep(begin);
    if (!is_closed(source_, begin)) throw unclosed_bracket(source_, begin);
    throw Slip{begin,
               begin + 1,
               "Y013",
               "a key must be a word, not a list or map",
               "quote it if it is text",
               false};
  }
  const size_t from = is_key ? begin : frame.begin;
  const bool flow = frames_.size() > 1 && frames_[frames_.size() - 2].flow;
  size_t end = flow ? flow_value_end(source_, from) : block_value_end(source_, from);
  if (is_key) end = std::min(source_.text().find("}}", from), source_.line_end(from) - 2) + 2;
  const std::string text(source_.between(from, end));
  throw Slip{from,
             end,
             "Y002",
             plenum::quote(text) + " unquoted is a YAML map",
             "write " + plenum::quote(in_quotes(text)),
             true};
}

void Builder::close() {
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  size_t end = cursor_;
  const char open = source_[frame.begin];
  if (frame.flow && (open == '{' || open == '[')) {
    end = source_.skip_trivia(end);
    while (source_[end] == ',') end = source_.skip_trivia(end + 1);
    end = std::min(end + 1, source_.size());
  }
  cursor_ = end;
  frame.node.span = source_.span(frame.begin, end);
  take_value(std::move(frame.node));
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
  const size_t begin = offset(mark);
  size_t end = begin;
  while (!ends_word(source_[end], in_flow())) ++end;
  const std::string text(source_.between(begin, end));
  const bool merge = !frames_.empty() && frames_.back().has_key && frames_.back().key == "<<";
  if (!merge)
    error(begin, end, "Y003", "aliases are not used here: " + plenum::quote(text),
          "write the value itself, share it by `use:`, or quote it if it is text");
  Node node;
  node.kind = Node::Kind::string;
  node.text = text;
  node.runs = {{0, source_.place(begin)}};
  take_scalar(std::move(node), begin, end);
}

void Builder::OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       const std::string& value) {
  const size_t begin = skip_properties(offset(mark));
  Node node;
  if (const auto mended = mends_.find(begin); mended != mends_.end()) {
    node.kind = Node::Kind::string;
    node.text = mended->second.text;
    node.runs = {{0, source_.place(begin)}};
    return take_scalar(std::move(node), begin, mended->second.end);
  }
  ScalarSource read = read_scalar(source_, begin, value);
  node.style = read.style;
  node.text = std::move(read.text);
  node.runs = std::move(read.runs);
  resolve(node);
  check_quotes(node, begin, read.end, read.closed);
  if (read.bad_escape != ScalarSource::npos) {
    const Slip slip = bad_escape(source_, read.bad_escape);
    error(slip.begin, slip.end, slip.code, slip.message, slip.help);
  }
  if (!wants_key()) check_plain_end(node, begin, read.end);
  take_scalar(std::move(node), begin, read.end);
}

// The parser lets a quote swallow lines until another quote comes along.  YAML wants the lines of a
// quoted text deeper than what they belong to, and so does everybody's eye.
void Builder::check_quotes(const Node& node, size_t begin, size_t end, bool closed) {
  if (node.style != Node::Style::single_quoted && node.style != Node::Style::double_quoted) return;
  size_t indent = 0;
  bool block = false;
  for (size_t i = frames_.size(); i-- > 0 && !block;)
    if ((block = !frames_[i].flow)) indent = source_.column(frames_[i].begin);
  for (size_t line = source_.next_line(begin); closed && block && line < end;
       line = source_.next_line(line)) {
    const size_t content = source_.skip_blanks(line);
    if (content < source_.line_end(line) && source_.column(content) <= indent) closed = false;
  }
  if (!closed) throw unclosed_quote(source_, begin, in_flow());
}

// ` #` that was meant as text, and a comma that was.
void Builder::check_plain_end(const Node& node, size_t begin, size_t end) {
  if (node.style != Node::Style::plain || !node.is(Node::Kind::string)) return;
  if (in_flow() && source_[end] == ',' && open_parentheses(node.text) > 0 &&
      source_.line_begin(begin) == source_.line_begin(end)) {
    const size_t whole = flow_value_end(source_, begin);
    if (whole > end) {
      const std::string text(source_.between(begin, whole));
      throw Slip{begin,
                 whole,
                 "Y006",
                 "`,` ends this unquoted value",
                 "quote it: " + plenum::quote(in_quotes(text)),
                 true};
    }
  }
  const size_t hash = source_.skip_blanks(end);
  if (source_[hash] != '#' || hash == end) return;
  const bool glued =
      hash == end + 1 && !ends_word(source_[hash + 1], false) && source_[hash + 1] != '#';
  if (!glued && !is_cut_text(node.text)) return;
  const size_t whole = source_.trim_blanks(begin, source_.line_end(hash));
  error(begin, whole, "Y004", "the value ends at ` #`, the rest is a comment",
        "quote it: " + plenum::quote(in_quotes(source_.between(begin, whole))) +
            "; a comment stands behind `# ` with a space");
}

bool Builder::is_null_word(size_t at) const {
  for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
    if (source_.between(at, at + word.size()) != word) continue;
    if (!ends_word(source_[at + word.size()], in_flow()) && source_[at + word.size()] != ':')
      continue;
    const bool is_key = source_[source_.skip_blanks(at + word.size())] == ':';
    return is_key == wants_key() || (wants_key() && in_flow());
  }
  return false;
}

void Builder::OnNull(const YAML::Mark& mark, YAML::anchor_t) {
  const size_t begin = skip_properties(std::max(offset(mark), cursor_));
  if (is_null_word(begin)) {
    Node node;
    size_t end = begin;
    while (!ends_word(source_[end], in_flow()) && source_[end] != ':') ++end;
    node.text = std::string(source_.between(begin, end));
    node.runs = {{0, source_.place(begin)}};
    return take_scalar(std::move(node), begin, end);
  }
  if (wants_key())
    throw Slip{begin,
               begin + 1,
               "Y013",
               "a key is missing before `:`",
               "write the key, or quote the value if it is text",
               false};
  take_missing_value();
}

// A key without its `: `: a text with a comma in `{…}`, a `:` without its space, a stray word.
void Builder::refuse_lone_key(Frame& frame) {
  const std::string_view key = frame.key;
  const size_t colon = key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789");
  const bool squeezed = colon != 0 && colon < key.size() && key[colon] == ':';
  const bool same_line =
      source_.line_begin(frame.last_begin) == source_.line_begin(frame.key_begin);
  if (!squeezed && frame.flow && same_line && frame.last_begin < frame.last_end) {
    const size_t end = std::max(frame.key_end, flow_value_end(source_, frame.last_begin));
    const std::string text(source_.between(frame.last_begin, end));
    throw Slip{frame.last_begin,
               end,
               "Y006",
               "`,` ends this unquoted value",
               "quote it: " + plenum::quote(in_quotes(text)),
               true};
  }
  std::string help = frame.flow ? "write `key: value`" : "give it a value, or remove it";
  if (squeezed)
    help = "put a space behind `:`: " + plenum::quote(std::string(key.substr(0, colon + 1)) + " " +
                                                      std::string(key.substr(colon + 1)));
  error(frame.key_begin, frame.key_end, "Y013",
        plenum::quote(key) +
            (frame.flow ? " has no value" : " is neither `key: value` nor a list item"),
        std::move(help));
  frame.drop = true;
}

void Builder::take_missing_value() {
  size_t at = source_.skip_trivia(cursor_);
  const bool indicated = source_[at] == ':' || source_[at] == '-' || source_[at] == '?';
  at = indicated ? at + 1 : cursor_;
  if (!indicated && !frames_.empty() && frames_.back().node.is(Node::Kind::map) &&
      (!in_flow() || source_[frames_.back().begin] == '{'))
    refuse_lone_key(frames_.back());
  Node node;
  node.runs = {{0, source_.place(at)}};
  node.span = source_.span(at, at);
  cursor_ = std::max(cursor_, at);
  take_value(std::move(node));
}

void Builder::take_scalar(Node node, size_t begin, size_t end) {
  node.span = source_.span(begin, end);
  cursor_ = std::max(cursor_, end);
  word_ = begin;
  is_block_text_ = node.style == Node::Style::literal || node.style == Node::Style::folded;
  if (wants_key()) return take_key(std::move(node), begin, end);
  if (!frames_.empty()) {
    const bool plain = node.style == Node::Style::plain;
    frames_.back().last_begin = begin;
    frames_.back().last_end = plain ? end : begin;
  }
  take_value(std::move(node));
}

void Builder::take_key(Node node, size_t begin, size_t end) {
  Frame& frame = frames_.back();
  frame.has_key = true;
  frame.drop = false;
  frame.key = node.text;
  frame.key_begin = begin;
  frame.key_end = end;
  if (frame.key == "<<" && node.style == Node::Style::plain) {
    frame.drop = true;
    return error(begin, end, "Y003", "merge keys are not used here: `<<`",
                 "write the keys themselves, or share them by `use:`");
  }
  const auto [first, is_new] = frame.seen.emplace(frame.key, node.span.start);
  if (is_new) return;
  frame.drop = true;
  error(begin, end, "Y001",
        "key " + plenum::quote(std::string_view(frame.key)) + " is defined twice",
        "first at " + std::to_string(first->second.line) + ":" +
            std::to_string(first->second.column) + "; remove or rename one of them");
}

void Builder::take_value(Node node) {
  if (frames_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = frames_.back();
  if (frame.node.is(Node::Kind::list)) {
    frame.node.items.push_back(std::move(node));
    return;
  }
  frame.has_key = false;
  if (frame.drop) return;
  frame.node.members.push_back(
      {frame.key, source_.span(frame.key_begin, frame.key_end), std::move(node)});
}

}  // namespace plenum::yaml
