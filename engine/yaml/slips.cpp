// The parser stops at the first thing it cannot read, often far behind the mistake and in words
// about tokens.  The mistake itself is nearly always in the value of one line, so the line is
// looked at as its author sees it: indentation, key, value.
#include "engine/yaml/slips.h"

#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/yaml/extents.h"

namespace plenum::yaml {

namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

bool is_colon(const Source& source, size_t at) {
  const char next = source[at + 1];
  return source[at] == ':' && (is_blank(next) || is_break(next) || at + 1 >= source.size());
}

// A line as its author sees it.
struct Line {
  size_t begin = 0;  // of the first character that is no blank
  size_t key_begin = kNone, key_end = kNone;
  size_t value_begin = 0;
  size_t value_end = 0;  // equal: nothing there
  bool item = false;     // begins with `- `

  bool has_key() const { return key_begin != kNone; }
  bool has_value() const { return value_begin < value_end; }
};

size_t find_colon(const Source& source, size_t begin, size_t end) {
  if (source[begin] == '"' || source[begin] == '\'') {
    const size_t quote = quote_end(source, begin);
    if (quote == kNone) return kNone;
    const size_t colon = source.skip_blanks(quote);
    return is_colon(source, colon) ? colon : kNone;
  }
  if (std::string_view("{[*&!|>@`%").find(source[begin]) != std::string_view::npos) return kNone;
  for (size_t i = begin; i < end && !starts_comment(source, i); ++i)
    if (is_colon(source, i)) return i;
  return kNone;
}

Line line_at(const Source& source, size_t at) {
  Line line;
  const size_t end = source.line_end(at);
  size_t p = line.begin = source.skip_blanks(source.line_begin(at));
  while (source[p] == '-' && p < end && (p + 1 == end || is_blank(source[p + 1]))) {
    line.item = true;
    p = source.skip_blanks(p + 1);
  }
  if (const size_t colon = find_colon(source, p, end); colon != kNone) {
    line.key_begin = p;
    line.key_end = source.trim_blanks(p, colon);
    p = source.skip_blanks(colon + 1);
  }
  line.value_begin = std::min(p, end);
  line.value_end = line.value_begin;
  if (p < end && source[p] != '#') line.value_end = block_value_end(source, p);
  return line;
}

Slip quote_it(const Source& source, std::string code, size_t begin, size_t end,
              std::string message) {
  return {begin,
          end,
          std::move(code),
          std::move(message),
          "quote it: " + plenum::quote(in_quotes(source.between(begin, end))),
          true};
}

std::string one_char(const Source& source, size_t at) {
  return plenum::quote(std::string_view(source.text()).substr(at, 1));
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c >= 0x80;
  });
}

// A value whose first character means something else in YAML.
std::optional<Slip> wrong_beginning(const Source& source, size_t begin, size_t end) {
  const std::string_view value = source.between(begin, end);
  const std::string word = plenum::quote(value);
  switch (source[begin]) {
    case '*':
      if (is_word(value.substr(1)))
        return Slip{begin,
                    end,
                    "Y003",
                    "aliases are not used here: " + word,
                    "write the value itself, or quote it if it is text",
                    true};
      return quote_it(source, "Y009", begin, end,
                      word + ": an unquoted `*` starts an alias, not a text");
    case '{':
      if (source[begin + 1] == '{')
        return quote_it(source, "Y002", begin, end, word + " unquoted is a YAML map");
      return {};
    case '&':
    case '!':
    case '@':
    case '`':
    case '%':
    case '|':
    case '>':
    case ',':
    case ']':
    case '}':
      return quote_it(source, "Y006", begin, end,
                      "an unquoted text cannot begin with " + one_char(source, begin));
    case '?':
      if (is_blank(source[begin + 1]))
        return quote_it(source, "Y006", begin, end, "an unquoted text cannot begin with `? `");
      return {};
    default:
      return {};
  }
}

// A value in quotes that goes on behind them, or never ends.
std::optional<Slip> wrong_quotes(const Source& source, size_t begin, size_t at, bool in_flow) {
  if (source[begin] != '"' && source[begin] != '\'') return {};
  const size_t quote = quote_end(source, begin);
  if (quote == kNone) return unclosed_quote(source, begin, in_flow);
  const size_t end = in_flow ? flow_value_end(source, begin) : block_value_end(source, begin);
  if (end <= quote || at < quote) return {};
  const std::string inside = source[begin] == '\'' ? "inside '…' an apostrophe is written twice: ''"
                                                   : "inside \"…\" a quote is written \\\"";
  return Slip{begin,
              end,
              "Y013",
              "the text ends at its closing quote, but the line goes on: " +
                  plenum::quote(source.between(quote, end)),
              inside + "; or put quotes around the whole value",
              true};
}

