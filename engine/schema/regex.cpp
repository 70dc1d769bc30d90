// ECMA-262 to RE2, one construct at a time.
//
// The two agree on most of the notation.  Where they do not, the pattern is rewritten (\uXXXX, \s
// with Unicode's spaces, \p with long names, `.`, [^]); what has no linear-time form (look-around,
// back references) is refused by name.

#include "engine/schema/regex.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "engine/base/diagnostic.h"

namespace plenum::schema {
namespace {

constexpr size_t kMaxPattern = 4096;
constexpr int64_t kMaxMemory = 4 << 20;

// The inside of a bracket: ECMA's white space and line ends.
constexpr const char* kSpaces = "\\t\\n\\v\\f\\r \\x{A0}\\x{FEFF}\\x{2028}\\x{2029}\\p{Zs}";

struct LongName {
  const char* name;
  const char* category;
};
constexpr std::array<LongName, 36> kCategories = {{{"Letter", "L"},
                                                   {"Cased_Letter", "Lu}\\p{Ll}\\p{Lt"},
                                                   {"Uppercase_Letter", "Lu"},
                                                   {"Lowercase_Letter", "Ll"},
                                                   {"Titlecase_Letter", "Lt"},
                                                   {"Modifier_Letter", "Lm"},
                                                   {"Other_Letter", "Lo"},
                                                   {"Mark", "M"},
                                                   {"Nonspacing_Mark", "Mn"},
                                                   {"Spacing_Mark", "Mc"},
                                                   {"Enclosing_Mark", "Me"},
                                                   {"Number", "N"},
                                                   {"Decimal_Number", "Nd"},
                                                   {"digit", "Nd"},
                                                   {"Letter_Number", "Nl"},
                                                   {"Other_Number", "No"},
                                                   {"Symbol", "S"},
                                                   {"Math_Symbol", "Sm"},
                                                   {"Currency_Symbol", "Sc"},
                                                   {"Modifier_Symbol", "Sk"},
                                                   {"Other_Symbol", "So"},
                                                   {"Punctuation", "P"},
                                                   {"punct", "P"},
                                                   {"Connector_Punctuation", "Pc"},
                                                   {"Dash_Punctuation", "Pd"},
                                                   {"Open_Punctuation", "Ps"},
                                                   {"Close_Punctuation", "Pe"},
                                                   {"Initial_Punctuation", "Pi"},
                                                   {"Final_Punctuation", "Pf"},
                                                   {"Other_Punctuation", "Po"},
                                                   {"Separator", "Z"},
                                                   {"Space_Separator", "Zs"},
                                                   {"Line_Separator", "Zl"},
                                                   {"Paragraph_Separator", "Zp"},
                                                   {"Control", "Cc"},
                                                   {"Format", "Cf"}}};

class Translator {
 public:
  explicit Translator(std::string_view in) : in_(in) {}

  // Whether it can be translated; `out` or `error` has the result.
  bool run();
  std::string out;
  PatternError error;

 private:
  bool group();
  bool bracket();
  bool escape(bool in_bracket);
  bool code_point(std::string_view digits);
  bool unicode_escape();
  bool property(bool negated, bool in_bracket);
  bool refuse(std::string message, std::string help) {
    error = {std::move(message), std::move(help)};
    return false;
  }
  bool more() const { return at_ < in_.size(); }
  bool next_is(std::string_view text) const { return in_.substr(at_, text.size()) == text; }

