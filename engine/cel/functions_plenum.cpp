// Plenum's own functions: JSON as text, pieces of text for models, names for files and URLs; and
// the encoders extension.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/ids.h"
#include "engine/cel/functions.h"
#include "engine/cel/utf8.h"

namespace plenum::cel {
namespace {

Value json_text(Context& context, const Value* a, size_t) {
  // What the steps that are left could pay for bounds the text before it is made.
  const uint64_t room = std::min<uint64_t>(context.meter.left, UINT32_MAX / 64) * 64;
  const Result<Json> json = to_json(*a, room);
  if (!json)
    return json.error().code.empty() ? context.fail(json.error().message) : context.limit();
  return context.string(to_text(*json));
}

Value parsed_json(Context& context, const Value* a, size_t) {
  if (!context.meter.take(1 + a->size / 16)) return context.limit();
  JsonLimits limits;
  limits.bytes = std::max<size_t>(limits.bytes, a->size);
  limits.string_bytes = limits.bytes;
  Result<Json> json = parse_json(a->text(), limits);
  if (!json) return context.fail("this text is not JSON: " + json.error().message);
  context.documents.push_back(std::make_unique<Json>(*std::move(json)));
  return Value::of(*context.documents.back());
}

Value chunks(Context& context, const Value* a, size_t) {
  const std::string_view text = a[0].text();
  const int64_t size = a[1].i, overlap = a[2].i;
  if (size < 1)
    return context.fail("`chunks` needs a size of 1 or more characters, not " +
                        std::to_string(size));
  if (overlap < 0 || overlap >= size) {
    return context.fail("`chunks` needs an overlap of 0 to size - 1 (" + std::to_string(size - 1) +
                        "), not " + std::to_string(overlap));
  }
  if (!context.meter.scans(text.size())) return context.limit();
  const size_t characters = utf8_size(text);
  const auto step = static_cast<size_t>(size - overlap);
  const size_t count = characters == 0 ? 0
                       : characters <= static_cast<size_t>(size)
                           ? 1
                           : 1 + (characters - static_cast<size_t>(size) + step - 1) / step;
  Value* items = context.values(count);
  if (!items) return context.limit();
  size_t start = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t next = utf8_offset(text, step, start);
    const size_t end = utf8_offset(text, static_cast<size_t>(overlap), next);
    if (!context.meter.scans(end - start)) return context.limit();
    items[i] = Value::string(text.substr(start, end - start));
    start = next;
  }
  return Value::list(items, count);
}

Value truncated(Context& context, const Value* a, size_t) {
  if (a[1].i < 0)
    return context.fail("`truncate` needs 0 or more characters, not " + std::to_string(a[1].i));
  const std::string_view text = a[0].text();
  if (static_cast<uint64_t>(a[1].i) >= text.size()) return a[0];
  const size_t end = utf8_offset(text, static_cast<size_t>(a[1].i));
  if (!context.meter.scans(end)) return context.limit();
  return Value::string(text.substr(0, end));
}

// U+00C0 to U+017F without their accents; "-" separates.
constexpr std::string_view kPlain[] = {
    "a", "a", "a",  "a",  "a", "a", "ae", "c",  "e",  "e", "e", "e", "i",  "i",  "i", "i", "d", "n",
    "o", "o", "o",  "o",  "o", "-", "o",  "u",  "u",  "u", "u", "y", "th", "ss", "a", "a", "a", "a",
    "a", "a", "ae", "c",  "e", "e", "e",  "e",  "i",  "i", "i", "i", "d",  "n",  "o", "o", "o", "o",
    "o", "-", "o",  "u",  "u", "u", "u",  "y",  "th", "y", "a", "a", "a",  "a",  "a", "a", "c", "c",
    "c", "c", "c",  "c",  "c", "c", "d",  "d",  "d",  "d", "e", "e", "e",  "e",  "e", "e", "e", "e",
    "e", "e", "g",  "g",  "g", "g", "g",  "g",  "g",  "g", "h", "h", "h",  "h",  "i", "i", "i", "i",
    "i", "i", "i",  "i",  "i", "i", "ij", "ij", "j",  "j", "k", "k", "k",  "l",  "l", "l", "l", "l",
    "l", "l", "l",  "l",  "l", "n", "n",  "n",  "n",  "n", "n", "n", "n",  "n",  "o", "o", "o", "o",
    "o", "o", "oe", "oe", "r", "r", "r",  "r",  "r",  "r", "s", "s", "s",  "s",  "s", "s", "s", "s",
    "t", "t", "t",  "t",  "t", "t", "u",  "u",  "u",  "u", "u", "u", "u",  "u",  "u", "u", "u", "u",
    "w", "w", "y",  "y",  "y", "z", "z",  "z",  "z",  "z", "z", "s"};
static_assert(std::size(kPlain) == 0x180 - 0xC0);

Value slug(Context& context, const Value* a, size_t) {
  const std::string_view text = a->text();
  if (!context.meter.copies(text.size())) return context.limit();
  std::string made;
  for (size_t at = 0; at < text.size(); at = utf8_next(text, at)) {
    const uint32_t c = utf8_decode(text, at);
    if (c < 0x80 && std::isalnum(static_cast<int>(c))) {
      made += static_cast<char>(std::tolower(static_cast<int>(c)));
    } else if (c >= 0xC0 && c < 0x180 && kPlain[c - 0xC0] != "-") {
      made += kPlain[c - 0xC0];
    } else if (c != '\'' && c != 0x2019 && !made.empty() && made.back() != '-') {
      made += '-';
    }
  }
  while (!made.empty() && made.back() == '-') made.pop_back();
  return context.string(made);
}

// Four letters of English, or one and a half of other scripts, are about one token of today's
// models.
Value tokens(Context& context, const Value* a, size_t) {
  if (!context.meter.scans(a->size)) return context.limit();
  const std::string_view text = a->text();
  const auto plain =
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
  const auto others = static_cast<int64_t>(utf8_size(text)) - plain;
  return Value::integer((plain * 3 + others * 8 + 11) / 12);
}

Value encoded(Context& context, const Value* a, size_t) {
  if (!context.meter.copies(a->size)) return context.limit();
  return context.string(base64(a->text()));
}

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

Value decoded(Context& context, const Value* a, size_t) {
  std::string_view text = a->text();
  if (!context.meter.copies(text.size())) return context.limit();
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  }
  std::string made;
  uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit < 0)
      return context.fail("this text is not base64: " + plenum::quote(std::string_view(&c, 1)) +
                          " is none of its characters");
    bits = bits << 6 | static_cast<uint32_t>(digit);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    made += static_cast<char>(bits >> have);
  }
  if (text.size() % 4 == 1)
    return context.fail("this text is not base64: its length is not possible");
  return Value::bytes(context.arena.copy(made));
}

}  // namespace

void add_plenum_functions(Library& library) {
  constexpr auto kGlobal = Library::global;
  library.add("json", kGlobal, "any -> string", json_text);
  library.add("parseJson", kGlobal, "string -> any", parsed_json);
  library.add("chunks", kGlobal, "string, int, int -> list<string>", chunks);
  library.add("truncate", kGlobal, "string, int -> string", truncated);
  library.add("slug", kGlobal, "string -> string", slug);
  library.add("tokens", kGlobal, "string -> int", tokens);
  library.add("base64.encode", kGlobal, "bytes -> string", encoded);
  library.add("base64.decode", kGlobal, "string -> bytes", decoded);
}

}  // namespace plenum::cel