Slip cut_at(const Source& source, size_t begin, size_t end, size_t at) {
  const std::string cutter = source[at] == ':'   ? "`: `"
                             : source[at] == '?' ? "`?`"
                                                 : one_char(source, at);
  return quote_it(source, "Y006", begin, end, cutter + " ends this unquoted value");
}

// `[size(x) > 0, tea == "Tea?"]`: the parser takes an item's `?` for a mark of its own, reads on
// from there, often far, and then finds no end of the list.
std::optional<Slip> cut_by_question_mark(const Source& source, size_t bracket) {
  if (source[bracket] != '[') return {};
  const size_t line_end = source.line_end(bracket);
  for (size_t begin = source.skip_blanks(bracket + 1); begin < line_end;) {
    const size_t end = flow_value_end(source, begin);
    const bool plain = std::string_view("\"'[{").find(source[begin]) == std::string_view::npos;
    const size_t mark = plain ? source.text().find('?', begin) : kNone;
    if (mark > begin && mark < end) return cut_at(source, begin, end, mark);
    if (end >= line_end || source[source.skip_blanks(end)] != ',') return {};
    begin = source.skip_blanks(source.skip_blanks(end) + 1);
  }
  return {};
}

// Inside brackets, something right behind a complete word.
std::optional<Slip> behind_word(const Source& source, size_t at, const Reached& reached) {
  const size_t stop = source.skip_blanks(reached.cursor);
  if (stop != at || stop >= source.line_end(at) || source[at] == '}' || source[at] == ']')
    return {};
  if (source.line_begin(reached.word) != source.line_begin(at)) return {};
  if (reached.is_key && stop == reached.cursor) {
    for (size_t colon = at; colon < source.line_end(at); ++colon)
      if (is_colon(source, colon))
        return quote_it(source, "Y006", reached.word, colon,
                        one_char(source, at) + " ends this unquoted key");
    return {};
  }
  const size_t end = flow_value_end(source, reached.word);
  bool other_key = false;
  for (size_t i = at; i < end; ++i) other_key |= is_colon(source, i);
  if (!other_key)
    if (auto slip = wrong_quotes(source, reached.word, at, true)) return slip;
  return Slip{at,
              std::max(at + 1, end),
              "Y013",
              "expected `,` or a closing bracket before " +
                  plenum::quote(source.between(at, std::max(at + 1, end))),
              "put a `,` between two values, or quotes around a text that goes on",
              false};
}

std::optional<Slip> in_brackets(const Source& source, size_t at, const Reached& reached) {
  if (reached.last_begin < reached.last_end) {  // a plain value: is it what breaks off here?
    const size_t begin = reached.last_begin;
    const size_t stop = source.skip_blanks(reached.last_end);
    const size_t end = flow_value_end(source, begin);
    if (starts_comment(source, stop))
      return quote_it(source, "Y004", begin, end, "the value ends at ` #`, the rest is a comment");
    if (stop <= at && at < end && source.line_begin(at) == source.line_begin(begin))
      return cut_at(source, begin, end, stop);
  }
  if (auto slip = behind_word(source, at, reached)) return slip;
  const bool behind_star = at > 0 && source[at - 1] == '*';
  const size_t begin = behind_star ? at - 1 : source.skip_blanks(at);
  if (begin >= source.size() || begin < reached.cursor) return {};
  if (std::string_view("*@`%|>").find(source[begin]) != std::string_view::npos)
    return wrong_beginning(source, begin, flow_value_end(source, begin));
  return {};
}

// A value that begins with a bracket but was meant as text: `[a](b)`, `{name} and more`.
std::optional<Slip> text_after_bracket(const Source& source, const Line& line, size_t at) {
  const char open = source[line.value_begin];
  if ((open != '{' && open != '[') || at <= line.value_begin || at >= line.value_end) return {};
  const char before = source[source.trim_blanks(line.value_begin, at) - 1];
  if (before != '}' && before != ']') return {};
  return quote_it(source, "Y006", line.value_begin, line.value_end,
                  "a value that begins with " + one_char(source, line.value_begin) + " is a YAML " +
                      (open == '{' ? "map" : "list") + " and ends at its bracket");
}

