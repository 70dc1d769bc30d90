// Bodies that are handed over as they come, and peers that are told to wait.
#include <catch2/catch.hpp>
#include <future>

#include "engine/effects/http/client.h"
#include "tests/support/peer.h"

using namespace plenum;

namespace {

const std::string kEvents = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

// What on_body is given; a test says whether there is room.
struct Listener {
  bool take(std::string_view bytes) {
    std::lock_guard lock(mutex);
    ++asked;
    if (text.size() + bytes.size() > room) {
      changed.notify_all();
      return false;
    }
    text += bytes;
    changed.notify_all();
    return true;
  }
  template <typename Holds>
  bool wait(Holds holds) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 20s, [&] { return holds(); });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::string text;
  size_t room = 1 << 30;
  int asked = 0;
};

http::Request streaming(const Peer& peer, Listener& listener) {
  http::Request request;
  request.url = peer.url();
  request.trusted_destination = true;
  request.timeout = 30s;
  request.on_body = [&](std::string_view bytes) { return listener.take(bytes); };
  return request;
}

struct Answer {
  std::promise<Result<http::Response>> promise;
  std::future<Result<http::Response>> future = promise.get_future();
  http::Done done() {
    return [this](Result<http::Response> response) { promise.set_value(std::move(response)); };
  }
};

}  // namespace

TEST_CASE("an event stream is handed over while it comes", "[http]") {
  std::promise<void> heard;
  auto first_heard = heard.get_future();
  Peer peer([&](Peer& p, int fd) {
    p.read_request(fd);
    Peer::say(fd, kEvents + "data: 1\n\n");
    first_heard.wait();  // the rest is sent only when the beginning has arrived
    Peer::say(fd, "data: 2\n\n");
  });
  Listener listener;
  http::Client client;
  Answer answer;
  client.send(streaming(peer, listener), answer.done());
  REQUIRE(listener.wait([&] { return listener.text == "data: 1\n\n"; }));
  heard.set_value();
  const auto response = answer.future.get();
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body.empty());
  CHECK(listener.text == "data: 1\n\ndata: 2\n\n");
}

TEST_CASE("what is no event stream is collected as ever", "[http]") {
  for (const std::string head :
       {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 503 No\r\nContent-Type: text/event-stream\r\n"}) {
    Peer peer(answers(head + "Content-Length: 5\r\n\r\nhello"));
    Listener listener;
    http::Client client;
    Answer answer;
    client.send(streaming(peer, listener), answer.done());
    const auto response = answer.future.get();
    REQUIRE(response);
    CHECK(response->body == "hello");
    CHECK(listener.asked == 0);
  }
}

TEST_CASE("a listener without room stops the peer, until there is room again", "[http]") {
  constexpr size_t kAll = 64 << 20;  // more than the kernel's buffers can ever hold
  std::atomic<size_t> sent = 0;
  Peer peer([&](Peer& p, int fd) {
    p.read_request(fd);
    Peer::say(fd, kEvents);
    const std::string piece(1 << 20, 'x');
    for (size_t i = 0; i < kAll / piece.size(); ++i) {
      Peer::say(fd, piece);
      sent += piece.size();
    }
  });
  Listener listener;
  listener.room = 1000;
  http::Client client;
  Answer answer;
  http::Request request = streaming(peer, listener);
  request.max_response_bytes = kAll + 1;
  const uint64_t id = client.send(std::move(request), answer.done());
  REQUIRE(listener.wait([&] { return listener.asked > 0; }));
  // Asked again without room it stops again; the bytes are the same ones.
  int asked;
  {
    std::lock_guard lock(listener.mutex);
    asked = listener.asked;
    CHECK(listener.text.size() <= 1000);
  }
  client.resume(id);
  REQUIRE(listener.wait([&] { return listener.asked > asked; }));
  CHECK(sent < kAll);
  {
    std::lock_guard lock(listener.mutex);
    listener.room = 1 << 30;
  }
  client.resume(id);
  REQUIRE(answer.future.get());
  CHECK(listener.text.size() == kAll);
}

TEST_CASE("a call that waits for room can be cancelled, and its connection closes", "[http]") {
  std::promise<bool> left;
  Peer peer([&](Peer& p, int fd) {
    p.read_request(fd);
    Peer::say(fd, kEvents + "data: 1\n\n");
    left.set_value(Peer::client_left(fd));
  });
  Listener listener;
  listener.room = 0;
  http::Client client;
  Answer answer;
  const uint64_t id = client.send(streaming(peer, listener), answer.done());
  REQUIRE(listener.wait([&] { return listener.asked > 0; }));
  client.cancel(id);
  const auto response = answer.future.get();
  REQUIRE_FALSE(response);
  CHECK(response.error().code == "cancelled");
  CHECK(left.get_future().get());
  client.resume(id);  // too late: nothing happens
}

TEST_CASE("a stream is bounded as a whole, and one that breaks off is an error", "[http]") {
  Peer endless([](Peer& p, int fd) {
    p.read_request(fd);
    Peer::say(fd, kEvents + std::string(5000, 'x'));
    Peer::client_left(fd);
  });
  Listener listener;
  http::Client client;
  Answer answer;
  http::Request request = streaming(endless, listener);
  request.max_response_bytes = 4000;
  client.send(std::move(request), answer.done());
  CHECK(answer.future.get().error().code == "response_too_large");

  Peer cut([](Peer& p, int fd) {
    p.read_request(fd);
    Peer::say(fd,
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: "
              "500\r\n\r\ndata: 1\n\n");
  });
  Listener heard;
  Answer broken;
  client.send(streaming(cut, heard), broken.done());
  CHECK(broken.future.get().error().code == "connection_lost");
  CHECK(heard.text == "data: 1\n\n");
}
