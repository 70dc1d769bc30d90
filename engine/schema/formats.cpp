// Each format is a short reader over the text: it takes what the grammar allows and must end where
// the text ends. Grammars: RFC 3339 (dates, times, durations), 5321 (e-mail), 1123 (host names),
// 4291 (IPv6), 3986 (URIs), 9562, 6901.

#include "engine/schema/formats.h"

#include <array>
#include <cctype>

#include "engine/schema/regex.h"

namespace plenum::schema {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alpha(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}
bool is_alnum(char c) {
  return is_digit(c) || is_alpha(c);
}
bool is_hex(char c) {
  return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool done() const { return at_ == text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_any(std::string_view letters) {
    if (done() || letters.find(text_[at_]) == std::string_view::npos) return false;
    ++at_;
    return true;
  }
  // Exactly `count` digits, as a number; -1: there are fewer.
  int number(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      if (!is_digit(peek())) return -1;
      value = value * 10 + (text_[at_++] - '0');
    }
    return value;
  }
  size_t digits() {
    const size_t start = at_;
    while (is_digit(peek())) ++at_;
    return at_ - start;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

bool read_date(Reader& in) {
  const int year = in.number(4);
  if (year < 0 || !in.take('-')) return false;
  const int month = in.number(2);
  if (month < 1 || month > 12 || !in.take('-')) return false;
  const int day = in.number(2);
  constexpr std::array<int, 13> kDays = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day >= 1 && day <= kDays[static_cast<size_t>(month)] + (month == 2 && leap);
}

bool read_time(Reader& in) {
  const int hour = in.number(2);
  if (hour < 0 || hour > 23 || !in.take(':')) return false;
  const int minute = in.number(2);
  if (minute < 0 || minute > 59 || !in.take(':')) return false;
  const int second = in.number(2);
  if (second < 0 || second > 60) return false;
  if (in.take('.') && in.digits() == 0) return false;
  int offset = 0;
  if (!in.take_any("zZ")) {
    const bool ahead = in.take('+');
    if (!ahead && !in.take('-')) return false;
    const int hours = in.number(2);
    if (hours < 0 || hours > 23 || !in.take(':')) return false;
    const int minutes = in.number(2);
    if (minutes < 0 || minutes > 59) return false;
    offset = (ahead ? 1 : -1) * (hours * 60 + minutes);
  }
  if (second < 60) return true;
  return (hour * 60 + minute - offset + 2 * 1440) % 1440 == 1439;  // leap seconds end a day of UTC
}

bool date(std::string_view text) {
  Reader in(text);
  return read_date(in) && in.done();
}

bool time(std::string_view text) {
  Reader in(text);
  return read_time(in) && in.done();
}

bool date_time(std::string_view text) {
  Reader in(text);
  return read_date(in) && in.take_any("tT") && read_time(in) && in.done();
}

// Units in their order, none twice, without gaps as RFC 3339 appendix A has it: a year may be
// followed by months only.
bool read_units(Reader& in, std::string_view units) {
  size_t next = 0;
  bool any = false;
  while (is_digit(in.peek())) {
    in.digits();
    const size_t unit = units.find(in.peek());
    if (in.done() || unit == std::string_view::npos || (any ? unit != next : false)) return false;
    in.take(in.peek());
    next = unit + 1;
    any = true;
  }
  return any;
}

bool duration(std::string_view text) {
  Reader in(text);
  if (!in.take('P')) return false;
  if (text.find('W') != std::string_view::npos) return in.digits() > 0 && in.take('W') && in.done();
  const bool days = is_digit(in.peek());
  if (days && !read_units(in, "YMD")) return false;
  if (in.take('T')) return read_units(in, "HMS") && in.done();
  return days && in.done();
}

bool hostname(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  size_t label = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || text[i] == '.') {
      if (label == 0 || label > 63 || text[i - 1] == '-') return false;
      label = 0;
    } else if (is_alnum(text[i]) || (text[i] == '-' && label > 0)) {
      if (++label == 4 && text[i] == '-' && text[i - 1] == '-' &&
          !((text[i - 3] | 32) == 'x' && (text[i - 2] | 32) == 'n'))
        return false;  // only xn-- may have two hyphens there
    } else {
      return false;
    }
  }
  return true;
}

bool ipv4(std::string_view text) {
  Reader in(text);
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && !in.take('.')) return false;
    if (!is_digit(in.peek())) return false;
    const bool zero = in.peek() == '0';
    int value = 0, count = 0;
    for (; is_digit(in.peek()) && count < 4; ++count) value = value * 10 + in.number(1);
    if (value > 255 || count > 3 || (zero && count > 1)) return false;
  }
  return in.done();
}

bool ipv6(std::string_view text) {
  int groups = 0;
  bool gap = false;
  size_t at = 0;
  if (text.substr(0, 2) == "::") {
    gap = true;
    at = 2;
  }
  while (at < text.size()) {
    size_t end = at;
    while (end < text.size() && is_hex(text[end])) ++end;
    if (end < text.size() && text[end] == '.') {
      if (!ipv4(text.substr(at))) return false;
      groups += 2;
      at = text.size();
      break;
    }
    if (end == at || end - at > 4) return false;
    ++groups;
    at = end;
    if (at == text.size()) break;
    if (text[at] != ':') return false;
    ++at;
    if (at < text.size() && text[at] == ':') {
      if (gap) return false;
      gap = true;
      ++at;
    } else if (at == text.size()) {
      return false;
    }
  }
  return gap ? groups < 8 : groups == 8;
}

