// string.format(list): %s %d %f %e %b %x %X %o and %%, as the strings extension describes them.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>

#include "engine/cel/functions.h"
#include "engine/cel/utf8.h"

namespace plenum::cel {
namespace {

constexpr int kDeepest = 64;

class Formatter {
 public:
  explicit Formatter(Context& context) : context_(context) {}

  Value run(std::string_view format, const Value& arguments) {
    const size_t count = list_size(arguments);
    size_t used = 0;
    for (size_t at = 0; at < format.size();) {
      const size_t percent = std::min(format.find('%', at), format.size());
      made_ += format.substr(at, percent - at);
      at = percent + 1;
      if (percent == format.size()) break;
      if (at < format.size() && format[at] == '%') {
        made_ += '%';
        ++at;
        continue;
      }
      int precision = 6;
      if (!read_precision(format, at, precision)) return error_;
      if (at >= format.size())
        return wrong("the format ends inside a clause; a percent sign is written `%%`");
      const char clause = format[at++];
      if (std::string_view("sdfebxXo").find(clause) == std::string_view::npos) {
        return wrong("unrecognized formatting clause `%" + std::string(1, clause) +
                     "`; there are %s %d %f %e %b %x %X %o and %%");
      }
      if (used >= count)
        return wrong("index " + std::to_string(used) +
                     " out of range: the format asks for more values than there are");
      if (!one(clause, precision, list_at(arguments, used++))) return error_;
      if (!context_.meter.take(1 + made_.size() / 512)) return context_.limit();
    }
    return context_.string(made_);
  }

 private:
  Value wrong(const std::string& message) {
    error_ = context_.fail("error during formatting: " + message);
    return error_;
  }
  bool refuse(const char* clause, const char* takes, const Value& value) {
    wrong(std::string(clause) + " takes " + takes + ", not " + std::string(word_for(value.tag)));
    return false;
  }

  bool read_precision(std::string_view format, size_t& at, int& precision) {
    if (at >= format.size() || format[at] != '.') return true;
    size_t digits = 0;
    int value = 0;
    while (++at < format.size() && format[at] >= '0' && format[at] <= '9' && digits++ < 4) {
      value = value * 10 + (format[at] - '0');
    }
    if (digits == 0 || value > 100) {
      wrong("the precision behind `%.` must be 0 to 100");
      return false;
    }
    precision = value;
    return true;
  }

  bool one(char clause, int precision, const Value& value) {
    switch (clause) {
      case 's':
        return text(value, 0);
      case 'd':
        return decimal(value);
      case 'f':
      case 'e':
        return real(clause, precision, value);
      case 'b':
        return binary(value);
      case 'o':
        return octal(value);
      default:
        return hexadecimal(value, clause == 'X');
    }
  }

  bool decimal(const Value& value) {
    if (value.is(Tag::integer)) return made_ += std::to_string(value.i), true;
    if (value.is(Tag::uint)) return made_ += std::to_string(value.u), true;
    if (value.is(Tag::real)) return made_ += number_text(value.d), true;
    return refuse("decimal clause `%d`", "numbers", value);
  }

  bool real(char clause, int precision, const Value& value) {
    if (!value.is_number()) {
      return refuse(clause == 'f' ? "fixed-point clause `%f`" : "scientific clause `%e`", "numbers",
                    value);
    }
    const double number = value.is(Tag::real)      ? value.d
                          : value.is(Tag::integer) ? static_cast<double>(value.i)
                                                   : static_cast<double>(value.u);
    if (!std::isfinite(number)) return made_ += number_text(number), true;
    char buffer[512];
    const int size =
        std::snprintf(buffer, sizeof(buffer), clause == 'f' ? "%.*f" : "%.*e", precision, number);
    made_.append(buffer, static_cast<size_t>(size));
    return true;
  }

