// The text of HTML as a reader sees it, without a tree: tags become breaks or nothing, what is
// between script or style tags is gone, entities become characters.  Nothing nests, so nothing can
// nest too deep.
#include <algorithm>
#include <array>
#include <utility>

#include "tools/extract/extract.h"

namespace plenum::extract {

namespace {

constexpr std::string_view kBlocks[] = {
    "address", "article", "aside",  "blockquote", "body",     "br",         "caption",
    "dd",      "div",     "dl",     "dt",         "fieldset", "figcaption", "figure",
    "footer",  "form",    "h1",     "h2",         "h3",       "h4",         "h5",
    "h6",      "head",    "header", "hr",         "html",     "li",         "main",
    "nav",     "ol",      "option", "p",          "pre",      "section",    "summary",
    "table",   "tbody",   "tfoot",  "thead",      "title",    "tr",         "ul"};
constexpr std::string_view kSilent[] = {"script", "style",  "noscript", "template", "svg",
                                        "math",   "iframe", "object",   "textarea", "select"};

constexpr std::pair<std::string_view, char32_t> kEntities[] = {
    {"amp", '&'},      {"lt", '<'},        {"gt", '>'},       {"quot", '"'},     {"apos", '\''},
    {"nbsp", 0xA0},    {"copy", 0xA9},     {"reg", 0xAE},     {"trade", 0x2122}, {"euro", 0x20AC},
    {"pound", 0xA3},   {"cent", 0xA2},     {"yen", 0xA5},     {"sect", 0xA7},    {"para", 0xB6},
    {"deg", 0xB0},     {"plusmn", 0xB1},   {"times", 0xD7},   {"divide", 0xF7},  {"frac12", 0xBD},
    {"frac14", 0xBC},  {"micro", 0xB5},    {"middot", 0xB7},  {"bull", 0x2022},  {"hellip", 0x2026},
    {"ndash", 0x2013}, {"mdash", 0x2014},  {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"sbquo", 0x201A},
    {"ldquo", 0x201C}, {"rdquo", 0x201D},  {"bdquo", 0x201E}, {"laquo", 0xAB},   {"raquo", 0xBB},
    {"rarr", 0x2192},  {"larr", 0x2190},   {"iexcl", 0xA1},   {"iquest", 0xBF},  {"ensp", 0x2002},
    {"emsp", 0x2003},  {"thinsp", 0x2009}, {"shy", 0xAD},     {"Agrave", 0xC0},  {"Aacute", 0xC1},
    {"Acirc", 0xC2},   {"Atilde", 0xC3},   {"Auml", 0xC4},    {"Aring", 0xC5},   {"AElig", 0xC6},
    {"Ccedil", 0xC7},  {"Egrave", 0xC8},   {"Eacute", 0xC9},  {"Ecirc", 0xCA},   {"Euml", 0xCB},
    {"Igrave", 0xCC},  {"Iacute", 0xCD},   {"Icirc", 0xCE},   {"Iuml", 0xCF},    {"Ntilde", 0xD1},
    {"Ograve", 0xD2},  {"Oacute", 0xD3},   {"Ocirc", 0xD4},   {"Otilde", 0xD5},  {"Ouml", 0xD6},
    {"Oslash", 0xD8},  {"Ugrave", 0xD9},   {"Uacute", 0xDA},  {"Ucirc", 0xDB},   {"Uuml", 0xDC},
    {"Yacute", 0xDD},  {"szlig", 0xDF},    {"agrave", 0xE0},  {"aacute", 0xE1},  {"acirc", 0xE2},
    {"atilde", 0xE3},  {"auml", 0xE4},     {"aring", 0xE5},   {"aelig", 0xE6},   {"ccedil", 0xE7},
    {"egrave", 0xE8},  {"eacute", 0xE9},   {"ecirc", 0xEA},   {"euml", 0xEB},    {"igrave", 0xEC},
    {"iacute", 0xED},  {"icirc", 0xEE},    {"iuml", 0xEF},    {"ntilde", 0xF1},  {"ograve", 0xF2},
    {"oacute", 0xF3},  {"ocirc", 0xF4},    {"otilde", 0xF5},  {"ouml", 0xF6},    {"oslash", 0xF8},
    {"ugrave", 0xF9},  {"uacute", 0xFA},   {"ucirc", 0xFB},   {"uuml", 0xFC},    {"yacute", 0xFD},
    {"yuml", 0xFF},    {"OElig", 0x152},   {"oelig", 0x153},  {"Scaron", 0x160}, {"scaron", 0x161}};

template <size_t N>
bool is_one_of(std::string_view word, const std::string_view (&list)[N]) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

class Stripper {
 public:
  explicit Stripper(std::string_view html) : html_(html) {}