std::optional<Slip> tab(const Source& source, size_t at) {
  for (size_t i = source.line_begin(at); is_blank(source[i]); ++i)
    if (source[i] == '\t')
      return Slip{i,
                  i + 1,
                  "Y013",
                  "a tab indents this line; YAML indents with spaces only",
                  "replace the tab with spaces",
                  false};
  return {};
}

// The line above that is neither empty nor a comment.
std::optional<Line> line_above(const Source& source, size_t at) {
  size_t begin = source.line_begin(at);
  while (begin > 0) {
    begin = source.line_begin(begin - 1);
    const size_t first = source.skip_blanks(begin);
    if (first < source.line_end(begin) && source[first] != '#') return line_at(source, begin);
  }
  return {};
}

// `key: value` where the line above has already said its value, or is no `key: value` itself.
std::optional<Slip> wrong_neighbour(const Source& source, const Line& line) {
  if (!line.has_key()) return {};
  const std::optional<Line> above = line_above(source, line.begin);
  if (!above) return {};
  const std::string key = plenum::quote(source.between(line.key_begin, line.key_end));
  if (!above->has_key() && above->has_value()) {
    const std::string_view text = source.between(above->value_begin, above->value_end);
    const size_t colon = text.find(':');
    const bool squeezed = colon != std::string_view::npos && colon > 0;
    std::string help = squeezed ? "put a space behind `:`: " +
                                      plenum::quote(std::string(text.substr(0, colon + 1)) + " " +
                                                    std::string(text.substr(colon + 1)))
                                : "give it a value, or remove it";
    return Slip{above->value_begin,
                above->value_end,
                "Y013",
                plenum::quote(text) + " is neither `key: value` nor a list item",
                std::move(help),
                false};
  }
  const bool deeper = above->has_key() && above->has_value() &&
                      source.column(line.begin) > source.column(above->key_begin);
  if (!deeper) return {};
  return Slip{line.key_begin,
              line.key_end,
              "Y013",
              key + " is indented deeper than " +
                  plenum::quote(source.between(above->key_begin, above->key_end)) +
                  " above it, which has its value already",
              "begin it in column " + std::to_string(source.column(above->key_begin) + 1) +
                  ", like its neighbour",
              false};
}

std::optional<Slip> list_beside_key(const Source& source, const Line& line) {
  if (!line.has_key() || source[line.value_begin] != '-' || !is_blank(source[line.value_begin + 1]))
    return {};
  return Slip{line.value_begin,
              line.value_end,
              "Y013",
              "a list cannot begin beside its key",
              "put the items on lines of their own, or quote the value if it is text",
              true};
}

// A `-` that lacks its space, and a text block that ends too early.
std::optional<Slip> wrong_line_of_text(const Source& source, const Line& line,
                                       const Reached& reached) {
  const size_t end = source.trim_blanks(line.begin, source.line_end(line.begin));
  if (source[line.begin] == '-' && !line.item && line.begin + 1 < end)
    return Slip{line.begin,
                end,
                "Y013",
                "a `-` without a space behind it begins no list item",
                "write " + plenum::quote("- " + std::string(source.between(line.begin + 1, end))),
                false};
  if (!reached.is_block_text || line.has_key() || line.item) return {};
  if (source.skip_trivia(reached.cursor) != line.begin) return {};
  return Slip{
      line.begin,
      end,
      "Y013",
      "this line is indented less than the text block above it, so the block ends before it",
      "indent it like the first line of the block",
      false};
}

// A line whose beginning fits no list or map that is open there.
Slip out_of_line(const Source& source, size_t at, const Line& line, const std::string& words) {
  const bool list = words.find("sequence") != std::string::npos;
  const size_t end = std::max(line.begin + 1, line.has_key() ? line.key_end : line.value_end);
  const bool at_beginning = at <= line.begin || (line.has_key() && at <= line.key_begin);
  if (list && at_beginning && !line.item)
    return {line.begin,
            end,
            "Y013",
            "expected another `- ` item of the list above",
            "begin the line with `- `, or give it the indentation of the key it belongs beside",
            false};
  if (at_beginning)
    return {line.begin,
            end,
            "Y013",
            "this line's indentation fits no line above: it begins in column " +
                std::to_string(source.column(line.begin) + 1),
            "align it with the first key of the map, or the first `-` of the list, it belongs to",
            false};
  const size_t from = std::min(at, source.size());
  return {from,
          std::max(from, source.trim_blanks(from, source.line_end(from))),
          "Y013",
          "this does not belong here: the value before it is complete",
          "quote the whole value if it is text, or begin a new line",
          false};
}

