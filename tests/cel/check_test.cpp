// What the checker knows before anything runs: types, reads and mistakes with their places.
#include "tests/cel/table.h"

using namespace plenum;
using namespace plenum::cel;

namespace {

using K = Type::Kind;

Names app_names() {
  const Type tone = Type::object(
      {{"id", {Type::one_of({"warm", "firm"})}}, {"label", {K::string}}, {"weight", {K::number}}});
  return {{"analysis", Type::object({{"summary", {K::string}},
                                     {"tones", {Type::list(tone)}},
                                     {"best", {tone.nullable(), false}},
                                     {"kinds", {Type::map(K::integer)}}})},
          {"score", K::integer},
          {"ratio", K::real},
          {"price", K::number},
          {"count", K::uint},
          {"kind", K::string},
          {"tone", Type::one_of({"warm", "firm"})},
          {"note", Type(K::string).nullable()},
          {"list", Type::list({K::string})},
          {"flag", K::boolean},
          {"body", Type::object({}, true)},
          {"anything", Type()},
          {"now", K::timestamp}};
}

std::string type_of(const std::string& expression) {
  const auto compiled = Expression::compile(expression, app_names());
  return compiled ? compiled->type().text() : text_of(compiled.error());
}

std::string reads_of(const std::string& expression) {
  const auto compiled = Expression::compile(expression, app_names());
  if (!compiled) return text_of(compiled.error());
  std::string text;
  for (const Read& read : compiled->reads()) {
    if (!text.empty()) text += " ";
    for (size_t i = 0; i < read.path.size(); ++i) text += (i ? "." : "") + read.path[i];
    text += "@" + std::to_string(read.start.column) + "-" + std::to_string(read.end.column) +
            (read.guarded ? "?" : "");
  }
  return text;
}

}  // namespace

TEST_CASE("types are inferred through fields, macros and functions", "[cel]") {
  const Case rows[] = {
      {"analysis.tones.map(t, t.id)", "list<string>"},
      {"analysis.tones.filter(t, t.weight > 1)", "list<object>"},
      {"analysis.tones[0].weight", "number"},
      {"analysis.tones.map(t, t.weight).sort()", "list<number>"},
      {"analysis.best", "object or null"},
      {"analysis.kinds", "map<string, integer>"},
      {"analysis.kinds.tea", "integer"},
      {"analysis.kinds.map(k, analysis.kinds[k])", "list<integer>"},
      {"analysis.kinds.transformMap(k, v, string(v))", "map<string, string>"},
      {"flag ? 1 : 2", "integer"},
      {"flag ? 1 : 2.5", "number"},
      {"flag ? kind : null", "string or null"},
      {"flag ? kind : 1", "any"},
      {"score + 1", "integer"},
      {"price * 2", "integer"},
      {"price * 2.0", "double"},
      {"price + price", "number"},
      {"price < 1.5 && score < 1.5", "boolean"},
      {"double(price) / 2.0", "double"},
      {"kind + 'x'", "string"},
      {"anything", "any"},
      {"anything + 1", "integer"},
      {"anything + 'x'", "string"},
      {"anything.a.b", "any"},
      {"body.a.b", "any"},
      {"body.?a.orValue(1)", "any"},
      {"analysis.?summary", "optional_type(string)"},
      {"analysis.?summary.orValue('none')", "string"},
      {"analysis.?best.id.orValue('none')", "string"},
      {"[1, 2]", "list<integer>"},
      {"[1, 'a']", "list<any>"},
      {"[] + list", "list<any>"},
      {"{'a': 1}.a", "integer"},
      {"{'a': 1}", "object"},
      {"{1: 'a'}", "map<integer, string>"},
      {"list.join(', ')", "string"},
      {"kind.split(',')", "list<string>"},
      {"list.first()", "optional_type(string)"},
      {"list.first().value()", "string"},
      {"list.sortBy(x, size(x))", "list<string>"},
      {"cel.bind(x, score, x + x)", "integer"},
      {"now + duration('1h')", "timestamp"},
      {"now - now", "duration"},
      {"now.getHours()", "integer"},
      {"math.greatest(1, 2.5)", "number"},
      {"math.abs(score)", "integer"},
      {"dyn(1)", "any"},
      {"type(1)", "type"},
      {"parseJson(kind)", "any"},
      {"chunks(kind, 10, 1)", "list<string>"},
      {"size(list) > 0", "boolean"},
      {"list.transformList(i, v, i)", "list<integer>"},
      {"[[1], [2]].flatten()", "list<integer>"},
  };
  for (const Case& row : rows) {
    INFO(row.expression);
    CHECK(type_of(row.expression) == row.wanted);
  }
  CHECK(Expression::compile("tone", app_names())->type().values() ==
        std::vector<std::string>{"warm", "firm"});
  CHECK(Expression::compile("analysis.tones.map(t, t.id)", app_names())
            ->type()
            .element()
            .values()
            .size() == 2);
  CHECK(Expression::compile("{'a': score, 'b': kind}", app_names())
            ->type()
            .field("b")
            ->type.is(K::string));
}

