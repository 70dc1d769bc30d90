// Values back to Json and to text.  The size of the result is counted while it is made, so a small
// program over shared lists cannot unfold into a large document.
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/ids.h"
#include "engine/cel/civil.h"
#include "engine/cel/value.h"

namespace plenum::cel {
namespace {

constexpr int kDeepest = 512;

class JsonMaker {
 public:
  explicit JsonMaker(size_t bytes) : all_(bytes), left_(bytes) {}

  Result<Json> make(const Value& value, int depth) {
    if (depth > kDeepest) {
      return fail(Kind::invalid, "the result is nested deeper than 512 levels", "expression_limit");
    }
    switch (value.tag) {
      case Tag::null:
        TRY(count(4));
        return Json(nullptr);
      case Tag::boolean:
        TRY(count(5));
        return Json(value.flag);
      case Tag::integer:
        TRY(count(4));
        return Json(value.i);
      case Tag::uint:
        TRY(count(4));
        return Json(value.u);
      case Tag::real:
        return real(value.d);
      case Tag::string:
        TRY(count(value.size + 2));
        return Json(std::string(value.text()));
      case Tag::bytes:
        TRY(count(value.size * 4 / 3 + 4));
        return Json(base64(value.text()));
      case Tag::timestamp:
        TRY(count(22));
        return Json(timestamp_text(value.i, value.size));
      case Tag::duration:
        TRY(count(8));
        return Json(duration_text(value.i));
      case Tag::type:
        TRY(count(16));
        return Json(type_name(value.named));
      case Tag::optional:
        if (value.inner) return make(*value.inner, depth + 1);
        TRY(count(4));
        return Json(nullptr);
      case Tag::list:
        return list(value, depth);
      case Tag::map:
        return map(value, depth);
      case Tag::error:
        break;
    }
    return fail(Kind::internal, "an error is not a value");
  }

 private:
  Result<> count(size_t bytes) {
    if (bytes > left_) {
      return fail(
          Kind::invalid,
          "the result is larger than " + std::to_string(all_) + " bytes of JSON; keep less of it",
          "expression_limit");
    }
    left_ -= bytes;
    return {};
  }

  Result<Json> real(double d) {
    TRY(count(4));
    if (std::isfinite(d)) return Json(d);
    return fail(Kind::invalid, "the result is " + number_text(d) +
                                   ", which JSON cannot hold; test it with `math.isFinite` first");
  }

  Result<Json> list(const Value& value, int depth) {
    const size_t size = list_size(value);
    TRY(count(2 + size));
    Json made = Json::array();
    made.get_ref<Json::array_t&>().reserve(size);
    for (size_t i = 0; i < size; ++i) made.push_back(TRY(make(list_at(value, i), depth + 1)));
    return made;
  }

  Result<Json> map(const Value& value, int depth) {
    const size_t size = map_size(value);
    TRY(count(2 + 2 * size));
    Json made = Json::object();
    auto& members = made.get_ref<Json::object_t&>();
    members.reserve(size);
    std::set<std::string> texts;  // keys differ, but their texts may meet: "1" and 1
    const bool mixed = !value.borrowed && has_mixed_keys(value);
    for (size_t i = 0; i < size; ++i) {
      const Entry entry = map_at(value, i);
      std::string key = key_text(entry.key);
      TRY(count(key.size() + 2));
      Json inner = TRY(make(entry.value, depth + 1));
      if (mixed && !texts.insert(key).second) {
        return fail(Kind::invalid,
                    "two keys of the result's map have the same text: `" + key + "`");
      }
      members.emplace_back(std::move(key), std::move(inner));
    }
    return made;
  }

  static bool has_mixed_keys(const Value& map) {
    for (size_t i = 1; i < map_size(map); ++i)
      if (map_at(map, i).key.tag != map_at(map, 0).key.tag) return true;
    return false;
  }

  static std::string key_text(const Value& key) {
    switch (key.tag) {
      case Tag::string:
        return std::string(key.text());
      case Tag::boolean:
        return key.flag ? "true" : "false";
      case Tag::uint:
        return std::to_string(key.u);
      default:
        return std::to_string(key.i);
    }
  }

  size_t all_, left_;
};

std::string fraction_text(uint32_t nanos) {
  if (!nanos) return {};
  std::string digits = std::to_string(1'000'000'000u + nanos);
  digits[0] = '.';
  while (digits.back() == '0') digits.pop_back();
  return digits;
}

std::string padded(int64_t number, size_t width) {
  std::string digits = std::to_string(number);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

}  // namespace

Result<Json> to_json(const Value& value, size_t bytes) {
  return JsonMaker(bytes).make(value, 0);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  return {text, end.ptr};
}

std::string timestamp_text(int64_t seconds, uint32_t nanos) {
  const Civil at = civil_from_seconds(seconds);
  return padded(at.year, 4) + "-" + padded(at.month, 2) + "-" + padded(at.day, 2) + "T" +
         padded(at.hour, 2) + ":" + padded(at.minute, 2) + ":" + padded(at.second, 2) +
         fraction_text(nanos) + "Z";
}

std::string duration_text(int64_t nanos) {
  const bool negative = nanos < 0;
  const uint64_t size = negative ? 0 - static_cast<uint64_t>(nanos) : static_cast<uint64_t>(nanos);
  return (negative ? "-" : "") + std::to_string(size / 1'000'000'000) +
         fraction_text(static_cast<uint32_t>(size % 1'000'000'000)) + "s";
}

}  // namespace plenum::cel
