// Finding rows of a collection by their fields.
#pragma once

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/store/asking.h"
#include "tests/store/contract_rows.h"

namespace plenum::testing {

inline void finds_rows(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());
  const auto put = [&](const char* id, const char* data, const Owner& owner = kAda) {
    REQUIRE(store.put_row(owner, "tasks", {id, data, 1000, 0}));
  };
  const auto found = [&](RowQuery query, const Owner& owner = kAda) {
    const auto rows = store.query(owner, "tasks", std::move(query));
    return rows ? ids(*rows) : outcome(rows);
  };
  const auto equal = [](Json value) {
    RowQuery query;
    query.equal = std::move(value);
    return query;
  };
  const auto sorted = [](std::string field, bool descending = false) {
    RowQuery query;
    query.sort = std::move(field);
    query.descending = descending;
    return query;
  };

  SECTION("without a condition all rows are found, newest first") {
    CHECK(found({}) == "");
    put("a", R"({"n":1})");
    put("b", R"({"n":2})");
    put("c", R"({"n":3})");
    CHECK(found({}) == "c b a");
    RowQuery two;
    two.limit = 2;
    CHECK(found(two) == "c b");
  }
  SECTION("rows of another owner, app or collection are not there") {
    put("mine", R"({"kind":"x","n":1})");
    put("bobs", R"({"kind":"x","n":2})", kBob);
    put("elsewhere", R"({"kind":"x","n":3})", kAdaElsewhere);
    REQUIRE(store.put_row(kAda, "letters", {"letter", R"({"kind":"x"})", 1000, 0}));
    RowQuery asks_all = sorted("n");
    asks_all.keep = [](const Row&) -> Result<bool> { return true; };
    for (const RowQuery& query : {RowQuery(), equal({{"kind", "x"}}), sorted("n"), asks_all}) {
      CHECK(found(query) == "mine");
      CHECK(found(query, kBob) == "bobs");
      CHECK(found(query, kAdaElsewhere) == "elsewhere");
      CHECK(found(query, {"shop", "nobody"}) == "");
    }
    std::string asked;  // not even the condition sees them
    RowQuery spy;
    spy.keep = [&](const Row& row) -> Result<bool> { return asked += row.id, false; };
    CHECK(found(spy) == "");
    CHECK(asked == "mine");
  }
  SECTION("fields are compared by type and value") {
    put("text", R"({"v":"1"})");
    put("number", R"({"v":1})");
    put("real", R"({"v":1.0})");
    put("other", R"({"v":2})");
    put("null", R"({"v":null})");
    put("lacking", R"({})");
    put("list", R"({"v":[1]})");
    CHECK(found(equal({{"v", "1"}})) == "text");
    CHECK(found(equal({{"v", 1}})) == "real number");
    CHECK(found(equal({{"v", 1.0}})) == "real number");
    CHECK(found(equal({{"v", 3}})) == "");
    put("yes", R"({"v":"t","b":true})");
    put("no", R"({"v":"t","b":false})");
    CHECK(found(equal({{"b", true}})) == "yes");
    CHECK(found(equal({{"v", "t"}, {"b", false}})) == "no");
  }
  SECTION("no name of a field and no value is taken for anything else") {
    const Json odd = {
        {"a b", "it's \"x\" -- ; DROP"}, {"a.b", "dot"}, {"$", "$.x"}, {"[0]", "\u00e9%_"}};
    put("odd", to_text(odd).c_str());
    put("plain", R"({"a":{"b":"dot"}})");
    for (const auto& [field, value] : odd.items()) {
      CAPTURE(field);
      CHECK(found(equal({{field, value}})) == "odd");
      CHECK(found(sorted(field, true)) == "odd plain");
    }
    CHECK(found(equal({{"$", "%"}})) == "");
    CHECK(found(equal({{"x') OR 1=1 --", "y"}})) == "");
  }
  SECTION("rows are sorted by a field both ways; equal ones stand newest first") {
    put("b", R"({"n":2,"t":"b"})");
    put("a", R"({"n":10,"t":"a"})");
    put("c", R"({"n":-1,"t":"c"})");
    put("b2", R"({"n":2,"t":"b"})");
    put("none", R"({"t":"z"})");
    CHECK(found(sorted("n")) == "none c b2 b a");
    CHECK(found(sorted("n", true)) == "a b2 b c none");
    CHECK(found(sorted("t")) == "a b2 b c none");
    RowQuery one = sorted("n", true);
    one.limit = 1;
    one.equal = {{"t", "b"}};
    CHECK(found(one) == "b2");
  }
  SECTION("a condition is asked row by row, in order, until there are enough") {
    for (const char* id : {"a", "b", "c", "d"}) put(id, R"({"n":1})");
    std::string asked;
    RowQuery query;
    query.limit = 1;
    query.keep = [&](const Row& row) -> Result<bool> {
      asked += row.id;
      return row.id == "b";
    };
    CHECK(found(query) == "b");
    CHECK(asked == "dcb");
    query.keep = [](const Row&) -> Result<bool> { return fail(Kind::invalid, "no such field"); };
    CHECK(found(query) == "invalid");
  }
  SECTION("a query has its bounds") {
    const std::string large = R"({"text":")" + std::string(1 << 20, 'x') + R"("})";
    for (const char* id : {"a", "b", "c", "d"}) put(id, large.c_str());
    CHECK(found({}) == "limited query_limit");
    RowQuery three;
    three.limit = 3;
    CHECK(found(three) == "d c b");
    three.limit = -5;
    CHECK(found(three) == "d");
  }
}

}  // namespace plenum::testing
