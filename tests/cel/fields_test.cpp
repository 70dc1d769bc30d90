// Fields and elements of Json, and optional values.
#include "tests/cel/table.h"

using namespace plenum;
using namespace plenum::cel;

namespace {
constexpr char kDocument[] = R"({
  "review": {"score": 8, "notes": ["short", "clear"], "author": {"name": "Ada", "mail": null}, "content-type": "x"},
  "items": [{"id": 1, "tags": ["a"]}, {"id": 2, "tags": []}], "nothing": null, "text": "abc", "empty": {},
  "if-not": 1, "index": 1, "half": 0.5, "one": 1.0})";
}  // namespace

TEST_CASE("fields and elements are read from Json as they are", "[cel]") {
  check_all(
      {
          {"review.score", "8"},
          {"review.author", R"({"name":"Ada","mail":null})"},
          {"review.author.name", R"("Ada")"},
          {"review['author']['name']", R"("Ada")"},
          {"review.`content-type`", R"("x")"},
          {"review['content-type']", R"("x")"},
          {"review.notes[1]", R"("clear")"},
          {"review.notes[index]", R"("clear")"},
          {"review.notes[1u]", R"("clear")"},
          {"review.notes[one]", R"("clear")"},
          {"items[0].tags[0]", R"("a")"},
          {"items[1].tags", "[]"},
          {"[review.score, items[1].id]", "[8,2]"},
          {R"({"who": review.author.name, "all": items})",
           R"({"who":"Ada","all":[{"id":1,"tags":["a"]},{"id":2,"tags":[]}]})"},
          {"review.tone", "! 1:8: no such key: `tone`"},
          {"review['tone']", "! 1:7: no such key: `tone`"},
          {"empty.x", "! no such key: `x`"},
          {"review.author.mail.domain",
           "! 1:20: `review.author.mail` is null, it has no field `domain`; test it with "
           "`review.author.mail != "
           "null` first, or write `.?domain`"},
          {"nothing.x", "! `nothing` is null"},
          {"nothing[0]", "! `nothing` is null, it has no elements"},
          {"text.x", "! 1:6: no such overload: `text` is a string, it has no field `x`"},
          {"text[0]", "! `text` is a string, it has no elements"},
          {"items.id", "! `items` is a list, it has no field `id`"},
          {"items[2]", "! 1:6: index out of range: 2; `items` has 2 elements"},
          {"items[-1]", "! index out of range: -1"},
          {"items[half]", "! an element's place is a whole number, not 0.5"},
          {"items['0']", "! an element's place is a whole number, not a string"},
          {"review[0]", "! no such key: 0"},
          {"review[null]", "! no such key: null"},
          {".review.score", "8"},
      },
      kDocument);
}

TEST_CASE("has tells whether a field is there, also when it is null", "[cel]") {
  check_all(
      {
          {"has(review.score)", "true"},
          {"has(review.tone)", "false"},
          {"has(review.author.mail)", "true"},
          {"has(review.author.name.x)", "! `review.author.name` is a string, it has no field `x`"},
          {"has(empty.x) ? empty.x : 'none'", R"("none")"},
          {"has(nothing.x)", "! 1:13: `nothing` is null, it has no field `x`"},
          {"has(review.`content-type`)", "true"},
          {"has(review.missing.x)", "! no such key: `missing`"},
      },
      kDocument);
}

TEST_CASE("optional fields look before they read", "[cel]") {
  check_all(
      {
          {"review.?score.orValue(0)", "8"},
          {"review.?tone.orValue('plain')", R"("plain")"},
          {"review?.tone.orValue('plain')", R"("plain")"},
          {"review?.author?.name.orValue('nobody')", R"("Ada")"},
          {"review.?author.name.value()", R"("Ada")"},
          {"review.?autor.name.hasValue()", "false"},
          {"review[?'tone'].hasValue()", "false"},
          {"items[?5].hasValue()", "false"},
          {"items[?0].id.orValue(0)", "1"},
          {"nothing.?x.orValue(1)", "1"},
          {"nothing[?0].orValue(1)", "1"},
          {"nothing?.x.?y.hasValue()", "false"},
          {"review.?author.?mail.orValue('none')", "null"},
          {"optional.ofNonZeroValue(review.author.mail).orValue('none')", R"("none")"},
          {"text.?x", "! `text` is a string, it has no field `x`"},
          {"review.?tone", "null"},
          {"review.?score", "8"},
          {"review.?tone.value()", "! optional.none() has no value; use `.orValue(…)`"},
          {"review.?tone.or(review.?score).value()", "8"},
          {"review.?score.orValue(1 / 0)", "8"},
          {"review.?tone.orValue(1 / 0)", "! divide by zero"},
          {"review.?score.or(1)", "? X504 1:18-1:19 `or` needs another optional"},
          {"review.?score.optMap(s, s * 2).value()", "16"},
          {"review.?tone.optMap(s, s * 2).hasValue()", "false"},
          {"review.?author.optFlatMap(a, a.?name).value()", R"("Ada")"},
          {"review.?author.optFlatMap(a, a.name)",
           "! `optFlatMap` needs an optional as its result"},
          {"text.orValue(1)", "! `text` is a string, not an optional"},
          {"[?review.?tone, ?review.?score]", "[8]"},
          {"{?'t': review.?tone, ?'s': review.?score}", R"({"s":8})"},
          {"[?text]", "! `?` needs an optional, this is a string"},
          {"[optional.of(1), optional.none()].unwrapOpt()", "[1]"},
          {"optional.unwrap([items][0])", "! element 0 is a map, not an optional"},
          {"optional.of(review) == optional.of(review)", "true"},
          {"true ?review.score : 2", "8"},
          {"true?.half : .index", "0.5"},
      },
      kDocument);
}

TEST_CASE("a name without a value fails where it is read", "[cel]") {
  const Names names = {{"here", Type()}, {"later", Type()}};
  const Json data = Json::parse(R"({"here": 1})");
  CHECK(answer("here", data, names) == "1");
  CHECK(answer("here + later", data, names) == "! 1:8: `later` has no value here");
  CHECK(answer("here == 1 || later", data, names) == "true");
}

TEST_CASE("timestamps and durations that are declared are read from their text", "[cel]") {
  const Names names = {{"now", Type::Kind::timestamp},
                       {"wait", Type(Type::Kind::duration).nullable()}};
  const Json data = Json::parse(R"({"now": "2026-11-21T09:30:00Z", "wait": "90s"})");
  CHECK(answer("now + wait", data, names) == R"("2026-11-21T09:31:30Z")");
  CHECK(answer("now.getHours('+02:00')", data, names) == "11");
  CHECK(answer("wait == null", Json::parse(R"({"wait": null})"), names) == "true");
  CHECK_THAT(answer("now.getHours()", Json::parse(R"({"now": "soon"})"), names),
             Catch::Contains("! 1:1: cannot read `soon` as a timestamp"));
}

TEST_CASE("holds takes only true and false", "[cel]") {
  const Json data = Json::parse(R"({"n": 1})");
  const Names names = names_in(data);
  CHECK(Expression::compile("n == 1", names)->holds(ObjectScope(data)).value());
  CHECK_FALSE(Expression::compile("n == 2", names)->holds(ObjectScope(data)).value());
  const auto wrong = Expression::compile("n", names)->holds(ObjectScope(data));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message == "1:1: the condition must be true or false, it is an int");
  CHECK(wrong.error().kind == Kind::invalid);
  CHECK_FALSE(Expression::compile("n / 0 == 1", names)->holds(ObjectScope(data)));
}