TEST_CASE("a mistake is one problem at its smallest place, with the way out", "[cel]") {
  const Case rows[] = {
      {"analyis.tones.map(t, t.id)",
       "X502 1:1-1:8 unknown name `analyis` | a name that is close exists: `analysis`"},
      {"whatever",
       "X502 1:1-1:9 unknown name `whatever` | in scope here: analysis, anything, body, count, "
       "flag, kind, list, "
       "note, now, price, ratio, score, …"},
      {"size", "X502 1:1-1:5 unknown name `size` | `size` is a function: write `size(…)`"},
      {"analysis.tone",
       "D406 1:10-1:14 `analysis` has no `tone` | a field that is close exists: `tones`"},
      {"analysis['tone']",
       "D406 1:10-1:16 `analysis` has no `tone` | a field that is close exists: `tones`"},
      {"has(analysis.tone)",
       "D406 1:14-1:18 `analysis` has no `tone` | a field that is close exists: `tones`"},
      {"analysis.?tone",
       "D406 1:11-1:15 `analysis` has no `tone` | a field that is close exists: `tones`"},
      {"analysis.colour",
       "D406 1:10-1:16 `analysis` has no `colour` | it has: summary, tones, best, kinds"},
      {"analysis.tones.map(t, t.ids)",
       "D406 1:25-1:28 `t` has no `ids` | a field that is close exists: `id`"},
      {"analysis.tones.id",
       "X504 1:16-1:18 `analysis.tones` is a list, it has no field `id` | take an element, "
       "`analysis.tones[0].id`, or all, `analysis.tones.map(x, x.id)`"},
      {"kind.length",
       "X504 1:6-1:12 `kind` is a string, it has no field `length` | write `size(kind)`"},
      {"len(list)", "X503 1:1-1:4 no function `len` | `size(list)`"},
      {"list.length()", "X503 1:6-1:12 no function `length` | `size(list)`"},
      {"kind.toUpperCase()", "X503 1:6-1:17 no function `toUpperCase` | `kind.upperAscii()`"},
      {"math.max(1, 2)", "X503 1:1-1:9 no function `math.max` | `math.greatest(1, 2)`"},
      {"math.flor(1.5)",
       "X503 1:1-1:10 no function `math.flor` | a function that is close exists: "
       "`math.floor(double)`"},
      {"kind.startWith('a')",
       "X503 1:6-1:15 no function `startWith` | a function that is close exists: "
       "`string.startsWith(string)`"},
      {"contains(kind, 'a')",
       "X503 1:1-1:9 no function `contains` with this argument first | write `kind.contains('a')`"},
      {"kind.json()", "X503 1:6-1:10 no function `json` of a value | write `json(kind)`"},
      {"frobnicate(1)",
       "X503 1:1-1:11 no function `frobnicate` | the reference of the language lists all "
       "functions"},
      {"truncate(kind)",
       "X504 1:1-1:15 `truncate` is not written with 1 arguments | write `truncate(string, int)`"},
      {"score * 1.5", "X507 1:1-1:12 `score * 1.5`: int times double | `double(score) * 1.5`"},
      {"1.5 - score", "X507 1:1-1:12 `1.5 - score`: double minus int | `1.5 - double(score)`"},
      {"score + score / ratio",
       "X507 1:9-1:22 `score / ratio`: int divided by double | `double(score) / ratio`"},
      {"score + 1 + ratio",
       "X507 1:1-1:18 `score + 1 + ratio`: int plus double | `double(score + 1) + ratio`"},
      {"(score + 1) * ratio",
       "X507 1:1-1:20 `(score + 1) * ratio`: int times double | `double(score + 1) * ratio`"},
      {"count + score", "X507 1:1-1:14 `count + score`: uint plus int | `int(count) + score`"},
      {"kind + score", "X504 1:1-1:13 `kind + score`: string plus int | `string(score)`"},
      {"kind - kind", "X504 1:1-1:12 `kind - kind`: string minus string"},
      {"kind * 2", "X504 1:1-1:9 `kind * 2`: string times int"},
      {"-kind", "X504 1:1-1:6 `-` needs a number, `kind` is a string"},
      {"!kind",
       "X504 1:2-1:6 `!` needs true or false, `kind` is a string | compare it: `kind != \"\"`"},
      {"list ? 1 : 2",
       "X504 1:1-1:5 `?:` needs true or false, `list` is a list | compare it: `size(list) > 0`"},
      {"flag && score",
       "X504 1:9-1:14 `&&` needs true or false, `score` is an integer | compare it: `score != 0`"},
      {"kind == 1", "X504 1:1-1:10 `kind == 1`: a string never equals an integer"},
      {"kind in [1, 2]", "X504 1:1-1:15 `kind in [1, 2]`: a string is never in a list<integer>"},
      {"'a' in kind",
       "X504 1:8-1:12 `in` needs a list or a map on its right, this is a string | write "
       "`kind.contains('a')`"},
      {"score < kind", "X504 1:1-1:13 `score < kind`: an integer and a string have no order"},
      {"list < list", "X504 1:1-1:12 `list < list`: a list and a list have no order"},
      {"list['a']",
       "X504 1:6-1:9 an element's place is an integer from 0, this is a string | to find by a "
       "field write "
       "`list.filter(x, …)[0]`"},
      {"kind[0]", "X504 1:1-1:8 `kind` is a string, it has no elements | write `kind.charAt(0)`"},
      {"kind.startsWith(1)",
       "X504 1:1-1:19 `startsWith` does not take (string, integer) | it is "
       "`string.startsWith(string)`"},
      {"note.orValue('x')",
       "X504 1:1-1:5 `orValue` needs an optional, `note` is a string | write `note != null ? note "
       ": 'x'`"},
      {"score.map(x, x)",
       "X504 1:1-1:6 `score` is an integer; this macro goes over a list or a map"},
      {"list.filter(x, size(x))",
       "X504 1:16-1:23 `filter` needs true or false, `size(x)` is an integer | compare it: "
       "`size(x) != 0`"},
      {"kind.matches('[')",
       "X504 1:14-1:17 the pattern `[` is not a regular expression of RE2: missing ]: ["},
      {"list.map(x, y)", "X502 1:13-1:14 unknown name `y` | a name that is close exists: `x`"},
      {"math.round(score)",
       "X504 1:1-1:18 `math.round` does not take (integer) | write `math.round(double(score))`"},
      {"truncate(kind, (ratio))",
       "X504 1:1-1:24 `truncate` does not take (string, double) | write `truncate(kind, "
       "int(ratio))`"},
      {"kind\n  .size() > 0 &&\n  scor == 1",
       "X502 3:3-3:7 unknown name `scor` | a name that is close exists: `score`"},
  };
  for (const Case& row : rows) {
    INFO(row.expression);
    const auto compiled = Expression::compile(row.expression, app_names());
    REQUIRE_FALSE(compiled);
    CHECK(text_of(compiled.error()) == row.wanted);
  }
}

