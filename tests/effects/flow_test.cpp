// An answer on its way: who is told, who waits.
#include "engine/effects/flow.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace plenum;

TEST_CASE("a reader is told once of what it has not read", "[effects]") {
  int told = 0;
  Flow flow([&] { ++told; });
  flow.append("Hel");
  flow.append("lo");
  CHECK(told == 1);
  CHECK(flow.since(0) == "Hello");
  flow.append("");
  CHECK(told == 1);
  flow.append("!");
  CHECK(told == 2);
  CHECK(flow.since(5) == "!");
  CHECK(flow.since(6).empty());
  CHECK(flow.since(0) == "Hello!");  // for one who comes later
}

TEST_CASE("the writer waits for the furthest reader, and is told when there is room", "[effects]") {
  int went_on = 0;
  Flow flow([] {});
  flow.begin([&] { ++went_on; }, nullptr);
  CHECK(flow.room());
  flow.append(std::string(Flow::kAhead, 'x'));
  CHECK_FALSE(flow.room());
  flow.read_to(0);
  CHECK(went_on == 0);
  flow.read_to(10);
  CHECK(went_on == 1);
  CHECK(flow.room());
  flow.append("1234567890");
  CHECK_FALSE(flow.room());
  flow.read_to(SIZE_MAX);  // nobody is left
  CHECK(went_on == 2);
  flow.append(std::string(2 * Flow::kAhead, 'x'));
  CHECK(flow.room());
}

TEST_CASE("room that came before the writer could be told is not lost", "[effects]") {
  int went_on = 0;
  Flow flow([] {});
  flow.append(std::string(Flow::kAhead, 'x'));
  CHECK_FALSE(flow.room());
  flow.read_to(Flow::kAhead);
  flow.begin([&] { ++went_on; }, nullptr);
  CHECK(went_on == 1);
}

TEST_CASE("prose has no partial value", "[effects]") {
  Flow flow([] {});
  flow.append("[1, 2");
  CHECK(flow.partial().is_null());
  flow.begin(nullptr, [](std::string_view text) { return Json(std::string(text)); });
  CHECK(flow.partial() == "[1, 2");
}
