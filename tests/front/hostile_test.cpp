// What clients that mean harm get, and that nobody else notices.
#include <atomic>
#include <future>
#include <mutex>
#include <random>
#include <set>

#include "tests/front/client.h"

using namespace plenum::front;
using namespace plenum::front::test;

TEST_CASE("a request hidden in a body that is too large is not executed", "[front]") {
  std::mutex mutex;
  std::set<std::string> paths;
  Options small = options();
  small.body_bytes = 8192;
  Server server(
      [&](Request request, Reply reply) {
        {
          std::lock_guard lock(mutex);
          paths.insert(request.path);
        }
        answer_echo(std::move(request), std::move(reply));
      },
      small);
  std::string body(8192, 'x');
  for (int i = 0; i < 100; ++i) body += "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::string& request :
       {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body,
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n" +
            body.substr(0, 8192) + "\r\n1\r\n" + body.substr(8192)}) {
    Client client = server.connect();
    client.send(request);
    const std::string answer = client.read_all();
    CHECK(answer.find("HTTP/1.1 413 ") == 0);
    CHECK(count(answer, "\r\nDate: ") == 1);
  }
  std::lock_guard lock(mutex);
  CHECK(paths.empty());
}

TEST_CASE("the limit of a body is the handler's to set, by its head", "[front]") {
  Server server(options(), {[](const Head& head) -> size_t { return head.path == "/up" ? 100 : 5; },
                            answer_echo, nullptr});
  const auto post = [&](const std::string& path, size_t size) {
    Client client = server.connect();
    client.send("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) +
                "\r\n\r\n" + std::string(size, 'x'));
    return client.read().status;
  };
  CHECK(post("/up", 100) == 200);
  CHECK(post("/up", 101) == 413);
  CHECK(post("/", 5) == 200);
  CHECK(post("/", 6) == 413);
}

TEST_CASE("a client that goes on sending after a refusal still reads it", "[front]") {
  Server server;
  Client client = server.connect();
  const std::string body(5'000'000, 'x');
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
  CHECK(client.send(body));
  const std::string answer = client.read_all();
  CHECK(answer.find("HTTP/1.1 413 ") == 0);
  CHECK(answer.find("the body has 5000000 bytes; at most 1048576 are accepted here") !=
        std::string::npos);
}

TEST_CASE("what is swallowed after the last answer is bounded in time and size", "[front]") {
  Options brief = options();
  brief.linger = milliseconds(50);
  Server server(answer_echo, brief);
  Client silent = server.connect();
  silent.send("bad\r\n");
  CHECK(silent.read_all().find("HTTP/1.1 400 ") == 0);
  CHECK(soon([&] { return server.front->connections() == 0; }));
  Server patient;
  Client flood = patient.connect();
  flood.send("bad\r\n");
  const std::string block(1 << 20, 'x');
  int sent = 0;
  while (sent < 200 && flood.send(block)) ++sent;
  CHECK(sent < 200);
}

TEST_CASE("a head that does not end in time gets 408, also on a used connection", "[front]") {
  Options brief = options();
  brief.header_time = milliseconds(60);
  Server server(answer_echo, brief);
  Client silent = server.connect();
  CHECK(silent.read().status == 408);
  CHECK(silent.closed());
  Client slow = server.connect();
  slow.send("GET / HTTP/1.1\r\n");
  CHECK(slow.read().status == 408);
  Client used = server.connect();
  CHECK(used.get("/").status == 200);
  used.send("GET");
  CHECK(used.read().status == 408);
  CHECK(used.closed());
}

TEST_CASE("a body that does not arrive in time gets 408", "[front]") {
  Options brief = options();
  brief.body_time = milliseconds(60);
  Server server(answer_echo, brief);
  for (const char* head :
       {"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n"}) {
    Client client = server.connect();
    client.send(std::string("POST / HTTP/1.1\r\nHost: x\r\n") + head);
    CHECK(client.read().status == 408);
    CHECK(client.closed());
  }
}

TEST_CASE("an idle connection is closed without a word", "[front]") {
  Options brief = options();
  brief.idle_time = milliseconds(60);
  Server server(answer_echo, brief);
  Client client = server.connect();
  CHECK(client.get("/").status == 200);
  CHECK(client.closed());
  CHECK(client.saw_end());
}

TEST_CASE("no deadline disturbs a request that is being answered", "[front]") {
  Options brief = options();
  brief.header_time = brief.body_time = brief.idle_time = brief.write_stall = brief.linger =
      milliseconds(20);
  std::promise<Reply> waiting;
  Server server(
      [&](Request request, Reply reply) {
        if (request.path == "/wait")
          waiting.set_value(reply);
        else
          answer_echo(std::move(request), std::move(reply));
      },
      brief);
  Client client = server.connect();
  client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  const Reply reply = waiting.get_future().get();
  // An idle connection goes in the meantime: the deadlines are at work.
  Client other = server.connect();
  CHECK(other.get("/").status == 200);
  CHECK(other.closed());
  reply.send({200, {}, "in the end"});
  CHECK(client.read().body == "in the end");
}

