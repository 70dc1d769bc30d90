// What is no request, or not certainly one: five thousand texts that are refused, and as many
// mutations as wanted of good ones, which may mean something or not, but the same wherever they are
// cut.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <random>
#include <set>

#include "tests/front/wire.h"

using namespace plenum::front;
using namespace plenum::front::test;

namespace {

// Requests of which each must be refused and its connection closed, without help from a deadline.
std::vector<std::string> malformed() {
  std::vector<std::string> corpus;
  const auto add = [&](const std::string& text) { corpus.push_back(text); };
  const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n", post = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  for (int c = 0; c < 256; ++c) {
    if (c >= 0x20 && c != 0x7f) continue;
    const std::string byte(1, static_cast<char>(c));
    add("G" + byte + "T / HTTP/1.1\r\nHost: x\r\n\r\n");
    add("GET /" + byte + " HTTP/1.1\r\nHost: x\r\n\r\n");
    add(get + "A" + byte + ": b\r\n\r\n");
    if (c != '\t') add(get + "A: b" + byte + "\x01\r\n\r\n");
    add(chunked + "5" + byte + "\r\nhello\r\n0\r\n\r\n");
    add(chunked + "5\r\nhello" + byte + "x0\r\n\r\n");
  }
  for (const char* version : {"HTTP/1.2", "HTTP/2", "HTTP/2.0", "HTTP/0.9", "HTTP/1", "HTTP/1.10",
                              "http/1.1", "HTTPS/1.1", "HTTP/1.1.1", "HTTP/ 1.1", "XHTTP/1.1", ""})
    add(std::string("GET / ") + version + "\r\nHost: x\r\n\r\n");
  for (const char* length : {"", "abc", "5abc", "+5", "-5", "0x5", "5, 5", "5,6", "5;", "1e3",
                             "18446744073709551616", "99999999999999999999", "5 ",
                             "\x0b"
                             "5",
                             "٥"})
    if (std::string(length) != "5 ") add(post + "Content-Length: " + length + "\r\n\r\nhello");
  for (const char* coding :
       {"", "gzip", "identity", "xchunked", "chunkedx", "ch", "chunked, chunked", "gzip, chunked",
        "chunked, gzip", ",chunked", "chunked,", "\"chunked\"", "chunked;a", "chun ked"})
    add(post + "Transfer-Encoding: " + coding + "\r\n\r\n0\r\n\r\n");
  for (const char* fields :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5\r\ncontent-length: 6\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Content-Length : 5\r\n",
        "Transfer-Encoding : chunked\r\n", "Content-Length\t: 5\r\n", " Content-Length: 5\r\n",
        "A: b\r\n Content-Length: 5\r\n", "Host: x\r\n", "Host : x\r\n", "Host: y\r\n",
        ": empty\r\n", "no colon\r\n", "A\r\n", "A: b\n", "A: b\r\r\n", "Expect: something\r\n"})
    add(post + fields + "\r\nhello");
  for (const char* host : {"", " ", "a b", "a,b", "a/b", "a?b", "a#b", "u@a", "a:b", "a:99999999",
                           "[", "[]", "[::1", "::1", "a\\b", "<a>"})
    add(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n");
  for (const char* target : {"",
                             "a",
                             "*",
                             "//..",
                             "/..",
                             "/../",
                             "/a/../b",
                             "/a/..",
                             "/%2e%2e/",
                             "/%2E./",
                             "/.%2e/a",
                             "/%2f",
                             "/a%2Fb",
                             "/%00",
                             "/%0a",
                             "/%0d%0aX:y",
                             "/%1f",
                             "/%7f",
                             "/%",
                             "/%1",
                             "/%gg",
                             "/%u0041",
                             "/%ff",
                             "/%c0%af",
                             "/%e0%80%80",
                             "/%ed%a0%80",
                             "/%f8%88%80%80%80",
                             "/%80",
                             "/a b",
                             "/a#b",
                             "/\x80",
                             "http://other/",
                             "http://",
                             "http://x:1/",
                             "https://u:p@x/",
                             "ftp://x/",
                             "x:80",
                             "/?a=%",
                             "/?%00=1",
                             "/?a=%ff",
                             "/?a=%e4"})
    add(std::string("GET ") + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
  for (const char* body : {"\r\n",
                           "x\r\n",
                           "5x\r\nhello\r\n",
                           "-1\r\n",
                           "0x5\r\nhello\r\n",
                           " 5\r\nhello\r\n",
                           "5 \r\nhello\r\n",
                           "5\nhello\r\n",
                           "5\r\nhelloo\r\n",
                           "5\r\nhello\n",
                           "5\r\nhello\r5\r\n",
                           "5 ; a=b\r\nhello\r\n",
                           "5,5\r\nhello\r\n",
                           "fffffffffffffffff\r\n",
                           "ffffffffffffffff\r\n",
                           "7fffffffffffffff\r\n",
                           "100000\r\n\r\n0\r\nA\r\n\r\n",
                           "0\r\nA\r\n\r\n",
                           "0\r\n A: b\r\n\r\n",
                           "0\r\nContent-Length: 1\r\n\r\n",
                           "0\r\nHost: y\r\n\r\n",
                           "0\r\nA: b\n\r\n",
                           "0;a\x01\r\n\r\n"})
    if (std::string(body).rfind("100000", 0) != 0) add(chunked + body);
  add(chunked + "5;" + std::string(64, 'x') + "\r\nhello\r\n");
  add(chunked + "0\r\nA: " + std::string(10'000, 'x') + "\r\n\r\n");
  add(get + "A: " + std::string(20'000, 'x') + "\r\n\r\n");
  add("GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n");
  add(std::string(9'000, 'G'));
  add("GET /" + std::string(20'000, '/') + " HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string many = get;
  for (int i = 0; i < 101; ++i) many += "A: b\r\n";
  add(many + "\r\n");
  for (const char* text : {"\n", "\r\n\r\n\r\n", "GET\r\n", "GET /\r\n\r\n", "\x16\x03\x01\x02\r\n",
                           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "{\"a\":1}\r\n", "GET / HTTP/1.1\n",
                           "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n",
                           "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                           "GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                           "GET http://x/ HTTP/1.0\r\n\r\n"})
    add(text);
  return corpus;
}

// The same mistakes in other surroundings: methods, neighbours, places.
std::vector<std::string> surrounded() {
  std::vector<std::string> corpus;
  const std::string methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "X"};
  const std::string before[] = {"", "Accept: */*\r\n", "A: b\r\nCookie: c=d; e=f\r\n"};
  const std::string after[] = {"", "Connection: close\r\n", "Content-Type: application/json\r\n"};
  const std::string lines[] = {"Content-Length: \r\n",
                               "Content-Length: a\r\n",
                               "Content-Length: 1a\r\n",
                               "Content-Length: +1\r\n",
                               "Content-Length: -1\r\n",
                               "Content-Length: 0x1\r\n",
                               "Content-Length: 1,1\r\n",
                               "Content-Length: 1;\r\n",
                               "Content-Length: 99999999999999999999\r\n",
                               "Content-Length: 1\r\nContent-Length: 1\r\n",
                               "Content-Length: 1\r\ncontent-length: 2\r\n",
                               "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                               "Content-Length : 1\r\n",
                               "Transfer-Encoding: \r\n",
                               "Transfer-Encoding: gzip\r\n",
                               "Transfer-Encoding: chunked, chunked\r\n",
                               "Transfer-Encoding: identity\r\n",
                               "Transfer-Encoding: chunked;q=1\r\n",
                               "Transfer-Encoding : chunked\r\n",
                               "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
                               "Host: x\r\n",
                               "host: y\r\n",
                               "Host : x\r\n",
                               "no colon\r\n",
                               ": no name\r\n",
                               "A\r\n",
                               " A: b\r\n",
                               "\tA: b\r\n",
                               "A: b\n",
                               "A: b\r",
                               "A: b\r\r\n",
                               "A: b\r\n c\r\n",
                               "A B: c\r\n",
                               "A\t: b\r\n",
                               "A: \x01\r\n",
                               "A: \x7f\r\n",
                               std::string("A: \0\r\n", 6),
                               "A\x80: b\r\n",
                               "(A): b\r\n",
                               "A@b: c\r\n",
                               "A: b\x0b\r\n",
                               "A: b\x1b[0m\r\n"};
  for (const std::string& method : methods)
    for (const std::string& line : lines)
      for (const std::string& head : before)
        for (const std::string& tail : after)
          corpus.push_back(method + " / HTTP/1.1\r\nHost: x\r\n" + head + line + tail + "\r\n");
  // Every byte that no method, name or value may have, at every place of one.
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const bool control = (c < 0x20 && c != '\t') || c == 0x7f;
    const bool token =
        isalnum(static_cast<unsigned char>(c)) || (c && strchr("!#$%&'*+-.^_`|~", c));
    for (size_t at = 0; at < 6; ++at) {
      std::string method = "METHOD", name = "X-Name", value = "values";
      method[at] = name[at] = value[at] = byte;
      if (!token && c != ' ' && !(at == 0 && (c == '\r' || c == '\n')))
        corpus.push_back(method + " / HTTP/1.1\r\nHost: x\r\n\r\n");
      if (!token && !(c == ':' && at > 0)) corpus.push_back(head + name + ": v\r\n\r\n");
      if (control) corpus.push_back(head + "A: " + value + "\r\n\r\n");
    }
  }
  return corpus;
}

// Good conversations with a few bytes changed, taken out or put in.
class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  size_t below(size_t n) { return random_() % n; }
  std::string next() {
    static const std::string kPieces[] = {"\r\n",
                                          "\r",
                                          "\n",
                                          " ",
                                          ":",
                                          "%",
                                          "/..",
                                          "\t",
                                          "0",
                                          ",",
                                          ";",
                                          "Content-Length: 3\r\n",
                                          "Transfer-Encoding: chunked\r\n",
                                          "Host: x\r\n",
                                          "\r\n\r\n",
                                          "0\r\n\r\n",
                                          "ffffffff",
                                          std::string(1, '\0')};
    std::string text = kSeeds[below(std::size(kSeeds))];
    for (size_t changes = 1 + below(3); changes > 0; --changes) {
      const size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(4));
          break;
        case 2:  // the end of another one
          text =
              text.substr(0, at) + std::string(kSeeds[below(std::size(kSeeds))]).substr(below(20));
          break;
        default:
          text.insert(at, kPieces[below(std::size(kPieces))]);
      }
      if (text.empty()) text = " ";
    }
    return text;
  }

 private:
  std::mt19937 random_;
};

long number_from(const char* variable, long otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::atol(text) : otherwise;
}

// The statuses of answers, one after the other.
std::string statuses(const std::string& answers) {
  std::string list;
  for (size_t at = 0; (at = answers.find("HTTP/1.1 ", at)) != std::string::npos; at += 9)
    if (const std::string code = answers.substr(at + 9, 3); isdigit(code[0]))  // else a sentence
      list += code + " ";
  return list;
}

}  // namespace

TEST_CASE("whatever is malformed gets one 4xx, then the connection ends", "[front]") {
  std::atomic<int> handled{0};
  Server server([&](Request request, Reply reply) {
    ++handled;
    answer_echo(std::move(request), std::move(reply));
  });
  std::vector<std::string> corpus = malformed();
  for (std::string& text : surrounded()) corpus.push_back(std::move(text));
  CHECK(corpus.size() >= 5'000);
  for (const std::string& text : corpus) {
    INFO(text.substr(0, 200));
    Client client = server.connect();
    // What follows must not be taken for a request.
    client.send(text + "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = client.read_all();
    REQUIRE(answer.find("HTTP/1.1 4") == 0);
    REQUIRE(count(answer, "\r\nDate: ") == 1);
    REQUIRE(answer.find("\r\nConnection: close\r\n") != std::string::npos);
    REQUIRE(client.saw_end());
  }
  CHECK(handled == 0);
  CHECK(server.connect().get("/").status == 200);
}

TEST_CASE("no mutation of a request gets a 5xx or stops the server", "[front]") {
  Server server;
  Mutator mutator(11);
  for (int round = 0; round < 1'000; ++round) {
    const std::string text = mutator.next();
    Client client = server.connect();
    const size_t cut = mutator.below(text.size());
    client.send(text.substr(0, cut));
    client.send(text.substr(cut));
    ::shutdown(client.fd(), SHUT_WR);
    const std::string answers = client.read_all();
    INFO(text);
    REQUIRE(client.saw_end());
    REQUIRE(count(answers, "HTTP/1.1 5") == 0);
  }
  CHECK(server.connect().get("/").status == 200);
}

// FRONT_MUTATIONS=1000000 test_front "a mutation*" before a release; FRONT_SEED makes others of
// them.
TEST_CASE("a mutation means the same wherever it is cut, and no answer is a surprise", "[front]") {
  const std::set<std::string> known = {"100", "200", "400", "408", "413",
                                       "414", "417", "431", "505"};
  const long rounds = number_from("FRONT_MUTATIONS", 5'000), seed = number_from("FRONT_SEED", 12);
  Mutator mutator(static_cast<uint32_t>(seed));
  for (long round = 0; round < rounds; ++round) {
    const std::string text = mutator.next();
    const std::string_view all = text;
    const size_t cut = mutator.below(text.size());
    INFO("seed " << seed << ", round " << round << ", cut at " << cut << ":\n" << text);
    const std::string whole = answers({all});
    REQUIRE(answers({all.substr(0, cut), all.substr(cut)}) == whole);
    const std::string list = statuses(whole);
    for (size_t at = 0; at < list.size(); at += 4) REQUIRE(known.contains(list.substr(at, 3)));
    // Nothing is answered behind a refusal.
    const size_t refusal = list.find('4');
    if (refusal != std::string::npos && refusal % 4 == 0) REQUIRE(list.size() == refusal + 4);
  }
}
