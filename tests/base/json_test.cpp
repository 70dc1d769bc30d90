// Foreign JSON: what is accepted, what is refused and with which words, and the questions asked of
// values.
#include "engine/base/json.h"
#include "engine/base/json_text.h"

#include <catch2/catch.hpp>

using plenum::canonical;
using plenum::equal;
using plenum::Json;
using plenum::JsonLimits;
using plenum::parse_json;
using plenum::to_text;

namespace {

// The value again as text, or the error's message.
std::string read(std::string_view text, const JsonLimits& limits = {}) {
  const auto value = parse_json(text, limits);
  return value ? to_text(*value) : value.error().message;
}

std::string repeat(std::string_view piece, size_t n) {
  std::string text;
  text.reserve(piece.size() * n);
  while (n--) text += piece;
  return text;
}

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace

TEST_CASE("every kind of value is read, and objects keep their order", "[json]") {
  CHECK(read(R"( {"z": [1, -2, 3.5, true, false, null, "x"], "a": {}, "m": []} )") ==
        R"({"z":[1,-2,3.5,true,false,null,"x"],"a":{},"m":[]})");
  CHECK(read("\t\r\n0 ") == "0");
  CHECK(read(R"("Grüße 🙂 \u00fc\ud83d\ude42\"\\\/\b\f\n\r\t\u0000")") ==
        R"("Grüße 🙂 ü🙂\"\\/\b\f\n\r\t\u0000")");
}

TEST_CASE("integers that fit stay integers, the rest become doubles", "[json]") {
  const auto type = [](std::string_view text) { return parse_json(text).value().type(); };
  CHECK(type("9223372036854775807") == Json::value_t::number_integer);
  CHECK(type("-9223372036854775808") == Json::value_t::number_integer);
  CHECK(type("9223372036854775808") == Json::value_t::number_unsigned);
  CHECK(type("18446744073709551615") == Json::value_t::number_unsigned);
  CHECK(type("18446744073709551616") == Json::value_t::number_float);
  CHECK(type("-9223372036854775809") == Json::value_t::number_float);
  CHECK(type("1.0") == Json::value_t::number_float);
  CHECK(type("1e2") == Json::value_t::number_float);
  CHECK(parse_json("9007199254740993").value().get<int64_t>() == 9007199254740993);
  CHECK(parse_json("0.1").value().get<double>() == 0.1);
  CHECK(parse_json("5e-324").value().get<double>() == 5e-324);
  CHECK(parse_json("1.7976931348623157e308").value().get<double>() == 1.7976931348623157e308);
}

TEST_CASE("numbers below the least double are zero, numbers past the greatest are refused",
          "[json]") {
  CHECK(read("1e-400") == "0.0");
  CHECK(read("-0.00000001e-99999999999999999999999") == "-0.0");
  CHECK(read("0e99999999999999999999") == "0.0");
  CHECK(read("1e400") == "line 1, column 1: the number `1e400` is too large");
  CHECK(read("[-1e99999999999999999999999]") ==
        "line 1, column 2: the number `-1e99999999999999999999999` is too large");
  CHECK(read("0.000001e400") == "line 1, column 1: the number `0.000001e400` is too large");
  CHECK(read(std::string(64, '1')) != read(std::string(65, '1')));
  CHECK(read(std::string(65, '1')) ==
        "line 1, column 1: a number of more than 64 characters; send it as a string");
}

TEST_CASE("a mistake is told with its place and what was expected", "[json]") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "line 1, column 1: expected a JSON value, found the end of the text"},
      {"  \n ", "line 2, column 2: expected a JSON value, found the end of the text"},
      {"{\n  \"a\": 1,\n  b: 2}", "line 3, column 3: expected a key in double quotes, found `b`"},
      {"{\"a\": 1,}", "line 1, column 9: expected a key in double quotes, found `}`"},
      {"{'a': 1}", "line 1, column 2: expected a key in double quotes, found `'`"},
      {"{\"a\" 1}", "line 1, column 6: expected `:` after the key `a`, found `1`"},
      {"{\"a\": 1 \"b\": 2}", "line 1, column 9: expected `,` or `}` after a member, found `\"`"},
      {"{\"a\": }", "line 1, column 7: expected a JSON value, found `}`"},
      {"[1, 2",
       "line 1, column 6: expected `,` or `]` after an element, found the end of the text"},
      {"[1, ]", "line 1, column 5: expected a value after `,`, found `]`"},
      {"[1 2]", "line 1, column 4: expected `,` or `]` after an element, found `2`"},
      {"[undefined]", "line 1, column 2: expected a JSON value, found `undefined`"},
      {"True", "line 1, column 1: expected a JSON value, found `True`"},
      {"nul", "line 1, column 1: expected a JSON value, found `nul`"},
      {"NaN", "line 1, column 1: expected a JSON value, found `NaN`"},
      {"1 2", "line 1, column 3: expected the end of the text after the value, found `2`"},
      {"{} // done", "line 1, column 4: expected the end of the text after the value, found `/`"},
      {"01", "line 1, column 1: a number must not begin with a zero: `01`"},
      {"-012", "line 1, column 1: a number must not begin with a zero: `-012`"},
      {"-", "line 1, column 2: expected a digit after `-`, found the end of the text"},
      {"+1", "line 1, column 1: expected a JSON value, found `+`"},
      {".5", "line 1, column 1: expected a JSON value, found `.`"},
      {"1.",
       "line 1, column 3: expected a digit after the decimal point, found the end of the text"},
      {"1.e1", "line 1, column 3: expected a digit after the decimal point, found `e1`"},
      {"1e+", "line 1, column 4: expected a digit in the exponent, found the end of the text"},
      {"0x10", "line 1, column 2: expected the end of the text after the value, found `x10`"},
      {"[\"ab", "line 1, column 2: this string is never closed; expected `\"`"},
      {"\"\\",
       "line 1, column 2: no such escape in a string; after `\\` comes one of `\" \\ / b f n r t "
       "u`"},
      {"\"a\\x41\"",
       "line 1, column 3: no such escape in a string; after `\\` comes one of `\" \\ / b f n r t "
       "u`"},
      {"\"\\u12g4\"", "line 1, column 2: expected four hexadecimal digits after `\\u`"},
      {"\"\\u12", "line 1, column 2: expected four hexadecimal digits after `\\u`"},
      {"\"a\nb\"",
       "line 1, column 3: a control character (the byte 0x0A) inside a string; write it as `\\n`"},
      {std::string("\"\0\"", 3),
       "line 1, column 2: a control character (the byte 0x00) inside a string; write it as "
       "`\\u0000`"},
      {std::string("\0", 1), "line 1, column 1: expected a JSON value, found the byte 0x00"},
      {"\xEF\xBB\xBF{}",
       "line 1, column 1: a byte order mark stands before the JSON text; send it without one"},
      {"\xC2\xA0{}", "line 1, column 1: expected a JSON value, found `\xC2\xA0`"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK(read(text) == message);
  }
  CHECK(parse_json("[").error().kind == plenum::Kind::invalid);
  CHECK(parse_json("[").error().code == "invalid_json");
}