  void digits(uint64_t number, int base, bool upper) {
    char buffer[64];
    char* end = std::to_chars(buffer, buffer + sizeof(buffer), number, base).ptr;
    if (upper) std::transform(buffer, end, buffer, [](char c) { return c >= 'a' ? c - 32 : c; });
    made_.append(buffer, end);
  }
  bool whole(const Value& value, int base, bool upper) {
    if (value.is(Tag::uint)) return digits(value.u, base, upper), true;
    if (!value.is(Tag::integer)) return false;
    if (value.i < 0) made_ += '-';
    digits(value.i < 0 ? 0 - value.u : value.u, base, upper);
    return true;
  }
  bool binary(const Value& value) {
    if (value.is(Tag::boolean)) return made_ += value.flag ? '1' : '0', true;
    return whole(value, 2, false) || refuse("binary clause `%b`", "integers and bools", value);
  }
  bool octal(const Value& value) {
    return whole(value, 8, false) || refuse("octal clause `%o`", "integers", value);
  }
  bool hexadecimal(const Value& value, bool upper) {
    if (whole(value, 16, upper)) return true;
    if (!value.is(Tag::string) && !value.is(Tag::bytes)) {
      return refuse("hexadecimal clause `%x`", "integers, strings and bytes", value);
    }
    if (!context_.meter.copies(value.size * 2)) return error_ = context_.limit(), false;
    for (const char c : value.text()) {
      digits(static_cast<uint8_t>(c) >> 4, 16, upper);
      digits(c & 15, 16, upper);
    }
    return true;
  }

  bool text(const Value& value, int depth) {
    if (depth > kDeepest || !context_.meter.take(1 + value_bytes(value) / 64)) {
      error_ = context_.limit();
      return false;
    }
    switch (value.tag) {
      case Tag::null:
        made_ += "null";
        return true;
      case Tag::boolean:
        made_ += value.flag ? "true" : "false";
        return true;
      case Tag::integer:
        made_ += std::to_string(value.i);
        return true;
      case Tag::uint:
        made_ += std::to_string(value.u);
        return true;
      case Tag::real:
        made_ += number_text(value.d);
        return true;
      case Tag::string:
        made_ += value.text();
        return true;
      case Tag::bytes:
        made_ += cleaned(value.text());
        return true;
      case Tag::timestamp:
        made_ += timestamp_text(value.i, value.size);
        return true;
      case Tag::duration:
        made_ += duration_text(value.i);
        return true;
      case Tag::type:
        made_ += type_name(value.named);
        return true;
      case Tag::list:
        return list_text(value, depth);
      case Tag::map:
        return map_text(value, depth);
      default:
        return refuse("string clause `%s`", "values with a text form", value);
    }
  }

  static size_t value_bytes(const Value& value) {
    return value.is(Tag::string) || value.is(Tag::bytes) ? value.size : 0;
  }

  static std::string cleaned(std::string_view bytes) {
    std::string text;
    for (size_t at = 0; at < bytes.size();) {
      const size_t next = utf8_next(bytes, at);
      const std::string_view one = bytes.substr(at, next - at);
      if (is_utf8(one)) {
        text += one;
      } else {
        append_utf8(text, 0xFFFD);
      }
      at = next;
    }
    return text;
  }

  bool list_text(const Value& list, int depth) {
    made_ += '[';
    for (size_t i = 0; i < list_size(list); ++i) {
      if (i) made_ += ", ";
      if (!text(list_at(list, i), depth + 1)) return false;
    }
    made_ += ']';
    return true;
  }

  // Sorted by the keys' texts, so that the same map always gives the same text.
  bool map_text(const Value& map, int depth) {
    const std::string before = std::move(made_);
    std::vector<std::pair<std::string, Value>> sorted;
    for (size_t i = 0; i < map_size(map); ++i) {
      made_.clear();
      const Entry entry = map_at(map, i);
      if (!text(entry.key, depth + 1)) return false;
      sorted.emplace_back(std::move(made_), entry.value);
    }
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    made_ = before + "{";
    for (size_t i = 0; i < sorted.size(); ++i) {
      made_ += (i ? ", " : "") + sorted[i].first + ": ";
      if (!text(sorted[i].second, depth + 1)) return false;
    }
    made_ += '}';
    return true;
  }

  Context& context_;
  std::string made_;
  Value error_;
};

Value format(Context& context, const Value* a, size_t) {
  return Formatter(context).run(a[0].text(), a[1]);
}

}  // namespace

void add_format_function(Library& library) {
  library.add("format", Library::member, "string, list<A> -> string", format);
}

}  // namespace plenum::cel