std::optional<Slip> block_value(const Source& source, const Line& line, size_t at) {
  if (!line.has_value()) return {};
  if (auto slip = wrong_beginning(source, line.value_begin, line.value_end)) return slip;
  if (auto slip = wrong_quotes(source, line.value_begin, at, false)) return slip;
  if (auto slip = text_after_bracket(source, line, at)) return slip;
  if (source[line.value_begin] == '{' || source[line.value_begin] == '[') return {};
  if (line.has_key())
    for (size_t i = line.value_begin; i < line.value_end; ++i)
      if (is_colon(source, i)) return cut_at(source, line.value_begin, line.value_end, i);
  return {};
}

// The last place where a quote opens and never closes; the parser names only the end of the text.
size_t find_open_quote(const Source& source, size_t from) {
  bool starts = true;
  for (size_t i = from; i < source.size(); ++i) {
    const char c = source[i];
    if (starts && (c == '"' || c == '\'')) {
      size_t end = i + 1;
      while (end < source.size() && source[end] != c)
        end += source[end] == '\\' && c == '"' ? 2 : 1;
      if (end >= source.size()) return i;
      i = end;
      starts = false;
    } else if (c == '#' && (i == 0 || is_blank(source[i - 1]) || is_break(source[i - 1]))) {
      i = source.line_end(i);
      starts = true;
    } else if (is_break(c) || std::string_view(",[{").find(c) != std::string_view::npos ||
               (std::string_view(":-?").find(c) != std::string_view::npos &&
                is_blank(source[i + 1]))) {
      starts = true;
    } else if (!is_blank(c)) {
      starts = false;
    }
  }
  return kNone;
}

}  // namespace

Slip unclosed_quote(const Source& source, size_t begin, bool in_flow) {
  size_t end = source.line_end(begin);
  if (in_flow)
    for (size_t i = begin; i < end; ++i)
      if (std::string_view(",]}").find(source[i]) != std::string_view::npos) end = i;
  end = std::max(begin + 1, source.trim_blanks(begin, end));
  return {begin,
          end,
          "Y011",
          "this quote is never closed",
          std::string("close it with `") + source[begin] + "`",
          true};
}

Slip bad_escape(const Source& source, size_t begin) {
  size_t end = begin + 2;
  if (std::string_view("xuU").find(source[begin + 1]) != std::string_view::npos)
    while (std::isxdigit(static_cast<unsigned char>(source[end]))) ++end;
  end = std::max(begin + 1, std::min(end, source.line_end(begin)));
  return {begin,
          end,
          "Y013",
          "no such escape in double quotes: " + plenum::quote(source.between(begin, end)),
          "write `\\\\` for a backslash, or use single quotes",
          false};
}

Slip unclosed_bracket(const Source& source, size_t bracket) {
  const bool map = source[bracket] == '{';
  return {bracket,
          bracket + 1,
          "Y013",
          map ? "this `{` is never closed" : "this `[` is never closed",
          map ? "close it with `}`, or quote the value if it is text"
              : "close it with `]`, or quote the value if it is text",
          false};
}

Slip explain(const Source& source, size_t at, const std::string& words, const Reached& reached) {
  at = std::min(at, source.size());
  if (at > 0 && at == source.size()) {  // the parser's place for the end of the text: the last line
    size_t last = at;
    while (last > 0 && (is_blank(source[last - 1]) || is_break(source[last - 1]))) --last;
    at = last;
  }
  if (reached.bracket)
    if (auto slip = cut_by_question_mark(source, *reached.bracket)) return *slip;
  if (words.find("EOF in scalar") != std::string::npos)
    if (const size_t quote = find_open_quote(source, reached.cursor); quote != kNone)
      return unclosed_quote(source, quote, reached.bracket.has_value());
  const bool escape = words.find("hex number") != std::string::npos ||
                      words.find("unicode") != std::string::npos ||
                      words.find("escape") != std::string::npos;
  if (escape)
    if (const size_t slash = source.text().rfind('\\', at); slash != kNone)
      return bad_escape(source, slash);
  if (auto slip = tab(source, at)) return *slip;
  if (reached.bracket) {
    if (auto slip = in_brackets(source, at, reached)) return *slip;
    return unclosed_bracket(source, *reached.bracket);
  }
  const Line line = line_at(source, at);
  if (auto slip = block_value(source, line, at)) return *slip;
  if (auto slip = list_beside_key(source, line)) return *slip;
  if (auto slip = wrong_line_of_text(source, line, reached)) return *slip;
  if (auto slip = wrong_neighbour(source, line)) return *slip;
  return out_of_line(source, at, line, words);
}

}  // namespace plenum::yaml