TEST_CASE("bytes that are not UTF-8 and lone surrogates are refused", "[json]") {
  for (const char* bad : {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xF0\x9F\x99"}) {
    CAPTURE(bad);
    CHECK_THAT(read("\"ok " + std::string(bad) + "\""), Catch::EndsWith("is not valid UTF-8"));
    CHECK_THAT(read("\"ok " + std::string(bad)), Catch::EndsWith("is not valid UTF-8"));
  }
  for (const char* lone : {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud800x")",
                           R"("\ud83d\u0041")", R"("\ude42\ud83d")"}) {
    CAPTURE(lone);
    CHECK(read(lone) ==
          "line 1, column 2: half of a surrogate pair; both halves must follow one another");
  }
}

TEST_CASE("a key is there once, whatever the object's size and however the key is written",
          "[json]") {
  CHECK(read(R"({"a": 1, "b": 2, "\u0061": 3})") ==
        "line 1, column 18: the key `a` is there twice in one object");
  CHECK(read(R"({"a": {"a": 1}, "b": {"a": 1}})") == R"({"a":{"a":1},"b":{"a":1}})");
  CHECK(read(R"({"a\u0000": 1})") == "line 1, column 4: a NUL character in a key");
  CHECK(read(R"({"": 1, "": 1})") == "line 1, column 9: the key `` is there twice in one object");
  for (const int size : {15, 16, 17, 18, 5000}) {
    CAPTURE(size);
    std::string text = "{";
    for (int i = 0; i < size; ++i) text += "\"k" + std::to_string(i) + "\": 0,\n";
    CHECK(parse_json(text + "\"last\": 0}").value().size() == static_cast<size_t>(size) + 1);
    CHECK(read(text + "\"k3\": 0, \"k2\": 0}") ==
          "line " + std::to_string(size + 1) +
              ", column 1: the key `k3` is there twice in one object");
  }
}

TEST_CASE("each limit holds at its edge", "[json]") {
  CHECK(parse_json(repeat("[", 64) + repeat("]", 64)));
  CHECK(read(repeat("[", 65) + repeat("]", 65)) ==
        "line 1, column 65: nested deeper than 64 levels");
  CHECK(read(R"({"a":{"b":1}})", {.depth = 1}) == "line 1, column 6: nested deeper than 1 levels");
  CHECK(parse_json("[1,2,3]", {.values = 4}));
  CHECK(read("[1,2,3]", {.values = 3}) == "line 1, column 6: more than 3 values");
  CHECK(parse_json(R"("abc")", {.string_bytes = 3}));
  CHECK(read(R"("abcd")", {.string_bytes = 3}) == "line 1, column 1: a string longer than 3 bytes");
  CHECK(read(R"({"a":1,"b":2})", {.members = 1}) ==
        "line 1, column 8: more than 1 keys in one object");
  CHECK(read("[1, 2]", {.bytes = 5}) == "the JSON text has 6 bytes; at most 5 are accepted");
}

TEST_CASE("bombs are refused within 50 ms", "[json]") {
  std::string keys = "{";
  const std::string prefix(60, 'x');
  for (int i = 0; i < 9'999; ++i) keys += "\"" + prefix + std::to_string(i) + "\":0,";
  const std::vector<std::string> bombs = {
      repeat("[", 1'000'000),
      repeat("{\"a\":", 200'000),
      "[" + repeat("[],", 300'000),
      "[" + repeat("0,", 500'000),
      keys + "\"" + prefix + "0\":0}",
      keys + "\"a\":0,\"b\":0}",
      "\"" + std::string(1'000'000, 'x'),
      "\"" + repeat("\\u0041", 170'000),
      std::string(1'000'000, ' '),
      std::string(1'000'000, '9'),
      repeat("[" + repeat("[0,", 62) + "0", 4000),
      std::string(100'000'000, '['),
  };
  for (const std::string& bomb : bombs) {
    CAPTURE(bomb.substr(0, 20));
    double best = 1e9;  // of three: the machine may be busy
    for (int i = 0; i < 3; ++i)
      best = std::min(best, milliseconds([&] { CHECK_FALSE(parse_json(bomb)); }));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(best < 50);
#endif
  }
}

TEST_CASE("text is written for any value, also one with bytes that are not UTF-8", "[json]") {
  CHECK(to_text(Json{{"a", "x\xFFy"}}) == "{\"a\":\"x\xEF\xBF\xBDy\"}");
  CHECK(to_text(Json(std::nan(""))) == "null");
  CHECK(to_text(parse_json("1e308").value()) == "1e+308");
}

TEST_CASE("text is what the library writes, byte for byte", "[json]") {
  std::string every;
  for (int c = 0; c < 0x80; ++c) every += static_cast<char>(c);
  const std::vector<Json> values = {
      Json::object(),
      Json::array(),
      Json(),
      Json(true),
      Json(0),
      Json(-7),
      Json(1.0),
      Json(0.1),
      Json(-0.0),
      Json(1e-7),
      Json(123456789012345678.0),
      Json(std::numeric_limits<int64_t>::min()),
      Json(std::numeric_limits<uint64_t>::max()),
      Json(""),
      Json(every),
      Json(every + every),
      Json("caf\u00e9 \U0001F600"),
      Json("a\xC3"),
      Json("\xED\xA0\x80 half"),
      Json("\xF5\x80"),
      Json{{"\"k\n", {1, {{"b", nullptr}}, Json::array()}}, {"\xFF", "\xFE"}, {"", {{}, "x"}}}};
  for (const Json& value : values)
    CHECK(to_text(value) == value.dump(-1, ' ', false, Json::error_handler_t::replace));
  CHECK(plenum::array_text(values[1], "a", 2, values[20]) ==
        to_text(Json{values[1], "a", 2, values[20]}));
}

// Plain letters are looked at sixteen at a time: whatever interrupts them is seen at every place.
TEST_CASE("what must be written otherwise is found wherever it stands", "[json]") {
  const std::vector<std::string> marks = {"\"",   "\\",     "\n",     std::string(1, '\0'), "\x1f",
                                          "\x7f", "\u00e9", "\u65e5", "\U0001F600"};
  for (size_t length = 0; length < 50; ++length)
    for (size_t at = 0; at <= length; ++at)
      for (const std::string& mark : marks) {
        const std::string text = std::string(at, 'x') + mark + std::string(length - at, '~');
        const Json value(text);
        const std::string written = to_text(value);
        REQUIRE(written == value.dump());
        REQUIRE(parse_json(written).value() == value);
      }
  for (size_t length = 0; length < 50; ++length)
    for (size_t at = 0; at <= length; ++at) {
      std::string text(length + 1, 'x');
      text[at] = '\x1f';
      CHECK_FALSE(parse_json("\"" + text + "\""));
      text[at] = '\xff';
      CHECK_FALSE(parse_json("\"" + text + "\""));
    }
}

TEST_CASE("objects are equal in any order, numbers across their types and exactly", "[json]") {
  const auto same = [](std::string_view a, std::string_view b) {
    const Json x = parse_json(a).value(), y = parse_json(b).value();
    CHECK(equal(x, y) == equal(y, x));
    CHECK((canonical(x) == canonical(y)) == equal(x, y));
    return equal(x, y);
  };
  CHECK(same(R"({"a": 1, "b": [1, {"c": null, "d": 0}]})",
             R"({"b": [1.0, {"d": -0.0, "c": null}], "a": 1})"));
  CHECK(same("1", "1.0"));
  CHECK(same("1e3", "1000"));
  CHECK(same("9007199254740992", "9007199254740992.0"));
  CHECK(same("9223372036854775808", "9223372036854775808.0"));
  CHECK(same("-9223372036854775808", "-9223372036854775808.0"));
  CHECK_FALSE(same("9007199254740993", "9007199254740992.0"));
  CHECK_FALSE(same("9223372036854775807", "9223372036854775808.0"));
  CHECK_FALSE(same("18446744073709551615", "18446744073709551616"));
  CHECK_FALSE(same("-1", "18446744073709551615"));
  CHECK_FALSE(same("[1, 2]", "[2, 1]"));
  CHECK_FALSE(same("[1, 2]", "[1]"));
  CHECK_FALSE(same("0", "false"));
  CHECK_FALSE(same("null", "false"));
  CHECK_FALSE(same("\"1\"", "1"));
  CHECK_FALSE(same("{}", "[]"));
  CHECK_FALSE(same(R"({"a": 1, "b": 2})", R"({"a": 1, "c": 2})"));
  CHECK(equal(Json(1u), Json(1)));
  CHECK(canonical(Json(1u)) == canonical(Json(1)));
  CHECK_FALSE(equal(Json(-1), Json(uint64_t(-1))));
  CHECK_FALSE(equal(Json(std::nan("")), Json(0)));
}

TEST_CASE("large objects are compared in any order", "[json]") {
  Json forth = Json::object(), back = Json::object();
  for (int i = 0; i < 300; ++i) forth["k" + std::to_string(i)] = i;
  for (int i = 300; i-- > 0;) back["k" + std::to_string(i)] = i;
  CHECK(equal(forth, back));
  CHECK(canonical(forth) == canonical(back));
  back["k7"] = 8;
  CHECK_FALSE(equal(forth, back));
}

TEST_CASE("canonical text sorts keys at every level", "[json]") {
  CHECK(canonical(
            parse_json(R"({"b": [{"z": 1, "y": 2.50}], "a": "ü\n", "aa": {}, "A": []})").value()) ==
        R"({"A":[],"a":"ü\n","aa":{},"b":[{"y":2.5,"z":1}]})");
}

TEST_CASE("members are found, and what is no object has none", "[json]") {
  const Json value = parse_json(R"({"a": "x", "n": 1})").value();
  REQUIRE(plenum::find(value, "a"));
  CHECK(*plenum::find(value, "a") == "x");
  CHECK_FALSE(plenum::find(value, "b"));
  CHECK_FALSE(plenum::find(Json("a"), "a"));
  CHECK_FALSE(plenum::find(Json::array({1}), "0"));
  CHECK(plenum::text_or(value, "a") == "x");
  CHECK(plenum::text_or(value, "n", "none") == "none");
  CHECK(plenum::text_or(value, "b").empty());
}

TEST_CASE("types have the names that JSON Schema gives them", "[json]") {
  const Json value =
      parse_json(R"([{}, [], "", true, 1, 18446744073709551615, 1.5, null])").value();
  std::string names;
  for (const Json& item : value) names += std::string(plenum::type_name(item)) + " ";
  CHECK(names == "object array string boolean integer integer number null ");
}

TEST_CASE("a pointer token escapes ~ and /", "[json]") {
  CHECK(plenum::pointer_token("a/b~c~1") == "a~1b~0c~01");
  CHECK(plenum::pointer_token("").empty());
}