TEST_CASE("a reader that stands still is cut off while all others are served", "[front]") {
  std::promise<Reply> started;
  Server server([&](Request request, Reply reply) {
    if (request.path != "/stream") return answer_echo(std::move(request), std::move(reply));
    reply.start({});
    started.set_value(reply);
  });
  Client stuck(server.port(), "127.0.0.1", 4096);
  stuck.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  std::promise<void> gone;
  size_t written = 0;
  std::thread producer([&] {
    const Reply reply = started.get_future().get();
    reply.on_gone([&] { gone.set_value(); });
    const std::string piece(100'000, 's');
    while (written < 50'000'000 && reply.write(piece)) written += piece.size();
    reply.end();
  });
  Client other = server.connect();
  for (int i = 0; i < 200; ++i) REQUIRE(other.get("/").status == 200);
  producer.join();
  CHECK(written < 15'000'000);  // 4 MiB of ours and what the kernel holds
  CHECK(gone.get_future().wait_for(seconds(10)) == std::future_status::ready);
  CHECK(soon([&] { return server.front->in_flight() == 0; }));
  for (int i = 0; i < 200; ++i) REQUIRE(other.get("/").status == 200);
}

TEST_CASE("a slow reader gets fifty megabytes whole while all others are served", "[front]") {
  std::string big(50'000'000, 'b');
  for (size_t i = 0; i < big.size(); i += 4096) big[i] = static_cast<char>('a' + i / 4096 % 26);
  Server server([&](Request request, Reply reply) {
    if (request.path == "/big") return reply.send({200, {}, big});
    answer_echo(std::move(request), std::move(reply));
  });
  Client slow(server.port(), "127.0.0.1", 65536);
  slow.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  Client other = server.connect();
  std::string got;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(other.get("/").status == 200);
    got += slow.read_some();
  }
  CHECK(soon(
      [&] { return server.front->in_flight() == 1; }));  // the others' last answer is on its way
  while (got.size() < big.size()) {
    const std::string some = slow.read_some();
    if (some.empty()) break;
    got += some;
  }
  const size_t start = got.find("\r\n\r\n") + 4;
  CHECK(got.compare(start, std::string::npos, big) == 0);
  CHECK(slow.get("/next").body == "GET /next|");
}

TEST_CASE("a reader that takes nothing for the stall time is cut off", "[front]") {
  Options brief = options();
  brief.write_stall = milliseconds(100);
  const std::string big(20'000'000, 'b');
  Server server([&](Request, Reply reply) { reply.send({200, {}, big}); }, brief);
  Client stuck(server.port(), "127.0.0.1", 4096);
  stuck.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(soon([&] { return server.front->in_flight() == 1; }));
  CHECK(soon([&] { return server.front->connections() == 0; }));
  CHECK(server.front->in_flight() == 0);
}

TEST_CASE("a client that pipelines without reading is cut off", "[front]") {
  const std::string big(100'000, 'b');
  Server server([&](Request, Reply reply) { reply.send({200, {}, big}); });
  Client client(server.port(), "127.0.0.1", 4096);
  std::string block;
  while (block.size() < 100'000) block += "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  int sent = 0;
  while (sent < 300 && client.send(block)) ++sent;
  CHECK(sent < 300);
  CHECK(soon([&] { return server.front->connections() == 0; }));
}

TEST_CASE("a client that never lets its socket run dry does not keep others waiting", "[front]") {
  Server server;
  Client flood = server.connect();
  std::string block;
  while (block.size() < 1'000'000) block += "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  std::thread writer([&] {
    for (int i = 0; i < 1000 && flood.send(block); ++i) {
    }
  });
  size_t received = 0;
  std::thread reader([&] {
    for (std::string some = flood.read_some(); !some.empty(); some = flood.read_some())
      received += count(some, "HTTP/1.1 200");
  });
  Client other = server.connect();
  for (int i = 0; i < 20; ++i) REQUIRE(other.get("/").status == 200);
  writer.join();
  reader.join();
  CHECK(received > 0);
}

TEST_CASE("too many connections are refused with an answer, by server and by address", "[front]") {
  Options few = options();
  few.connections = 3;
  Server server(answer_echo, few);
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(server.connect());
    REQUIRE(clients.back().get("/").status == 200);
  }
  Client fourth = server.connect();
  const Answer answer = fourth.read();
  CHECK(answer.status == 503);
  CHECK(answer.header("Retry-After") == "1");
  CHECK(fourth.closed());
  fourth.leave();
  clients.pop_back();
  CHECK(soon([&] { return server.front->connections() <= 2; }));
  CHECK(server.connect().get("/").status == 200);

  Options each = options();
  each.connections_per_address = 1;
  Server narrow(answer_echo, each);
  Client first = narrow.connect();
  REQUIRE(first.get("/").status == 200);
  CHECK(narrow.connect().read().status == 429);
  CHECK(first.get("/").status == 200);
}
