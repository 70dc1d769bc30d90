// Replies that are given again: when, to whom, for how long, and which never are.
#include "engine/effects/kept.h"

#include <catch2/catch.hpp>

#include "tests/effects/performing.h"
#include "tests/support/peer.h"

using namespace plenum;

namespace {

const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

run::Perform reading(const Peer& peer, const std::string& path = "/a") {
  run::CallHttp call;
  call.method = "GET";
  call.url = peer.url(path);
  call.local = true;
  run::Perform what = Bench::performing(std::move(call));
  what.kept = run::Kept{milliseconds(60'000), std::nullopt, false};
  return what;
}

run::Perform keyed(run::Perform what, Json key) {
  what.kept->key = std::move(key);
  return what;
}

run::Perform for_the_app(run::Perform what) {
  what.kept->app_wide = true;
  return what;
}

run::Perform asking(const std::string& prompt, const std::string& model = "m1") {
  auto use = std::make_shared<app::Model>();
  use->provider = "gemini";
  use->model = model;
  run::CallModel call;
  call.model = use;
  call.turns = {{false, prompt, {}}};
  run::Perform what;
  what.path = "call";
  what.effect = call;
  what.kept = run::Kept{milliseconds(60'000), std::nullopt, false};
  return what;
}

EffectReply said(Json result, std::string model = "gemini-3") {
  return {std::move(result), 0.5, std::move(model)};
}

}  // namespace

TEST_CASE("the same question is asked once while its reply is kept", "[effects]") {
  Peer peer(answers(kHello));
  Bench bench;
  const std::string first = Bench::story(bench.begin(reading(peer)).get());
  CHECK_THAT(first, Catch::Contains("\"body\":\"hello\""));
  bench.clock.time += 59'999;
  CHECK(Bench::story(bench.begin(reading(peer)).get()) == first);
  CHECK(peer.requests() == 1);
  bench.clock.time += 1;
  CHECK(Bench::story(bench.begin(reading(peer)).get()) == first);
  CHECK(peer.requests() == 2);
}

TEST_CASE("another question, node or owner has a reply of its own", "[effects]") {
  Peer peer(answers(kHello));
  Bench bench;
  bench.begin(reading(peer)).get();
  bench.begin(reading(peer, "/b")).get();
  CHECK(peer.requests() == 2);
  run::Perform elsewhere = reading(peer);
  elsewhere.path = "other";
  bench.begin(elsewhere).get();
  CHECK(peer.requests() == 3);
  bench.begin(reading(peer), "bob").get();
  CHECK(peer.requests() == 4);
  bench.begin(reading(peer), "bob").get();
  CHECK(peer.requests() == 4);
}

TEST_CASE("a reply that is kept for the app is every user's", "[effects]") {
  Peer peer(answers(kHello));
  Bench bench;
  bench.begin(for_the_app(reading(peer)), "ada").get();
  bench.begin(for_the_app(reading(peer)), "bob").get();
  CHECK(peer.requests() == 1);
  bench.begin(reading(peer), "ada").get();  // her own is another one
  CHECK(peer.requests() == 2);
}

TEST_CASE("an author's key stands for the request", "[effects]") {
  Peer peer(answers(kHello));
  Bench bench;
  bench.begin(keyed(reading(peer, "/a"), "k")).get();
  bench.begin(keyed(reading(peer, "/b"), "k")).get();
  CHECK(peer.requests() == 1);
  bench.begin(keyed(reading(peer, "/a"), Json{{"k", 1}})).get();
  bench.begin(reading(peer, "/a")).get();
  CHECK(peer.requests() == 3);
}

TEST_CASE("an error is not kept", "[effects]") {
  Peer peer(answers("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"));
  Bench bench;
  for (int i = 0; i < 2; ++i)
    CHECK(Bench::story(bench.begin(reading(peer)).get()) == "unavailable/http_status/503");
  CHECK(peer.requests() == 2);
}

TEST_CASE("a call that is cancelled while its reply is looked up is not made", "[effects]") {
  Peer peer(answers(kHello));
  Bench bench;
  CHECK(Bench::story(bench.begin(reading(peer), "ada", true).get()) == "unavailable/cancelled/0");
  CHECK(peer.requests() == 0);
}

TEST_CASE("what a model made up, did not finish or got wrong is not given again", "[effects]") {
  CHECK(kept_text(said(Json{{"text", "a"}, {"cut", false}})));
  CHECK_FALSE(kept_text(said(Json{{"text", "a"}, {"cut", false}}, "offline")));
  CHECK_FALSE(kept_text(said(Json{{"text", "a"}, {"cut", true}})));
  CHECK_FALSE(kept_text(said(Json{{"text", "a"}, {"cut", false}, {"unparsed", "no JSON"}})));
  CHECK_FALSE(kept_text(said(Json(std::string(1 << 20, 'a')))));
}

TEST_CASE("a kept reply is the same, and costs nothing", "[effects]") {
  const Json result{
      {"text", "caf\u00e9"}, {"cut", false}, {"value", {{"b", 1.5}, {"a", {1, nullptr}}}}};
  const EffectReply again = kept_reply(kept_text(said(result)).value()).value();
  CHECK(to_text(again.result) == to_text(result));
  CHECK(again.cost_usd == 0);
  CHECK(again.model == "gemini-3");
  CHECK_FALSE(kept_reply("{}"));
  CHECK_FALSE(kept_reply("x"));
}

TEST_CASE("a model is another question with every part of its request", "[effects]") {
  std::set<std::string> keys = {kept_key(asking("a"), "main")};
  CHECK(keys.count(kept_key(asking("a"), "main")) == 1);
  const auto is_new = [&](const run::Perform& what) {
    return keys.insert(kept_key(what, "main")).second;
  };
  CHECK(is_new(asking("b")));
  CHECK(is_new(asking("a", "m2")));
  run::Perform changed = asking("a");
  auto& call = std::get<run::CallModel>(changed.effect);
  call.system = "s";
  CHECK(is_new(changed));
  call.max_tokens = 5;
  CHECK(is_new(changed));
  call.schema = std::make_shared<const Json>(Json{{"type", "object"}});
  CHECK(is_new(changed));
  call.turns.push_back({true, "x", {}});
  CHECK(is_new(changed));
  CHECK(kept_key(asking("a"), "other") != kept_key(asking("a"), "main"));
}

TEST_CASE("with an author's key, a repair and a fallback are questions of their own", "[effects]") {
  run::Perform repair = keyed(asking("a"), "k");
  auto& call = std::get<run::CallModel>(repair.effect);
  call.turns.push_back({true, "x", {}});
  call.turns.push_back({false, "again", {}});
  CHECK(kept_key(keyed(asking("a"), "k"), "main") == kept_key(keyed(asking("b"), "k"), "main"));
  CHECK(kept_key(repair, "main") != kept_key(keyed(asking("a"), "k"), "main"));
  CHECK(kept_key(keyed(asking("a", "m2"), "k"), "main") !=
        kept_key(keyed(asking("a"), "k"), "main"));
}
