// A long double holds every 64-bit integer and every double on the machines we build for, so
// comparing needs no cases. Multiples are decided on decimal digits: value = a·10^x and step =
// b·10^y with integers a and b below 2^64.

#include "engine/schema/number.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace plenum::schema {
namespace {

static_assert(std::numeric_limits<long double>::digits >= 64, "comparing numbers needs 64 digits");

long double wide(const Json& number) {
  if (number.is_number_float()) return number.get<double>();
  if (number.is_number_unsigned()) return static_cast<long double>(number.get<uint64_t>());
  return static_cast<long double>(number.get<int64_t>());
}

struct Decimal {
  uint64_t digits = 0;  // without sign
  int exponent = 0;
};

Decimal decimal(const Json& number) {
  if (number.is_number_unsigned()) return {number.get<uint64_t>(), 0};
  if (number.is_number_integer()) {
    const int64_t value = number.get<int64_t>();
    return {value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value), 0};
  }
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, std::fabs(number.get<double>()),
                                 std::chars_format::scientific)
                       .ptr;
  Decimal result;
  bool fraction = false;
  const char* at = text;
  for (; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    result.digits = result.digits * 10 + static_cast<uint64_t>(*at - '0');
    result.exponent -= fraction;
  }
  int exponent = 0;
  if (at != end) {
    ++at;
    if (at != end && *at == '+') ++at;
    std::from_chars(at, end, exponent);
  }
  result.exponent += exponent;
  return result;
}

__extension__ using Wide = unsigned __int128;

uint64_t power_of_ten_modulo(int exponent, uint64_t modulus) {
  Wide result = 1 % modulus, base = 10 % modulus;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = result * base % modulus;
    base = base * base % modulus;
  }
  return static_cast<uint64_t>(result);
}

}  // namespace

int compare(const Json& a, const Json& b) {
  const long double x = wide(a), y = wide(b);
  return x < y ? -1 : x > y;
}

bool is_multiple(const Json& value, const Json& step) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) return false;
  Decimal a = decimal(value), b = decimal(step);
  if (a.digits == 0) return true;
  while (b.digits % 10 == 0) b.digits /= 10, ++b.exponent;
  const int shift = a.exponent - b.exponent;
  if (shift >= 0) {
    const Wide product = Wide(a.digits % b.digits) * power_of_ten_modulo(shift, b.digits);
    return product % b.digits == 0;
  }
  if (shift < -20) return false;  // the digits would have to end in more zeros than they have
  Wide divisor = b.digits;
  for (int i = shift; i < 0; ++i) {
    divisor *= 10;
    if (divisor > a.digits) return false;
  }
  return a.digits % static_cast<uint64_t>(divisor) == 0;
}

bool is_integral(const Json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>();
}

std::optional<uint64_t> as_count(const Json& value) {
  if (!value.is_number() || !is_integral(value)) return std::nullopt;
  const long double number = wide(value);
  if (number < 0 || number > 9007199254740992.0L) return std::nullopt;
  return static_cast<uint64_t>(number);
}

}  // namespace plenum::schema
