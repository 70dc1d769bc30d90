// Text: the standard library's tests and the strings extension.  Positions count code points.  What
// only looks at text gives back a piece of it, without a copy.
#include <re2/re2.h>

#include <algorithm>
#include <string>

#include "engine/base/diagnostic.h"
#include "engine/cel/functions.h"
#include "engine/cel/utf8.h"

namespace plenum::cel {
namespace {

// Every function over a text first pays for reading it.
#define PAY(bytes) \
  if (!context.meter.scans(bytes)) return context.limit()

Value contains(Context& context, const Value* a, size_t) {
  PAY(a[0].size);
  return Value::boolean(a[0].text().find(a[1].text()) != std::string_view::npos);
}
Value starts_with(Context& context, const Value* a, size_t) {
  PAY(a[1].size);
  return Value::boolean(a[0].text().substr(0, a[1].size) == a[1].text());
}
Value ends_with(Context& context, const Value* a, size_t) {
  PAY(a[1].size);
  return Value::boolean(a[0].size >= a[1].size &&
                        a[0].text().substr(a[0].size - a[1].size) == a[1].text());
}
Value matches(Context& context, const Value* a, size_t) {
  Value error;
  const re2::RE2* pattern = context.pattern(a[1].text(), &error);
  if (!pattern) return error;
  if (!context.meter.copies(a[0].size)) return context.limit();
  return Value::boolean(re2::RE2::PartialMatch(re2::StringPiece(a[0].chars, a[0].size), *pattern));
}

Value bad_index(Context& context, int64_t index, size_t size) {
  return context.fail("index out of range: " + std::to_string(index) + "; the text has " +
                      std::to_string(size) + " characters");
}

// Whether `index` is 0 to the number of characters.
bool is_inside(int64_t index, size_t size) {
  return index >= 0 && static_cast<uint64_t>(index) <= size;
}

Value char_at(Context& context, const Value* a, size_t) {
  PAY(a[0].size);
  const std::string_view text = a[0].text();
  const size_t size = utf8_size(text);
  if (!is_inside(a[1].i, size)) return bad_index(context, a[1].i, size);
  const size_t at = utf8_offset(text, static_cast<size_t>(a[1].i));
  return Value::string(at < text.size() ? text.substr(at, utf8_next(text, at) - at)
                                        : std::string_view());
}

Value position(std::string_view text, size_t at) {
  return Value::integer(at == text.npos ? -1 : static_cast<int64_t>(utf8_size(text.substr(0, at))));
}

Value index_of(Context& context, const Value* a, size_t count) {
  PAY(a[0].size * 2);
  const std::string_view text = a[0].text();
  if (count == 2) return position(text, text.find(a[1].text()));
  const size_t size = utf8_size(text);
  if (!is_inside(a[2].i, size)) return bad_index(context, a[2].i, size);
  return position(text, text.find(a[1].text(), utf8_offset(text, static_cast<size_t>(a[2].i))));
}

Value last_index_of(Context& context, const Value* a, size_t count) {
  PAY(a[0].size * 2);
  const std::string_view text = a[0].text();
  if (count == 2) return position(text, text.rfind(a[1].text()));
  const size_t size = utf8_size(text);
  if (!is_inside(a[2].i, size)) return bad_index(context, a[2].i, size);
  return position(text, text.rfind(a[1].text(), utf8_offset(text, static_cast<size_t>(a[2].i))));
}

Value substring(Context& context, const Value* a, size_t count) {
  PAY(a[0].size * 2);
  const std::string_view text = a[0].text();
  const size_t size = utf8_size(text);
  const int64_t start = a[1].i;
  const int64_t end = count > 2 ? a[2].i : static_cast<int64_t>(size);
  if (!is_inside(start, size)) return bad_index(context, start, size);
  if (!is_inside(end, size)) return bad_index(context, end, size);
  if (start > end) {
    return context.fail("invalid substring range. start: " + std::to_string(start) +
                        ", end: " + std::to_string(end));
  }
  const size_t from = utf8_offset(text, static_cast<size_t>(start));
  return Value::string(
      text.substr(from, utf8_offset(text, static_cast<size_t>(end - start), from) - from));
}

template <char kFirst, char kLast>
Value change_case(Context& context, const Value* a, size_t) {
  Value made = context.string(a->text());
  if (made.failed()) return made;
  char* chars = const_cast<char*>(made.chars);  // our own copy, in the arena
  for (uint32_t i = 0; i < made.size; ++i)
    if (chars[i] >= kFirst && chars[i] <= kLast) chars[i] ^= 32;
  return made;
}

bool is_space(uint32_t c) {
  return (c >= 9 && c <= 13) || c == 32 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

Value trim(Context& context, const Value* a, size_t) {
  PAY(a->size);
  std::string_view text = a->text();
  while (!text.empty() && is_space(utf8_decode(text, 0))) text.remove_prefix(utf8_next(text, 0));
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && (text[last] & 0xC0) == 0x80) --last;
    if (!is_space(utf8_decode(text, last))) break;
    text.remove_suffix(text.size() - last);
  }
  return Value::string(text);
}

Value reverse(Context& context, const Value* a, size_t) {
  Value made = context.string(a->text());
  if (made.failed()) return made;
  const std::string_view text = a->text();
  char* end = const_cast<char*>(made.chars) + made.size;
  for (size_t at = 0; at < text.size();) {
    const size_t next = utf8_next(text, at);
    end -= next - at;
    std::copy(text.begin() + static_cast<ptrdiff_t>(at),
              text.begin() + static_cast<ptrdiff_t>(next), end);
    at = next;
  }
  return made;
}

// The places of `part` in `text`, from left to right and apart; of an empty part the places between
// characters.
class Finder {
 public:
  Finder(std::string_view text, std::string_view part) : text_(text), part_(part) {}
  size_t next() {
    if (!part_.empty()) {
      const size_t found = text_.find(part_, at_);
      if (found != text_.npos) at_ = found + part_.size();
      return found;
    }
    if (ended_) return text_.npos;
    const size_t found = at_;
    ended_ = at_ >= text_.size();
    if (!ended_) at_ = utf8_next(text_, at_);
    return found;
  }

