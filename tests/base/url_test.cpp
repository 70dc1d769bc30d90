// The one form in which an app may name a host.
#include "engine/base/url.h"

#include <catch2/catch.hpp>

using namespace plenum;

namespace {

const char* const kSpellings[] = {
#include "tests/support/url_spellings.inc"
};

std::string read(std::string_view url) {
  const Result<Origin> origin = read_origin(url);
  if (!origin) return origin.error().message;
  return origin->text() + " then " + std::string(url.substr(origin->end));
}

std::string host(std::string_view text) {
  const Result<Origin> origin = read_host(text);
  return origin ? "ok " + origin->text() : origin.error().message;
}

}  // namespace

TEST_CASE("a public https URL is cut into its host and what follows", "[base]") {
  CHECK(read("https://api.example.com/v1/things?x=1") == "api.example.com then /v1/things?x=1");
  CHECK(read("https://api.example.com") == "api.example.com then ");
  CHECK(read("https://api.example.com:443/a") == "api.example.com then /a");
  CHECK(read("https://API.Example.com/A") == "api.example.com then /A");
  CHECK(read("https://api.example.com?q") == "api.example.com then ?q");
  CHECK(read("https://xn--mnchen-3ya.de/") == "xn--mnchen-3ya.de then /");
  CHECK(read("https://a1-b.example.xn--p1ai/") == "a1-b.example.xn--p1ai then /");
  CHECK(read("https://1.2.3.4.example.com/") == "1.2.3.4.example.com then /");
}

TEST_CASE("two forms name this machine, for development", "[base]") {
  CHECK(read("http://127.0.0.1:8081/x") == "http://127.0.0.1:8081 then /x");
  CHECK(read("http://localhost:1/") == "http://localhost:1 then /");
  CHECK(read_origin("http://localhost:1/")->local);
  CHECK_FALSE(read_origin("https://api.example.com/")->local);
}

TEST_CASE("no other spelling is understood", "[base]") {
  CHECK(std::size(kSpellings) >= 250);
  for (const char* url : kSpellings) {
    CAPTURE(url);
    const Result<Origin> origin = read_origin(url);
    REQUIRE_FALSE(origin);
    CHECK(origin.error().kind == Kind::invalid);
    CHECK_FALSE(origin.error().message.empty());
  }
  CHECK_FALSE(read_origin(std::string_view("https://api.example.com\0.evil.com/", 34)));
  CHECK_FALSE(read_origin(""));
}

TEST_CASE("what is wrong with a URL is said", "[base]") {
  CHECK(read("ftp://a.com/") == "it must begin with https://");
  CHECK(read("https://ada@a.com/") == "it holds a user name or password; send them with `auth`");
  CHECK(read("https://[::1]/") == "it names an IP address; a host is called by its DNS name");
  CHECK(
      read("https://2130706433/") ==
      "its host `2130706433` is an IP address, or ends like one; a host is called by its DNS name");
  CHECK(read("https://a.com:8443/") ==
        "its port is `8443`; only the standard port of https, 443, is called");
  CHECK(read("https://a.com./") == "its host `a.com.` ends with a dot; leave the dot out");
  CHECK(read("https://db.internal/") ==
        "its host `db.internal` is a machine of this network; an app may call public hosts only");
  CHECK(read("https://intranet/") ==
        "its host `intranet` is not a public DNS name, such as api.example.com");
  CHECK(read("http://api.example.com/") ==
        "only https:// is called; http:// is for http://127.0.0.1:PORT and http://localhost:PORT "
        "in development");
}

TEST_CASE("a host of the list is its name alone", "[base]") {
  CHECK(host("api.example.com") == "ok api.example.com");
  CHECK(host("http://127.0.0.1:8081") == "ok http://127.0.0.1:8081");
  CHECK(host("*.example.com") == "a host is named whole: a wildcard is not possible");
  CHECK(host("API.example.com") == "a host is named in lower case");
  CHECK(host("http://127.0.0.1:8081/x") == "a host is named without a path");
  for (const char* text :
       {"https://api.example.com", "api.example.com/", "api.example.com:443", "api.example.com?x",
        "", ".", "10.0.0.1", "localhost", "api.example.com#", "a@api.example.com", "127.0.0.1:8081",
        "http://10.0.0.1:80"}) {
    CAPTURE(text);
    CHECK_FALSE(read_host(text));
  }
}

TEST_CASE("a part of a URL is encoded byte by byte", "[base]") {
  CHECK(percent_encoded("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encoded("a b/c?d=e&f#g%h+i\\") == "a%20b%2Fc%3Fd%3De%26f%23g%25h%2Bi%5C");
  CHECK(percent_encoded("\xc3\xbc\r\n") == "%C3%BC%0D%0A");
  CHECK(percent_encoded(std::string_view("\0", 1)) == "%00");
}
