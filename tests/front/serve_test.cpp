// What well-behaved clients get.
#include <condition_variable>
#include <mutex>
#include <set>

#include "tests/front/client.h"

using namespace plenum::front;
using namespace plenum::front::test;

namespace {

// Replies put aside by the handler, to be answered later.
struct Parked {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::pair<Request, Reply>> list;

  std::function<void(Request, Reply)> handle() {
    return [this](Request request, Reply reply) {
      std::lock_guard lock(mutex);
      list.emplace_back(std::move(request), std::move(reply));
      changed.notify_all();
    };
  }
  bool wait(size_t n) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, seconds(20), [&] { return list.size() >= n; });
  }
  std::vector<std::pair<Request, Reply>> take() {
    std::lock_guard lock(mutex);
    return std::exchange(list, {});
  }
};

}  // namespace

TEST_CASE("one connection serves any number of requests", "[front]") {
  Server server;
  Client client = server.connect();
  for (int i = 0; i < 1000; ++i) {
    const Answer answer = client.get("/" + std::to_string(i));
    REQUIRE(answer.status == 200);
    REQUIRE(answer.body == "GET /" + std::to_string(i) + "|");
    REQUIRE(answer.header("Connection").empty());
  }
  CHECK(server.front->connections() == 1);
  CHECK(soon([&] { return server.front->in_flight() == 0; }));
}

TEST_CASE("the handler gets what the client sent", "[front]") {
  Parked parked;
  Server server(parked.handle());
  Client client = server.connect();
  client.send(
      "POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-Thing: y\r\nContent-Length: 5\r\n\r\nhello");
  REQUIRE(parked.wait(1));
  const auto [request, reply] = std::move(parked.take()[0]);
  CHECK(request.method == "POST");
  CHECK(request.target == "/a%20b?c=d");
  CHECK(request.path == "/a b");
  REQUIRE(request.parameter("c"));
  CHECK(*request.parameter("c") == "d");
  CHECK(request.parameter("d") == nullptr);
  REQUIRE(request.header("x-thing"));
  CHECK(*request.header("x-thing") == "y");
  CHECK(request.header("X-Thing") == nullptr);
  CHECK(request.peer == "127.0.0.1");
  CHECK(request.body == "hello");
  reply.send({201, {{"X-A", "b"}}, "done"});
  const Answer answer = client.read();
  CHECK(answer.status == 201);
  CHECK(answer.header("X-A") == "b");
  CHECK(answer.header("Date").size() == 29);
  CHECK(answer.body == "done");
}

TEST_CASE("pipelined requests are answered in order, even by another thread", "[front]") {
  Parked parked;
  Server server(parked.handle());
  Client client = server.connect();
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab";
  client.send(all);
  for (int i = 0; i < 20; ++i) {
    REQUIRE(parked.wait(1));
    auto taken = parked.take();
    REQUIRE(taken.size() == 1);  // the next one waits for this answer
    CHECK(server.front->in_flight() == 1);
    std::thread([&] { taken[0].second.send(echo(taken[0].first)); }).join();
    CHECK(client.read().body == "POST /" + std::to_string(i) + "|ab");
  }
}

TEST_CASE("a body arrives whole, counted or in chunks of any size", "[front]") {
  Server server;
  Client client = server.connect();
  std::string body(1'000'000, 'x');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 % 251);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
  CHECK(client.read().body == "POST /|" + body);
  for (const size_t size : {1000, 4093, 65536}) {
    std::string chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (size_t at = 0; at < body.size(); at += size) {
      char line[20];
      const std::string piece = body.substr(at, size);
      snprintf(line, sizeof line, "%zx\r\n", piece.size());
      chunked += line + piece + "\r\n";
    }
    client.send(chunked + "0\r\n\r\n");
    INFO("chunks of " << size);
    CHECK(client.read().body == "POST /|" + body);
  }
}

