// Heads, targets and bodies as text: what is understood, what is refused, and that the cut between
// reads is nothing.
#include "server/front/parse.h"

#include <catch2/catch.hpp>

using namespace plenum::front;

namespace {

// "GET /p ?a=b {host: x} length 3" for a good head, "400" for a bad one, "more" for half a one.
std::string understood(std::string_view bytes, size_t cut = std::string::npos,
                       const Options& options = {}) {
  HeadParser parser(options);
  cut = std::min(cut, bytes.size());
  size_t used = parser.feed(bytes.substr(0, cut));
  if (!parser.done() && !parser.refusal()) used += parser.feed(bytes.substr(cut));
  if (parser.refusal()) return std::to_string(parser.refusal()->status);
  if (!parser.done()) return "more";
  const Head& head = parser.head();
  std::string text = head.method + " " + head.path;
  for (const auto& [name, value] : head.query) text += " ?" + name + "=" + value;
  text += " {";
  for (const auto& [name, value] : head.headers)
    text += (text.back() == '{' ? "" : ", ") + name + ": " + value;
  text += "}";
  const Framing& framing = parser.framing();
  if (framing.chunked) text += " chunked";
  if (framing.length) text += " length " + std::to_string(framing.length);
  if (framing.expects_continue) text += " continue";
  if (!head.keep_alive) text += " close";
  if (used < bytes.size()) text += " rest " + std::to_string(bytes.size() - used);
  return text;
}

std::string target(const std::string& text) {
  return understood("GET " + text + " HTTP/1.1\r\nHost: x\r\n\r\n");
}

std::string with(const std::string& headers) {
  return understood("POST / HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
}

std::string body_of(std::string_view bytes, const Framing& framing, size_t limit,
                    size_t cut = std::string::npos) {
  BodyReader reader;
  std::string body;
  reader.start(framing, limit);
  cut = std::min(cut, bytes.size());
  size_t used = reader.feed(bytes.substr(0, cut), body);
  if (!reader.done() && !reader.refusal()) used += reader.feed(bytes.substr(cut), body);
  if (reader.refusal()) return std::to_string(reader.refusal()->status);
  if (!reader.done()) return "more";
  return body + (used < bytes.size() ? " rest " + std::to_string(bytes.size() - used) : "");
}

std::string chunks(std::string_view bytes, size_t limit = 1000) {
  Framing framing;
  framing.chunked = true;
  const std::string whole = body_of(bytes, framing, limit);
  const size_t step = 1 + bytes.size() / 1000;
  for (size_t cut = 0; cut < bytes.size(); cut += step)
    if (const std::string text = body_of(bytes, framing, limit, cut); text != whole)
      return "cut at " + std::to_string(cut) + ": " + text + ", not " + whole;
  return whole;
}

}  // namespace

TEST_CASE("a head is understood as it was meant", "[front]") {
  CHECK(understood("GET / HTTP/1.1\r\nHost: x\r\n\r\n") == "GET / {host: x}");
  CHECK(understood("GET / HTTP/1.0\r\n\r\n") == "GET / {} close");
  CHECK(understood("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n") ==
        "GET / {connection: Keep-Alive}");
  CHECK(understood("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n") == "GET / {host: x}");
  CHECK(understood("GET / HTTP/1.1\r\nHOST:x\r\nX-Long:  a b \t\r\nEmpty:\r\n\r\n") ==
        "GET / {host: x, x-long: a b, empty: }");
  CHECK(understood("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade , Close\r\n\r\n") ==
        "GET / {host: x, connection: upgrade , Close} close");
  CHECK(understood("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET") == "GET / {host: x} rest 3");
  CHECK(understood("PROPFIND /a HTTP/1.1\r\nHost: x\r\n\r\n") == "PROPFIND /a {host: x}");
  CHECK(understood("GET / HTTP/1.1\r\nHost: x\r\nName: \xE4\r\n\r\n") ==
        "GET / {host: x, name: \xE4}");
  for (const char* host :
       {"x", "x:80", "x:", "[::1]", "[::1]:8080", "a-b.example", "127.0.0.1:1"}) {
    const std::string request = std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n";
    CHECK(understood(request) == std::string("GET / {host: ") + host + "}");
  }
}

TEST_CASE("the length of a body is one thing or the request is refused", "[front]") {
  CHECK(with("Content-Length: 5\r\n") == "POST / {host: x, content-length: 5} length 5");
  CHECK(with("Content-Length: 0\r\n") == "POST / {host: x, content-length: 0}");
  CHECK(with("Content-Length: 9999999999999999999\r\n") ==
        "POST / {host: x, content-length: 9999999999999999999} length 9999999999999999999");
  CHECK(with("Transfer-Encoding: Chunked\r\n") ==
        "POST / {host: x, transfer-encoding: Chunked} chunked");
  for (const char* bad : {"Content-Length: 5\r\nContent-Length: 5\r\n",
                          "Content-Length: 5\r\nContent-Length: 6\r\n",
                          "Content-Length:\r\n",
                          "Content-Length: abc\r\n",
                          "Content-Length: 5abc\r\n",
                          "Content-Length: +5\r\n",
                          "Content-Length: -5\r\n",
                          "Content-Length: 0x5\r\n",
                          "Content-Length: 5, 5\r\n",
                          "Content-Length: 5 5\r\n",
                          "Content-Length: 5.0\r\n",
                          "Content-Length: 10000000000000000000\r\n",
                          "Content-Length: 00000000000000000005\r\n",
                          "Content-Length : 5\r\n",
                          "Content-Length\t: 5\r\n",
                          "Content-Length: \v5\r\n",
                          "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                          "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                          "Transfer-Encoding: gzip\r\n",
                          "Transfer-Encoding: gzip, chunked\r\n",
                          "Transfer-Encoding: chunked, chunked\r\n",
                          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                          "Transfer-Encoding:\r\n",
                          "Transfer-Encoding: xchunked\r\n",
                          "Transfer-Encoding: ch\r\n",
                          "Transfer-Encoding: \"chunked\"\r\n",
                          "Transfer-Encoding: chunked;q=1\r\n",
                          "Transfer-Encoding : chunked\r\n",
                          " Transfer-Encoding: chunked\r\n"}) {
    INFO(bad);
    CHECK(with(bad) == "400");
  }
  CHECK(understood("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == "400");
}

TEST_CASE("100-continue is the only expectation, and only of HTTP/1.1", "[front]") {
  CHECK(with("Content-Length: 5\r\nExpect: 100-Continue\r\n") ==
        "POST / {host: x, content-length: 5, expect: 100-Continue} length 5 continue");
  CHECK(with("Expect: 200-maybe\r\n") == "417");
  CHECK(understood("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n") ==
        "POST / {expect: 100-continue, content-length: 1} length 1 close");
}

TEST_CASE("a head that two readers could read in two ways is refused", "[front]") {
  for (const std::string_view bad : {"GET /  HTTP/1.1\r\nHost: x\r\n\r\n",
                                     "GET  HTTP/1.1\r\nHost: x\r\n\r\n",
                                     "GET /\r\nHost: x\r\n\r\n",
                                     " GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                     "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
                                     "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n",
                                     "GET / HTTP/1.2\r\nHost: x\r\n\r\n",
                                     "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
                                     "GET / HTTP/11\r\nHost: x\r\n\r\n",
                                     "GET / http/1.1\r\nHost: x\r\n\r\n",
                                     "GET / HTTP\r\nHost: x\r\n\r\n",
                                     "GET / HTTP/1.1x\r\nHost: x\r\n\r\n",
                                     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                     "G(T / HTTP/1.1\r\nHost: x\r\n\r\n",
                                     "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                     "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                     "GET / HTTP/1.1\nHost: x\n\n",
                                     "GET / HTTP/1.1\r\nHost: x\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n",
                                     "GET / HTTP/1.1\rHost: x\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: x\r\n\tA: b\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: x\r\nA b\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: x\r\nA(: b\r\n\r\n",
                                     "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
                                     "GET / HTTP/1.1\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost:\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
                                     "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: x:99999999\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: x:y\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: [x]\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"}) {
    INFO(bad);
    CHECK(understood(bad) == "400");
    for (size_t cut = 0; cut < bad.size(); ++cut) CHECK(understood(bad, cut) == "400");
  }
}

TEST_CASE("no control byte is accepted anywhere in a head", "[front]") {
  for (int c = 0; c < 256; ++c) {
    if (c >= 0x20 && c != 0x7f) continue;
    const std::string byte(1, static_cast<char>(c));
    INFO("byte " << c);
    CHECK(understood("G" + byte + "T / HTTP/1.1\r\nHost: x\r\n\r\n") == "400");
    CHECK(understood("GET /a" + byte + " HTTP/1.1\r\nHost: x\r\n\r\n") == "400");
    CHECK(understood("GET / HTTP/1.1" + byte + "\r\nHost: x\r\n\r\n") == "400");
    CHECK(understood("GET / HTTP/1.1\r\nHost: x\r\nA" + byte + "b: c\r\n\r\n") == "400");
    if (c != '\t') CHECK(with("A: b" + byte + "c\r\n") == "400");
  }
}

TEST_CASE("a path is decoded once and means one thing", "[front]") {
  CHECK(target("/a/b") == "GET /a/b {host: x}");
  CHECK(target("/a%20b%2B+c") == "GET /a b++c {host: x}");
  CHECK(target("/%C3%A4") == "GET /\xC3\xA4 {host: x}");
  CHECK(target("/%2541") == "GET /%41 {host: x}");
  CHECK(target("/a/...") == "GET /a/... {host: x}");
  CHECK(target("/a..b/..c/d..") == "GET /a..b/..c/d.. {host: x}");
  CHECK(target("//a//") == "GET //a// {host: x}");
  for (const char* bad :
       {"a",         "",        "*",         "?a=b",       "/..",     "/../a",
        "/a/..",     "/a/../b", "/%2e%2e/a", "/.%2E",      "/a%2fb",  "/a%2Fb",
        "/%00",      "/a%0Ab",  "/%7f",      "/%",         "/%4",     "/%zz",
        "/%-1",      "/%C3",    "/%C3%28",   "/%ED%A0%80", "/%C0%AF", "/%F5%80%80%80",
        "/\xC3\xA4", "/a#b",    "ftp://x/",  "mailto:a@x"}) {
    INFO(bad);
    CHECK(target(bad) == "400");
  }
  CHECK(understood("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n") == "OPTIONS * {host: x}");
  CHECK(understood("CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n") == "400");
}

TEST_CASE("a query is decoded into its parameters", "[front]") {
  CHECK(target("/?a=b&c=d") == "GET / ?a=b ?c=d {host: x}");
  CHECK(target("/?a=1&a=2") == "GET / ?a=1 ?a=2 {host: x}");
  CHECK(target("/?a+b=c%26d%3De&&f") == "GET / ?a b=c&d=e ?f= {host: x}");
  CHECK(target("/?a=b=c?d/../e") == "GET / ?a=b=c?d/../e {host: x}");
  CHECK(target("/?x=%0A") == "GET / ?x=\n {host: x}");
  CHECK(target("/?") == "GET / {host: x}");
  for (const char* bad : {"/?%", "/?a=%0", "/?a=%00", "/?a=%FF", "/?%zz=1"}) {
    INFO(bad);
    CHECK(target(bad) == "400");
  }
  std::string many = "/?";
  for (int i = 0; i < 100; ++i) many += "a=1&";
  CHECK(target(many).substr(0, 5) == "GET /");
  CHECK(target(many + "a=1") == "400");
}

TEST_CASE("the absolute form is served for our own host only", "[front]") {
  CHECK(target("http://x/a?b=c") == "GET /a ?b=c {host: x}");
  CHECK(target("HTTPS://X") == "GET / {host: x}");
  CHECK(target("http://x?b") == "GET / ?b= {host: x}");
  CHECK(target("http://other/a") == "400");
  CHECK(target("http://x:80/a") == "400");
  CHECK(target("http://u@x/a") == "400");
  CHECK(target("http:///a") == "400");
  CHECK(understood("GET http://x/ HTTP/1.0\r\n\r\n") == "400");
}

TEST_CASE("a head may be as large as its limits and no larger", "[front]") {
  Options options;
  options.header_bytes = 64;
  options.header_count = 3;
  options.target_bytes = 20;
  const auto at = [&](size_t target_size, const std::string& headers) {
    const std::string text =
        "GET /" + std::string(target_size - 1, 'a') + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
    const std::string whole = understood(text, std::string::npos, options);
    for (size_t cut = 0; cut < text.size(); ++cut) CHECK(understood(text, cut, options) == whole);
    return whole.substr(0, 3);
  };
  CHECK(at(20, "") == "GET");
  CHECK(at(21, "") == "414");
  CHECK(at(500, "") == "414");
  CHECK(at(1, "A: b\r\nC: d\r\n") == "GET");
  CHECK(at(1, "A: b\r\nC: d\r\nE: f\r\n") == "431");
  CHECK(at(1, "A: " + std::string(64 - 9 - 2 - 5, 'b') + "\r\n") == "GET");
  CHECK(at(1, "A: " + std::string(64 - 9 - 2 - 5 + 1, 'b') + "\r\n") == "431");
  CHECK(at(1, std::string(200, 'A')) == "431");
}

TEST_CASE("every cut of a head gives the same head", "[front]") {
  for (const std::string_view seed :
       {"GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\nnext",
        "POST /%C3%A4 HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 12\r\nExpect: "
        "100-continue\r\n\r\n",
        "\r\nPUT http://x/y HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
        "HEAD / HTTP/1.0\r\n\r\n"}) {
    const std::string whole = understood(seed);
    CHECK(whole.find("{") != std::string::npos);
    for (size_t cut = 0; cut <= seed.size(); ++cut) {
      INFO("cut at " << cut << " of " << seed);
      CHECK(understood(seed, cut) == whole);
    }
  }
}

TEST_CASE("a head that comes byte by byte costs no more than its length", "[front]") {
  Options options;
  options.header_bytes = 4 << 20;
  options.header_count = 1 << 20;
  HeadParser parser(options);
  parser.feed("GET / HTTP/1.1\r\nHost: x\r\n");
  const std::string line = "A: " + std::string(60, 'b') + "\r\n";
  const auto start = std::chrono::steady_clock::now();
  for (size_t sent = 0; sent + line.size() < options.header_bytes - 100; sent += line.size())
    for (const char c : line) parser.feed(std::string_view(&c, 1));
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK_FALSE(parser.refusal());
  parser.feed("\r\n");
  CHECK(parser.done());
  // Reading the block again for each byte would take hours; even a sanitizer needs seconds only.
  CHECK(took < std::chrono::seconds(30));
}

TEST_CASE("chunks become the body they carry", "[front]") {
  CHECK(chunks("5\r\nhello\r\n0\r\n\r\n") == "hello");
  CHECK(chunks("5\r\nhello\r\n6;a=b\r\n world\r\n000\r\nTrailer: x\r\n\r\n") == "hello world");
  CHECK(chunks("A\r\n0123456789\r\n0\r\n\r\nGET") == "0123456789 rest 3");
  CHECK(chunks("0\r\n\r\n").empty());
  CHECK(chunks("5;" + std::string(63, 'x') + "\r\nhello\r\n0\r\n\r\n") == "hello");
  CHECK(chunks("5\r\nhello\r\n0\r\n") == "more");
  CHECK(chunks("5\r\nhel") == "more");
}

TEST_CASE("a chunk that could have another size is refused", "[front]") {
  for (const std::string& bad : {std::string("\r\nhello"),
                                 std::string("0x5\r\nhello\r\n"),
                                 std::string(" 5\r\nhello\r\n"),
                                 std::string("5 \r\nhello\r\n"),
                                 std::string("5 ;a\r\nhello\r\n"),
                                 std::string("+5\r\nhello\r\n"),
                                 std::string("-5\r\nhello\r\n"),
                                 std::string("g\r\nhello\r\n"),
                                 std::string("5\nhello\r\n"),
                                 std::string("5\r\nhelloX\r\n"),
                                 std::string("5\r\nhello\n0\r\n\r\n"),
                                 std::string("5\r\nhello\r\r\n0\r\n\r\n"),
                                 std::string("5\r\nhello0\r\n\r\n"),
                                 std::string("00000000000000005\r\nhello\r\n"),
                                 std::string("FFFFFFFFFFFFFFFFF\r\n"),
                                 "5;" + std::string(64, 'x') + "\r\nhello\r\n",
                                 std::string("5;a\x01\r\nhello\r\n"),
                                 std::string("5;a\rb\r\nhello\r\n"),
                                 std::string("5,5\r\nhello\r\n"),
                                 std::string("0\r\nTrailer\r\n\r\n"),
                                 std::string("0\r\n folded\r\n\r\n"),
                                 std::string("0\r\nA : b\r\n\r\n"),
                                 std::string("0\r\nA: b\n\r\n"),
                                 std::string("0\r\nContent-Length: 5\r\n\r\n"),
                                 std::string("0\r\nHost: y\r\n\r\n"),
                                 std::string("0\r\nTransfer-Encoding: x\r\n\r\n"),
                                 "0\r\nA: " + std::string(9000, 'b') + "\r\n\r\n"}) {
    INFO(bad);
    CHECK(chunks(bad) == "400");
  }
  std::string extended;
  for (int i = 0; i < 300; ++i) extended += "1;" + std::string(60, 'x') + "\r\na\r\n";
  CHECK(chunks(extended + "0\r\n\r\n") == "400");
}

TEST_CASE("a body over the limit is refused as soon as its size is known", "[front]") {
  Framing counted;
  counted.length = 11;
  CHECK(body_of("", counted, 10) == "413");
  CHECK(body_of("0123456789A", counted, 11) == "0123456789A");
  CHECK(chunks("A\r\n0123456789\r\n0\r\n\r\n", 10) == "0123456789");
  CHECK(chunks("B\r\n", 10) == "413");
  CHECK(chunks("5\r\nhello\r\n6\r\n", 10) == "413");
  CHECK(chunks("FFFFFFFFFFFFFFFF\r\n", 10) == "413");
  CHECK(chunks("5\r\nhello\r\nFFFFFFFFFFFFFFFE\r\n", 10) == "413");
}

TEST_CASE("a refusal names the thing, the rule and the way out", "[front]") {
  const auto message = [](const std::string& bytes) {
    const Options options;
    HeadParser parser(options);
    parser.feed(bytes);
    return parser.refusal() ? parser.refusal()->code + ": " + parser.refusal()->message : "none";
  };
  CHECK(message("GET / HTTP/1.1\r\nHost : x\r\n\r\n") ==
        "malformed_request: the header name `Host ` has a space or another character that a name "
        "may not have");
  CHECK(message("GET / HTTP/3\r\n") ==
        "malformed_request: the version `HTTP/3` is not served; use HTTP/1.1");
  CHECK(message("GET /a/../b HTTP/1.1\r\nHost: x\r\n\r\n") ==
        "malformed_target: the path `/a/../b` has a `..` segment");
  CHECK(body_too_large("12", 10).message == "the body has 12 bytes; at most 10 are accepted here");
}