 private:
  std::string_view text_, part_;
  size_t at_ = 0;
  bool ended_ = false;
};

Value replace(Context& context, const Value* a, size_t count) {
  const std::string_view text = a[0].text(), part = a[1].text(), by = a[2].text();
  PAY(text.size());
  int64_t left = count > 3 && a[3].i >= 0 ? a[3].i : INT64_MAX;
  std::string made;
  size_t from = 0;
  Finder finder(text, part);
  while (left-- > 0) {
    const size_t found = finder.next();
    if (found == text.npos) break;
    if (!context.meter.take(1 + by.size() / 64)) return context.limit();
    made.append(text, from, found - from).append(by);
    from = found + part.size();
  }
  if (from == 0 && made.empty()) return a[0];
  made.append(text, from, text.npos);
  return context.string(made);
}

Value pieces(Context& context, const std::vector<std::string_view>& all) {
  Value* items = context.values(all.size());
  if (!items) return context.limit();
  std::transform(all.begin(), all.end(), items, Value::string);
  return Value::list(items, all.size());
}

Value split(Context& context, const Value* a, size_t count) {
  const std::string_view text = a[0].text(), separator = a[1].text();
  PAY(text.size());
  int64_t most = count > 2 && a[2].i >= 0 ? a[2].i : INT64_MAX;
  if (most == 0) return Value::list(nullptr, 0);
  std::vector<std::string_view> all;
  size_t from = 0;
  while (--most > 0) {
    size_t at = 0;
    if (separator.empty()) {
      at = from < text.size() ? utf8_next(text, from) : text.size();
      if (at == text.size()) break;
    } else {
      at = text.find(separator, from);
      if (at == text.npos) break;
    }
    if (!context.meter.take(1)) return context.limit();
    all.push_back(text.substr(from, at - from));
    from = at + separator.size();
  }
  if (!separator.empty() || from < text.size()) all.push_back(text.substr(from));
  return pieces(context, all);
}

Value join(Context& context, const Value* a, size_t count) {
  const std::string_view separator = count > 1 ? a[1].text() : std::string_view();
  const size_t size = list_size(a[0]);
  std::string made;
  for (size_t i = 0; i < size; ++i) {
    const Value item = list_at(a[0], i);
    if (!item.is(Tag::string)) {
      return context.fail("no such overload: `join` needs strings, element " + std::to_string(i) +
                          " is " + std::string(word_for(item.tag)) +
                          "; map them first: `list.map(x, string(x)).join()`");
    }
    if (!context.meter.take(1 + (item.size + separator.size()) / 64)) return context.limit();
    if (i) made += separator;
    made += item.text();
  }
  return Value::string(context.arena.copy(made));
}

Value quote(Context& context, const Value* a, size_t) {
  static constexpr std::string_view kFrom = "\a\b\f\n\r\t\v\\\"", kTo = "abfnrtv\\\"";
  const std::string_view text = a->text();
  PAY(text.size());
  std::string made = "\"";
  for (size_t at = 0; at < text.size();) {
    const size_t next = utf8_next(text, at);
    const std::string_view one = text.substr(at, next - at);
    if (const size_t special = kFrom.find(one[0]); special != kFrom.npos) {
      made += '\\';
      made += kTo[special];
    } else if (is_utf8(one)) {
      made += one;
    } else {
      append_utf8(made, 0xFFFD);
    }
    at = next;
  }
  return context.string(made + "\"");
}

#undef PAY

}  // namespace

void add_string_functions(Library& library) {
  constexpr auto kMember = Library::member;
  library.add("contains", kMember, "string, string -> bool", contains);
  library.add("startsWith", kMember, "string, string -> bool", starts_with);
  library.add("endsWith", kMember, "string, string -> bool", ends_with);
  library.add("matches", Library::both, "string, string -> bool", matches);
  library.add("charAt", kMember, "string, int -> string", char_at);
  library.add("indexOf", kMember, "string, string -> int", index_of);
  library.add("indexOf", kMember, "string, string, int -> int", index_of);
  library.add("lastIndexOf", kMember, "string, string -> int", last_index_of);
  library.add("lastIndexOf", kMember, "string, string, int -> int", last_index_of);
  library.add("substring", kMember, "string, int -> string", substring);
  library.add("substring", kMember, "string, int, int -> string", substring);
  library.add("lowerAscii", kMember, "string -> string", change_case<'A', 'Z'>);
  library.add("upperAscii", kMember, "string -> string", change_case<'a', 'z'>);
  library.add("trim", kMember, "string -> string", trim);
  library.add("reverse", kMember, "string -> string", reverse);
  library.add("replace", kMember, "string, string, string -> string", replace);
  library.add("replace", kMember, "string, string, string, int -> string", replace);
  library.add("split", kMember, "string, string -> list<string>", split);
  library.add("split", kMember, "string, string, int -> list<string>", split);
  library.add("join", kMember, "list<string> -> string", join);
  library.add("join", kMember, "list<string>, string -> string", join);
  library.add("strings.quote", Library::global, "string -> string", quote);
}

}  // namespace plenum::cel