  std::string strip() {
    while (at_ < html_.size()) {
      if (html_[at_] == '<')
        markup();
      else if (html_[at_] == '&')
        entity();
      else
        letter(html_[at_++]);
    }
    return std::move(text_);
  }

 private:
  void letter(char c) {
    if (pre_ || !is_space(c))
      text_ += c;
    else if (!text_.empty() && text_.back() != ' ' && text_.back() != '\n')
      text_ += ' ';
  }

  void line_break() {
    if (!text_.empty() && text_.back() == ' ') text_.pop_back();
    text_ += '\n';
  }

  bool follows(std::string_view word) const { return html_.substr(at_, word.size()) == word; }
  void jump_behind(std::string_view word, size_t from) {
    const size_t end = html_.find(word, from);
    at_ = end == std::string_view::npos ? html_.size() : end + word.size();
  }

  void markup() {
    if (follows("<!--")) return jump_behind("-->", at_ + 4);
    if (follows("<!") || follows("<?")) return jump_behind(">", at_ + 2);
    const bool closes = html_.substr(at_ + 1, 1) == "/";
    size_t p = at_ + 1 + closes;
    if (p >= html_.size() || !is_letter(html_[p])) return letter(html_[at_++]);
    std::string name;
    for (; p < html_.size() && !is_space(html_[p]) && html_[p] != '>' && html_[p] != '/'; ++p)
      if (name.size() < 16) name += lower(html_[p]);
    const bool self_closed = skip_attributes(p);
    if (is_one_of(name, kSilent)) {
      if (!closes && !self_closed) skip_silent(name);
      return;
    }
    if (name == "pre") pre_ = !closes;
    if (name == "td" || name == "th")
      text_ += closes ? "" : "\t";
    else if (is_one_of(name, kBlocks))
      line_break();
  }

  // To behind the tag's `>`, over quoted values that may hold one; whether it ended in `/>`.
  bool skip_attributes(size_t p) {
    char quote = 0, last = 0;
    for (; p < html_.size(); ++p) {
      const char c = html_[p];
      if (quote) {
        if (c == quote) quote = 0;
      } else if ((c == '"' || c == '\'') && last == '=') {
        quote = c;
      } else if (c == '>') {
        break;
      }
      if (!is_space(c)) last = c;
    }
    at_ = std::min(p + 1, html_.size());
    return last == '/';
  }

  void skip_silent(const std::string& name) {
    for (size_t p = html_.find("</", at_); p != std::string_view::npos;
         p = html_.find("</", p + 2)) {
      const std::string_view tag = html_.substr(p + 2, name.size());
      const bool same =
          tag.size() == name.size() && std::equal(tag.begin(), tag.end(), name.begin(),
                                                  [](char a, char b) { return lower(a) == b; });
      if (!same) continue;
      skip_attributes(p + 2);
      return;
    }
    at_ = html_.size();
  }

  void entity() {
    const size_t end = html_.substr(0, at_ + 12).find(';', at_);
    const std::string_view word =
        end == std::string_view::npos ? std::string_view() : html_.substr(at_ + 1, end - at_ - 1);
    const char32_t point = word.starts_with('#') ? number(word.substr(1)) : named(word);
    if (point == 0) return letter(html_[at_++]);
    append_utf8(text_, point);
    at_ = end + 1;
  }

  static char32_t named(std::string_view word) {
    for (const auto& [name, point] : kEntities)
      if (name == word) return point;
    return 0;
  }

  static char32_t number(std::string_view digits) {
    const bool hex = digits.starts_with('x') || digits.starts_with('X');
    if (hex) digits.remove_prefix(1);
    char32_t point = 0;
    for (const char c : digits) {
      const char d = lower(c);
      const bool decimal = d >= '0' && d <= '9';
      if (!decimal && !(hex && d >= 'a' && d <= 'f')) return 0;
      point = point * (hex ? 16 : 10) + static_cast<char32_t>(decimal ? d - '0' : d - 'a' + 10);
      if (point > 0x10FFFF) return 0xFFFD;
    }
    if (point >= 0xD800 && point < 0xE000) return 0xFFFD;
    return digits.empty() ? 0 : point;
  }

  std::string_view html_;
  size_t at_ = 0;
  bool pre_ = false;
  std::string text_;
};

}  // namespace

Answer read_html(std::string_view bytes) {
  const std::string html = to_utf8(bytes);
  return {{}, {}, Stripper(html).strip(), 0};
}

}  // namespace plenum::extract
