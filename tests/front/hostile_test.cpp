// What clients that mean harm get, and that nobody else notices.
#include <atomic>
#include <future>
#include <mutex>
#include <random>
#include <set>

#include "tests/front/client.h"

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

}  // namespace

TEST_CASE("whatever is malformed gets one 4xx, then the connection ends", "[front]") {
  std::atomic<int> handled{0};
  Server server([&](Request request, Reply reply) {
    ++handled;
    answer_echo(std::move(request), std::move(reply));
  });
  const auto corpus = malformed();
  CHECK(corpus.size() > 300);
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
  const std::string seeds[] = {
      "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n",
      "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
      "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: "
      "u\r\n\r\nGET /n HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"};
  const std::string pieces[] = {"\r\n",
                                "\r",
                                "\n",
                                " ",
                                ":",
                                "%",
                                "/..",
                                "\t",
                                "0",
                                "Content-Length: 3\r\n",
                                "Transfer-Encoding: chunked\r\n",
                                "\r\n\r\n",
                                std::string(1, '\0')};
  std::mt19937 random(11);
  const auto below = [&](size_t n) { return random() % n; };
  for (int round = 0; round < 1000; ++round) {
    std::string text = seeds[below(std::size(seeds))];
    for (size_t changes = 1 + below(3); changes > 0; --changes) {
      const size_t at = below(text.size());
      switch (below(3)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(4));
          break;
        default:
          text.insert(at, pieces[below(std::size(pieces))]);
      }
      if (text.empty()) text = " ";
    }
    Client client = server.connect();
    const size_t cut = below(text.size());
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
  CHECK(soon([&] { return server.front->in_flight() == 1; }));  // the others' last answer is on its way
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
