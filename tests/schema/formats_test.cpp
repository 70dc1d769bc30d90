// The asserted formats, by examples of what they take and what they do not.

#include <catch2/catch.hpp>

#include "tests/schema/cases.h"

using namespace plenum;
using namespace plenum::schema;

namespace {
void format(const std::string& name, const std::vector<std::string>& good,
            const std::vector<std::string>& bad) {
  const auto schema = Schema::compile(Json{{"format", name}});
  REQUIRE(schema);
  for (const std::string& text : good) {
    INFO(name << " takes " << text);
    CHECK(schema->valid(Json(text)));
  }
  for (const std::string& text : bad) {
    INFO(name << " refuses " << text);
    CHECK(!schema->valid(Json(text)));
  }
  CHECK(schema->valid(Json(12)));
}
}  // namespace

TEST_CASE("formats are asserted", "[schema]") {
  format("date-time",
         {"2026-03-31T08:30:00Z", "2026-03-31t08:30:00.123+02:00", "1998-12-31T23:59:60Z",
          "1998-12-31T15:59:60-08:00", "2024-02-29T00:00:00z"},
         {"2026-03-31", "2026-03-31T08:30:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
          "2026-03-31T24:00:00Z", "2026-03-31T08:60:00Z", "1998-12-31T22:59:60Z",
          "2026-03-31T08:30:00.Z", "2026-03-31T08:30:00+24:00", "2026-03-31T08:30:00Zx",
          "26-03-31T08:30:00Z", "2026-03-31T08:30Z", "2026-03-31 08:30:00Z", ""});
  format("date", {"2026-03-31", "2000-02-29", "0000-01-01"},
         {"1900-02-29", "2026-04-31", "2026-00-01", "2026-1-01", "2026-01-1", "20260101",
          "2026-01-01x", "২০২৬-01-01"});
  format(
      "time", {"08:30:00Z", "08:30:00.5+01:00", "23:59:60Z", "01:29:60+01:30"},
      {"08:30:00", "24:00:00Z", "08:30Z", "23:59:61Z", "22:59:60Z", "08:30:00+1:00", "8:30:00Z"});
  format("duration", {"P1D", "P4Y", "PT0S", "P1Y2M3DT4H5M6S", "P2W", "PT36H", "P1DT12H", "PT1H2M"},
         {"P", "PT", "P1", "1D", "P1S", "PT1D", "P1DT", "P1Y2D", "PT1H2S", "P2W1D", "P1Y2W",
          "P1D2H", "p1d", "P-1D", "P2D1Y"});
  format("email",
         {"ada@example.org", "a.b+c@x.y", "\"joe blogs\"@example.org", "a@[127.0.0.1]",
          "a@[IPv6:::1]", "~x~@a.b"},
         {"ada", "@a.b", "a@", ".a@b.c", "a.@b.c", "a..b@c.d", "a b@c.d", "a@b c", "a@[1.2.3]",
          "a@-b.c", "\"a\"b\"@c.d", "ä@b.c"});
  format("hostname", {"a", "www.example.org", "xn--nxasmq6b", "1a-b.c", std::string(63, 'a')},
         {"", ".a", "a.", "-a", "a-", "a..b", "a_b", "ä", "ab--c", std::string(64, 'a'), "a b"});
  format("ipv4", {"192.0.2.1", "0.0.0.0", "255.255.255.255"},
         {"256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 ", "a.b.c.d", "1..2.3",
          "0x1.2.3.4", "1.2.3.1234"});
  format("ipv6",
         {"::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1",
          "1::", "1:2:3:4:5:6:1.2.3.4"},
         {"", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::1.2.3",
          "1:", ":1", "fe80::1%eth0", "1:2:3:4:5:6:7::8", "1:2:3:4:5:6:7:1.2.3.4", "g::"});
  format("uri",
         {"https://example.org/a?b=c#d", "mailto:a@b.c", "urn:uuid:1", "http://[::1]:80/",
          "http://a:b@c/%20"},
         {"/a", "a b:c", "http://a b", "http://a/%2", "http://[1:2/", "://a", "http://a:b/",
          "http://a/\"", "1a:b", "http://a#b#c"});
  format("uri-reference", {"", "/a", "a.json#/b", "../c", "//host/path", "https://a/b", "?q", "#f"},
         {"a b", "\\\\server", "%", "a#b#c", "http://[x]/"});
  format("uuid", {"0190b5ab-7f3c-7b54-9a3c-2f1a7d1f2b6e", "00000000-0000-0000-0000-000000000000"},
         {"0190b5ab7f3c7b549a3c2f1a7d1f2b6e", "0190b5ab-7f3c-7b54-9a3c-2f1a7d1f2b6",
          "0190b5ab-7f3c-7b54-9a3c-2f1a7d1f2b6g", ""});
  format("json-pointer", {"", "/", "/a/0", "/a~0b~1c"}, {"a", "/a~", "/~2", "#/a"});
  format("regex", {"^a+$", "\\d{2}", "[^]"}, {"(a", "(?=a)", "\\1", "[z-a]"});
}

TEST_CASE("a wrong format says what it should look like", "[schema]") {
  CHECK(verdict(R"({"format": "date"})", R"("31.3.2026")") ==
        R"(: must be a date, e.g. 2026-03-31; it is "31.3.2026")");
}

TEST_CASE("formats can be annotations", "[schema]") {
  Options options;
  options.assert_formats = false;
  CHECK(verdict(R"({"format": "date"})", R"("x")", 20, options) == "");
  CHECK(verdict(R"({"format": "own"})", R"("x")", 20, options) == "");
}