TEST_CASE("100-continue is answered before the body and not after a refusal", "[front]") {
  Server server;
  Client client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.read().status == 100);
  client.send("ab");
  CHECK(client.read().body == "POST /|ab");
  client.send("GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read().status == 200);
  client.send(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
  CHECK(client.read().status == 413);
  CHECK(client.closed());
}

TEST_CASE("HEAD is answered with the length and without the body", "[front]") {
  Server server;
  Client client = server.connect();
  client.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
  const Answer head = client.read(true);
  CHECK(head.status == 200);
  CHECK(head.header("Content-Length") == "10");
  CHECK(client.get("/next").body == "GET /next|");
}

TEST_CASE("204 and 304 have no body and no length", "[front]") {
  Server server([](Request request, Reply reply) {
    reply.send({std::stoi(request.path.substr(1)), {{"ETag", "\"x\""}}, "ignored"});
  });
  Client client = server.connect();
  for (const char* path : {"/204", "/304"}) {
    const Answer answer = client.get(path);
    CHECK(answer.head.find("Content-Length") == std::string::npos);
    CHECK(answer.header("ETag") == "\"x\"");
  }
  CHECK(client.get("/200").body == "ignored");
}

TEST_CASE("the connection is closed when either side says so", "[front]") {
  Server server([](Request request, Reply reply) {
    Response response = echo(request);
    if (request.path == "/bye") response.headers.emplace_back("Connection", "close");
    reply.send(std::move(response));
  });
  for (const char* request : {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                              "GET / HTTP/1.0\r\n\r\n", "GET /bye HTTP/1.1\r\nHost: x\r\n\r\n",
                              "GET /bye HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}) {
    Client client = server.connect();
    client.send(std::string(request) + "GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
    const Answer answer = client.read();
    CHECK(answer.status == 200);
    CHECK(answer.header("Connection") == "close");
    CHECK(client.closed());
  }
  Client old = server.connect();
  for (int i = 0; i < 3; ++i) {
    old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(old.read().header("Connection") == "keep-alive");
  }
}

TEST_CASE("a stream arrives piece by piece, and the connection goes on", "[front]") {
  Parked parked;
  Server server(parked.handle());
  Client client = server.connect();
  client.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(parked.wait(1));
  const Reply reply = parked.take()[0].second;
  reply.start({200, {{"Content-Type", "text/event-stream"}}, "not sent"});
  CHECK(reply.write("data: 1\n\n"));
  std::string seen;
  while (seen.find("data: 1\n\n\r\n") == std::string::npos) seen += client.read_some();
  CHECK(seen.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(seen.find("not sent") == std::string::npos);
  CHECK(reply.write(""));
  CHECK(reply.write("data: 2\n\n"));
  reply.end();
  CHECK_FALSE(reply.write("too late"));
  reply.send({500, {}, "too late"});
  reply.end();
  while (seen.find("0\r\n\r\n") == std::string::npos) seen += client.read_some();
  CHECK(seen.substr(seen.find("\r\n\r\n") + 4) ==
        "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n");
  client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(parked.wait(1));
  parked.take()[0].second.send({200, {}, "next"});
  CHECK(client.read().body == "next");
}

TEST_CASE("a stream to HTTP/1.0 ends with the connection, and HEAD gets its head only", "[front]") {
  Server server([](Request, Reply reply) {
    reply.start({200, {}, ""});
    CHECK(reply.write("one"));
    CHECK(reply.write("two"));
    reply.end();
  });
  Client old = server.connect();
  old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const Answer answer = old.read();
  CHECK(answer.body == "onetwo");
  CHECK(answer.header("Connection") == "close");
  CHECK(answer.header("Transfer-Encoding").empty());
  Client client = server.connect();
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(client.read(true).header("Transfer-Encoding") == "chunked");
  CHECK(client.read().body == "onetwo");
}

TEST_CASE("a thousand events on fifty streams arrive in order", "[front]") {
  Parked parked;
  Server server(parked.handle());
  std::vector<Client> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(server.connect());
    clients.back().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  REQUIRE(parked.wait(50));
  const auto streams = parked.take();
  for (const auto& [request, reply] : streams) reply.start({});
  std::string all;
  for (int event = 0; event < 1000; ++event) {
    const std::string text = std::to_string(event) + " ";
    all += text;
    for (const auto& [request, reply] : streams) REQUIRE(reply.write(text));
  }
  for (const auto& [request, reply] : streams) reply.end();
  for (Client& client : clients) CHECK(client.read().body == all);
}

TEST_CASE("five hundred waiting requests are answered by another thread, each its own", "[front]") {
  Parked parked;
  Options wide = options();
  wide.threads = 2;
  Server server(parked.handle(), wide);
  std::vector<Client> clients;
  for (int i = 0; i < 500; ++i) {
    clients.push_back(server.connect());
    REQUIRE(clients.back().send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n"));
  }
  REQUIRE(parked.wait(500));
  CHECK(server.front->in_flight() == 500);
  std::thread([&] {
    for (auto& [request, reply] : parked.take()) reply.send(echo(request));
  }).join();
  for (int i = 0; i < 500; ++i)
    REQUIRE(clients[static_cast<size_t>(i)].read().body == "GET /" + std::to_string(i) + "|");
  CHECK(soon([&] { return server.front->in_flight() == 0; }));
}

TEST_CASE("only the first answer counts", "[front]") {
  Server server([](Request, Reply reply) {
    reply.send({200, {}, "first"});
    reply.send({200, {}, "second"});
    reply.start({200, {}, ""});
    CHECK_FALSE(reply.write("third"));
    reply.end();
  });
  Client client = server.connect();
  CHECK(client.get("/").body == "first");
  CHECK(client.get("/").body == "first");
}

TEST_CASE("an old handle cannot answer the next request", "[front]") {
  Parked parked;
  Server server(parked.handle());
  Client client = server.connect();
  client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(parked.wait(1));
  const Reply first = parked.take()[0].second;
  first.send({200, {}, "one"});
  REQUIRE(parked.wait(1));
  first.send({200, {}, "stolen"});
  first.end();
  parked.take()[0].second.send({200, {}, "two"});
  CHECK(client.read().body == "one");
  CHECK(client.read().body == "two");
}

TEST_CASE("a request whose handles are all dropped is answered 500", "[front]") {
  Parked parked;
  Server server(parked.handle());
  Client client = server.connect();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(parked.wait(1));
  parked.take();
  CHECK(client.read().status == 500);
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(parked.wait(1));
  parked.take()[0].second.send({200, {}, "still here"});
  CHECK(client.read().body == "still here");
}

TEST_CASE("a stream whose handles are all dropped ends the connection unfinished", "[front]") {
  Server server([](Request, Reply reply) {
    reply.start({});
    reply.write("half");
  });
  Client client = server.connect();
  const Answer answer = client.get("/");
  CHECK(answer.status == 200);
  CHECK_FALSE(answer.whole);
  CHECK(client.closed());
}

TEST_CASE("an exception of the handler becomes a 500 without its text", "[front]") {
  Server server(options(), {[](const Head& head) -> size_t {
                              if (head.path == "/limit") throw std::runtime_error("secret");
                              return 10;
                            },
                            [](Request request, Reply) {
                              if (request.path == "/int") throw 42;
                              throw std::runtime_error("secret");
                            },
                            [](int status, const std::string& code, const std::string& message) {
                              return Response{status, {}, code + "! " + message};
                            }});
  for (const char* path : {"/int", "/std"}) {
    const Answer answer = server.connect().get(path);
    CHECK(answer.status == 500);
    CHECK(answer.body == "internal! the server failed at this request");
  }
  Client client = server.connect();
  client.send("POST /limit HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na");
  CHECK(client.read().status == 500);
}

TEST_CASE("a failing problem hook costs the body, not the answer", "[front]") {
  Server server(options(),
                {nullptr, answer_echo, [](int, const std::string&, const std::string&) -> Response {
                   throw std::runtime_error("secret");
                 }});
  Client client = server.connect();
  client.send("nonsense\r\n\r\n");
  const Answer answer = client.read();
  CHECK(answer.status == 400);
  CHECK(answer.body.find("malformed_request: ") == 0);
}

TEST_CASE("no header of a handler can break the answer", "[front]") {
  Server server([](Request, Reply reply) {
    reply.send({200,
                {{"Location", "/a\r\nSet-Cookie: evil=1\r\n\r\n<html>"},
                 {"Bad Name", "x"},
                 {"Content-Length", "999"},
                 {"transfer-encoding", "chunked"},
                 {"X-Fine", "a\tb"}},
                "body"});
  });
  Client client = server.connect();
  const Answer answer = client.get("/");
  CHECK(answer.header("Location") == "/a  Set-Cookie: evil=1    <html>");
  CHECK(answer.head.find("\r\nSet-Cookie") == std::string::npos);
  CHECK(answer.head.find("Bad Name") == std::string::npos);
  CHECK(answer.header("Content-Length") == "4");
  CHECK(answer.header("transfer-encoding").empty());
  CHECK(answer.header("X-Fine") == "a\tb");
  CHECK(client.get("/").body == "body");
}

TEST_CASE("a status that is none becomes 500", "[front]") {
  Server server([](Request request, Reply reply) {
    Response response{std::stoi(request.path.substr(1)), {}, "secret"};
    if (request.parameter("stream")) {
      reply.start(response);
      reply.end();
    } else {
      reply.send(response);
    }
  });
  Client client = server.connect();
  for (const char* target : {"/0", "/100", "/600", "/-1", "/7?stream"}) {
    const Answer answer = client.get(target);
    CHECK(answer.status == 500);
    CHECK(answer.body.empty());
  }
}
