// One connection on a socket pair, without Pistache, and requests to try on it.
#pragma once

#include <fcntl.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "server/front/connection.h"
#include "tests/front/client.h"

namespace plenum::front::test {

struct Wire {
  explicit Wire(std::function<void(Request, Reply)> handle = answer_echo, Options with = options())
      : hub(std::make_shared<Hub>(with, Handler{nullptr, std::move(handle), nullptr})) {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    client = std::make_unique<Client>(pair[1]);
    connection = std::make_shared<Connection>(hub, pair[0], "test");
  }
  ~Wire() { connection->close(); }

  // All answers, with the dates taken out: they may differ.
  std::string answers() {
    connection->close();
    std::string text = client->read_all();
    for (size_t at = 0; (at = text.find("Date: ", at)) != std::string::npos;)
      text.erase(at, text.find("\r\n", at) + 2 - at);
    return text;
  }

  std::shared_ptr<Hub> hub;
  std::unique_ptr<Client> client;
  std::shared_ptr<Connection> connection;
};

inline std::string answers(std::initializer_list<std::string_view> pieces) {
  Wire wire;
  for (const std::string_view piece : pieces) wire.connection->feed(piece);
  return wire.answers();
}

// Whole conversations.  What follows the end of one asks for /never, which nobody may get.
inline const char* const kSeeds[] = {
    "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
    "chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\n"
    "GET /next HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"
    "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    "HEAD /h HTTP/1.1\r\nHost: x\r\n\r\nGET /g HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /old HTTP/1.0\r\n\r\nGET /never HTTP/1.0\r\n\r\n",
    "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n",
    "\r\nGET http://x/abs HTTP/1.1\r\nhost: X\r\n\r\n",
    "GET /ok HTTP/1.1\r\nHost: x\r\n\r\nGET /bad HTTP/1.1\r\nHost : x\r\n\r\nGET /never "
    "HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: "
    "chunked\r\n\r\n0\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\nGET /never HTTP/1.1\r\nHost: "
    "x\r\n\r\n",
    "PUT /q?x=%20+y HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nDELETE /q HTTP/1.1\r\nHost: "
    "x\r\n\r\n",
    // Bodies, and where they end.
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    "GET /n HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
    "Chunked\r\n\r\nA\r\n0123456789\r\n0000\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3;n=\"v;w\"\r\na\r\n\r\n0\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
    "chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n"
    "One: 1\r\nTwo: 2\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n"
    "GET /n HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n\r\n\r\nGET /n HTTP/1.1\r\nHost: "
    "x\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 0000005\r\n\r\nhello",
    "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 28\r\n\r\nGET /in HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /p HTTP/1.0\r\nContent-Length: 2\r\n\r\nhiGET /never HTTP/1.0\r\n\r\n",
    "POST /p HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"
    "GET /n HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    "2\r\nab\r\n0\r\n\r\n",
    "GET /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /n HTTP/1.1\r\nHost: x\r\n\r\n",
    // Heads.
    "GET /a%20b/%C3%BC?%C3%BC=%26&x&=y HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
    "\r\n\r\nGET /late HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost:x\r\nA:\r\nB: \t b \t\r\nA: again\r\nCookie: a=b; c=\"d\"\r\n\r\n",
    "PATCH /1 HTTP/1.1\r\nHost: x\r\n\r\nOPTIONS /2 HTTP/1.1\r\nHost: x\r\n\r\nX-Y_Z /3 "
    "HTTP/1.1\r\nHost: "
    "x\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n"
    "GET /never HTTP/1.1\r\nHost: x\r\n\r\n",
    // What is refused, wherever it is cut.
    "GET /bad HTTP/1.1\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /bad HTTP/2.0\r\nHost: x\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /bad HTTP/1.1\r\nHost: x\r\nA: b\r\n c: d\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /bad HTTP/1.1\r\nHost: x\nA: b\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /../bad HTTP/1.1\r\nHost: x\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /bad HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhelloGET /never "
    "HTTP/1.1\r\nHost: "
    "x\r\n\r\n",
    "POST /bad HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n"
    "GET /never HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /bad HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"
    "GET /never HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /bad HTTP/1.1\r\nHost: x\r\nExpect: the best\r\nContent-Length: 1\r\n\r\na"
    "GET /never HTTP/1.1\r\nHost: x\r\n\r\n"};

}  // namespace plenum::front::test