TEST_CASE("all mistakes are found, in the order of their places, none twice", "[cel]") {
  const auto compiled = Expression::compile(
      "analyis.tones.map(t, t.x).size() > kind && score * 1.5 > 2.0 || nope", app_names());
  REQUIRE_FALSE(compiled);
  CHECK(text_of(compiled.error()) ==
        "X502 1:1-1:8 unknown name `analyis` | a name that is close exists: `analysis`\n"
        "X504 1:1-1:40 `analyis.tones.map(t, t.x).size() > kind`: an integer and a string have no "
        "order\n"
        "X507 1:44-1:55 `score * 1.5`: int times double | `double(score) * 1.5`\n"
        "X502 1:65-1:69 unknown name `nope` | a name that is close exists: `note`");
}

TEST_CASE("what a number is, only the data tells; nullable values may be read unguarded", "[cel]") {
  const Json whole = Json::parse(R"({"price": 3, "note": null})");
  const Json broken = Json::parse(R"({"price": 3.5})");
  CHECK(answer("price * 1.5", broken, app_names()) == "5.25");
  CHECK(answer("price * 1.5", whole, app_names()) ==
        "! 1:7: no such overload: `price * 1.5`: int times double; write `double(price) * 1.5`");
  CHECK(answer("double(price) * 1.5", whole, app_names()) == "4.5");
  CHECK(answer("price >= 3.0 && price < 4", whole, app_names()) == "true");
  CHECK_THAT(answer("note.startsWith('a')", whole, app_names()),
             Catch::Contains("does not take (null, a string)"));
  CHECK(answer("note == null ? 'none' : note", whole, app_names()) == R"("none")");
}

TEST_CASE("reads list every path from a name, and whether it is guarded", "[cel]") {
  const Case rows[] = {
      {"analysis.tones.map(t, t.id)", "analysis.tones@1-15"},
      {"score + price", "score@1-6 price@9-14"},
      {"analysis['summary']", "analysis.summary@1-20"},
      {"analysis.tones[0].id", "analysis.tones@1-15"},
      {"analysis.kinds[kind]", "analysis.kinds@1-15 kind@16-20"},
      {"has(analysis.best) && analysis.best.id == kind",
       "analysis.best@5-18? analysis.best.id@23-39 kind@43-47"},
      {"analysis.?best.?id.orValue(kind)", "analysis.best.id@1-19? kind@28-32"},
      {"analysis?.best.hasValue()", "analysis.best@1-15?"},
      {"body[?'a'].orValue(note)", "body.a@1-11? note@20-24"},
      {"list.map(score, score)", "list@1-5"},
      {"cel.bind(x, analysis.summary, x + x)", "analysis.summary@13-29"},
      {"(analysis).summary", "analysis.summary@2-19"},
      {"kind.size() + size(kind)", "kind@1-5 kind@20-24"},
      {"1 + 2", ""},
      {"[body.a.b, {'k': flag}]", "body.a.b@2-10 flag@18-22"},
  };
  for (const Case& row : rows) {
    INFO(row.expression);
    CHECK(reads_of(row.expression) == row.wanted);
  }
}