bool email(std::string_view text) {
  const size_t sign = text.rfind('@');
  if (sign == std::string_view::npos || sign == 0 || sign > 64) return false;
  const std::string_view local = text.substr(0, sign), domain = text.substr(sign + 1);
  if (domain.size() > 2 && domain.front() == '[' && domain.back() == ']') {
    const std::string_view address = domain.substr(1, domain.size() - 2);
    if (!(address.substr(0, 5) == "IPv6:" ? ipv6(address.substr(5)) : ipv4(address))) return false;
  } else if (!hostname(domain)) {
    return false;
  }
  if (local.size() > 1 && local.front() == '"' && local.back() == '"') {
    for (size_t i = 1; i + 1 < local.size(); ++i) {
      if (local[i] == '\\')
        ++i;
      else if (local[i] == '"')
        return false;
      if (i + 1 >= local.size() || local[i] < 0x20 || local[i] > 0x7e) return false;
    }
    return true;
  }
  char before = '.';
  for (const char c : local) {
    if (c == '.' ? before == '.'
                 : !is_alnum(c) &&
                       std::string_view("!#$%&'*+/=?^_`{|}~-").find(c) == std::string_view::npos)
      return false;
    before = c;
  }
  return before != '.';
}

bool is_unreserved_or_delimiter(char c) {
  return is_alnum(c) || std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos;
}

// Characters of a URI part: the usual ones, `more`, and %XX.
bool uri_letters(std::string_view text, std::string_view more) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if (!is_unreserved_or_delimiter(text[i]) &&
               more.find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool authority(std::string_view text) {
  const size_t sign = text.rfind('@');
  if (sign != std::string_view::npos) {
    if (!uri_letters(text.substr(0, sign), ":")) return false;
    text.remove_prefix(sign + 1);
  }
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view host = text.substr(1, end - 1);
    const bool future = host.size() > 3 && (host[0] | 32) == 'v' && is_hex(host[1]) &&
                        host.find('.') != std::string_view::npos;
    if (!ipv6(host) && !(future && uri_letters(host, ":"))) return false;
    port = text.substr(end + 1);
  } else {
    const size_t colon = std::min(text.find(':'), text.size());
    if (!uri_letters(text.substr(0, colon), "")) return false;
    port = text.substr(colon);
  }
  if (port.empty()) return true;
  if (port.front() != ':') return false;
  for (const char c : port.substr(1))
    if (!is_digit(c)) return false;
  return true;
}

bool uri_parts(std::string_view text, bool needs_scheme) {
  const size_t hash = text.find('#');
  if (hash != std::string_view::npos) {
    if (!uri_letters(text.substr(hash + 1), ":@/?")) return false;
    text = text.substr(0, hash);
  }
  const size_t question = text.find('?');
  if (question != std::string_view::npos) {
    if (!uri_letters(text.substr(question + 1), ":@/?")) return false;
    text = text.substr(0, question);
  }
  const size_t colon = text.find(':'), slash = text.find('/');
  const bool scheme =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon < slash);
  if (needs_scheme && !scheme) return false;
  if (scheme) {
    if (colon == 0 || !is_alpha(text[0])) return false;
    for (const char c : text.substr(0, colon))
      if (!is_alnum(c) && c != '+' && c != '-' && c != '.') return false;
    text.remove_prefix(colon + 1);
  }
  if (text.substr(0, 2) == "//") {
    text.remove_prefix(2);
    const size_t path = std::min(text.find('/'), text.size());
    if (!authority(text.substr(0, path))) return false;
    text.remove_prefix(path);
  }
  return uri_letters(text, ":@/");
}

bool uri(std::string_view text) {
  return uri_parts(text, true);
}
bool uri_reference(std::string_view text) {
  return uri_parts(text, false);
}

bool uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool json_pointer(std::string_view text) {
  if (!text.empty() && text[0] != '/') return false;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
      return false;
  return true;
}

bool regex(std::string_view text) {
  return compile_pattern(text).has_value();
}

constexpr std::array<Format, 13> kFormats = {{
    {"date-time", "a date and time with its offset, e.g. 2026-03-31T08:30:00Z", date_time},
    {"date", "a date, e.g. 2026-03-31", date},
    {"time", "a time with its offset, e.g. 08:30:00Z", time},
    {"duration", "a duration, e.g. P1DT2H", duration},
    {"email", "an e-mail address, e.g. ada@example.org", email},
    {"hostname", "a host name, e.g. www.example.org", hostname},
    {"ipv4", "an IPv4 address, e.g. 192.0.2.1", ipv4},
    {"ipv6", "an IPv6 address, e.g. 2001:db8::1", ipv6},
    {"uri", "a URI, e.g. https://example.org/a", uri},
    {"uri-reference", "a URI or a relative reference, e.g. /a?b=c", uri_reference},
    {"uuid", "a UUID, e.g. 0190b5ab-7f3c-7b54-9a3c-2f1a7d1f2b6e", uuid},
    {"json-pointer", "a JSON pointer, e.g. /a/0", json_pointer},
    {"regex", "a regular expression without look-around and back references", regex},
}};

}  // namespace

const Format* find_format(std::string_view name) {
  for (const Format& format : kFormats)
    if (name == format.name) return &format;
  return nullptr;
}

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Format& format : kFormats) list.emplace_back(format.name);
    return list;
  }();
  return names;
}

}  // namespace plenum::schema