  std::string_view in_;
  size_t at_ = 0;
};

bool Translator::run() {
  while (more()) {
    const char c = in_[at_];
    if (c == '\\') {
      if (!escape(false)) return false;
    } else if (c == '[') {
      if (!bracket()) return false;
    } else if (c == '(') {
      if (!group()) return false;
    } else if (c == '.') {
      out += "[^\\n\\r\\x{2028}\\x{2029}]";
      ++at_;
    } else {
      out += c;
      ++at_;
    }
  }
  return true;
}

bool Translator::group() {
  for (const char* look : {"(?=", "(?!", "(?<=", "(?<!"})
    if (next_is(look))
      return refuse(
          "the pattern needs " + std::string(look[2] == '<' ? "look-behind" : "look-ahead") + " (" +
              plenum::quote(std::string(look) + "…)") + "), which has no linear-time form",
          "say it without, e.g. as two patterns under `allOf`, or as `not: {pattern: …}`");
  if (next_is("(?<")) {
    out += "(?P<";
    at_ += 3;
  } else {
    out += '(';
    ++at_;
  }
  return true;
}

bool Translator::bracket() {
  if (next_is("[]")) {
    out += "[^\\x{0}-\\x{10FFFF}]";
    at_ += 2;
    return true;
  }
  if (next_is("[^]")) {
    out += "[\\x{0}-\\x{10FFFF}]";
    at_ += 3;
    return true;
  }
  out += '[';
  ++at_;
  if (more() && in_[at_] == '^') out += in_[at_++];
  while (more() && in_[at_] != ']') {
    if (in_[at_] == '\\') {
      if (!escape(true)) return false;
    } else {
      if (in_[at_] == '[') out += '\\';
      out += in_[at_++];
    }
  }
  if (!more())
    return refuse("a `[` in the pattern is never closed",
                  "write `]` where it ends, or `\\[` for itself");
  out += ']';
  ++at_;
  return true;
}

bool Translator::escape(bool in_bracket) {
  if (at_ + 1 >= in_.size())
    return refuse("the pattern ends with a lone `\\`", "write `\\\\` for a backslash");
  const char c = in_[at_ + 1];
  at_ += 2;
  switch (c) {
    case 'd':
    case 'D':
    case 'w':
    case 'W':
    case 't':
    case 'n':
    case 'v':
    case 'f':
    case 'r':
      out += '\\';
      out += c;
      return true;
    case 'b':
    case 'B':
      if (in_bracket && c == 'b') return code_point("08");
      out += '\\';
      out += c;
      return true;
    case 's':
      out += in_bracket ? kSpaces : "[" + std::string(kSpaces) + "]";
      return true;
    case 'S':
      out += in_bracket ? "\\S" : "[^" + std::string(kSpaces) + "]";
      return true;
    case 'p':
    case 'P':
      return property(c == 'P', in_bracket);
    case 'u':
      return unicode_escape();
    case 'x': {
      const std::string_view digits = in_.substr(at_, 2);
      at_ += digits.size();
      return code_point(digits.size() == 2 ? digits : "?");
    }
    case 'c': {
      if (!more() || !std::isalpha(static_cast<unsigned char>(in_[at_])))
        return refuse("`\\c` in the pattern needs a letter", "e.g. `\\cA`");
      constexpr const char* kHex = "0123456789ABCDEF";
      const int control = in_[at_++] % 32;
      return code_point({std::string{kHex[control / 16], kHex[control % 16]}});
    }
    case 'k':
      return refuse("the pattern has a back reference (`\\k`), which has no linear-time form",
                    "write the alternatives out");
    case '0':
      return code_point("0");
    default:
      break;
  }
  if (c >= '1' && c <= '9')
    return refuse("the pattern has a back reference (`\\" + std::string(1, c) +
                      "`), which has no linear-time form",
                  "write the alternatives out");
  if (std::isalnum(static_cast<unsigned char>(c)))
    return refuse("the pattern has an unknown escape `\\" + std::string(1, c) + "`",
                  std::string_view("AzZ").find(c) != std::string_view::npos
                      ? "`^` is the start of the text and `$` its end"
                      : "write the character itself, or `\\\\` for a backslash");
  if (static_cast<unsigned char>(c) < 0x80) out += '\\';
  out += c;
  return true;
}

bool Translator::code_point(std::string_view digits) {
  const bool hex = std::all_of(digits.begin(), digits.end(),
                               [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (digits.empty() || digits.size() > 6 || !hex)
    return refuse("a character escape in the pattern lacks hexadecimal digits",
                  "e.g. `\\x41`, `\\u0041` or `\\u{41}`");
  out.append("\\x{").append(digits).append("}");
  return true;
}

bool Translator::unicode_escape() {
  if (more() && in_[at_] == '{') {
    const size_t end = std::min(in_.find('}', at_), in_.size());
    const std::string_view digits = in_.substr(at_ + 1, end - at_ - 1);
    at_ = std::min(end + 1, in_.size());
    return code_point(digits);
  }
  const std::string digits(in_.substr(at_, 4));
  if (digits.size() < 4) return code_point("?");
  at_ += 4;
  const auto surrogate = [](std::string_view text, char low, char high) {
    const char third = static_cast<char>(std::toupper(static_cast<unsigned char>(text[1])));
    return (text[0] == 'd' || text[0] == 'D') && third >= low && third <= high;
  };
  if (!surrogate(digits, '8', 'B')) return code_point(digits);
  // Two escapes that make one character beyond U+FFFF.
  const std::string second(in_.substr(std::min(at_ + 2, in_.size()), 4));
  const std::string both = digits + second;
  if (!next_is("\\u") || both.size() < 8 || !surrogate(second, 'C', 'F') ||
      !std::all_of(both.begin(), both.end(), [](unsigned char c) { return std::isxdigit(c) != 0; }))
    return refuse("the pattern has half a surrogate pair, " + plenum::quote("\\u" + digits),
                  "write the character itself");
  at_ += 6;
  const unsigned long point = 0x10000 + ((std::stoul(digits, nullptr, 16) - 0xD800) << 10) +
                              (std::stoul(second, nullptr, 16) - 0xDC00);
  char hex[8];
  std::snprintf(hex, sizeof hex, "%lX", point);
  return code_point(hex);
}

bool Translator::property(bool negated, bool in_bracket) {
  const size_t end = in_.find('}', at_);
  if (!more() || in_[at_] != '{' || end == std::string_view::npos)
    return refuse("`\\p` in the pattern needs a name in braces", "e.g. `\\p{L}` for letters");
  std::string name(in_.substr(at_ + 1, end - at_ - 1));
  at_ = end + 1;
  for (const char* prefix :
       {"General_Category=", "gc=", "Script=", "sc=", "Script_Extensions=", "scx="})
    if (name.rfind(prefix, 0) == 0) name = name.substr(std::string_view(prefix).size());
  if (name == "Any") name = "L}\\P{L";
  if (name == "ASCII") {
    out += in_bracket ? (negated ? "\\x{80}-\\x{10FFFF}" : "\\x{0}-\\x{7F}")
                      : (negated ? "[^\\x{0}-\\x{7F}]" : "[\\x{0}-\\x{7F}]");
    return true;
  }
  for (const LongName& known : kCategories)
    if (name == known.name) name = known.category;
  const bool several = name.find('}') != std::string::npos;
  if (several && negated && in_bracket)
    return refuse("the pattern negates a group of categories inside `[…]`", "list the categories");
  if (several && !in_bracket) out += negated ? "[^" : "[";
  out += several || !negated ? "\\p{" : "\\P{";
  out += name + "}";
  if (several && !in_bracket) out += "]";
  return true;
}

}  // namespace

tl::expected<Pattern, PatternError> compile_pattern(std::string_view ecma) {
  if (ecma.size() > kMaxPattern)
    return tl::unexpected(
        PatternError{"the pattern is longer than 4096 bytes", "shorten it, or use `enum`"});
  Translator translator(ecma);
  if (!translator.run()) return tl::unexpected(std::move(translator.error));
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  options.set_never_capture(true);
  auto pattern = std::make_shared<const re2::RE2>(translator.out, options);
  if (pattern->ok()) return pattern;
  if (pattern->error_code() == re2::RE2::ErrorRepeatSize)
    return tl::unexpected(
        PatternError{"the pattern repeats more than 1000 times",
                     "bound the length with `maxLength` and repeat with `*` or `+`"});
  return tl::unexpected(PatternError{"the pattern is not a regular expression: " + pattern->error(),
                                     "the notation is that of JavaScript"});
}

bool matches(const re2::RE2& pattern, std::string_view text) {
  return pattern.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, nullptr,
                       0);
}

}  // namespace plenum::schema
