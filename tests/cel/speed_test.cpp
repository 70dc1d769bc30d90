// How long an evaluation and a compilation take; printed, and bounded far above what is expected.
#include <chrono>
#include <cstdio>

#include "tests/cel/table.h"

using namespace plenum;
using namespace plenum::cel;

namespace {

template <typename Work>
double micros(size_t rounds, Work work) {
  double best = 1e9;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto before = std::chrono::steady_clock::now();
    for (size_t i = 0; i < rounds; ++i) work();
    const std::chrono::duration<double, std::micro> took =
        std::chrono::steady_clock::now() - before;
    best = std::min(best, took.count() / static_cast<double>(rounds));
  }
  return best;
}

// About 2 KB: some texts, a list of four objects, and what is read stands last.
Json document() {
  Json data = Json::object();
  for (int i = 0; i < 12; ++i)
    data["field" + std::to_string(i)] = "some text of a usual length, number " + std::to_string(i);
  for (int i = 0; i < 4; ++i) {
    Json tone = Json::object();
    tone["id"] = "tone" + std::to_string(i);
    tone["label"] = "A label for people";
    tone["why"] = "Because it answers what the message asks for, and keeps the door open.";
    data["tones"].push_back(tone);
  }
  data["score"] = 8;
  data["kind"] = "b";
  return data;
}

}  // namespace

TEST_CASE("evaluating takes parts of a microsecond, compiling some", "[cel][slow]") {
  const Json data = document();
  const Names names = names_in(data);
  const ObjectScope scope(data);
  const char* expressions[] = {
      "score >= 8 && kind in [\"a\",\"b\"]",
      "tones.map(t, t.id)",
      "tones.exists(t, t.id == 'tone3')",
      "tones.filter(t, t.label.contains('label')).size() == 4 ? 'all' : 'some'",
      "kind.matches('^[a-z]$')",
      "'Hello ' + kind + ', ' + field3"};
  for (const char* expression : expressions) {
    const auto compiled = Expression::compile(expression, names);
    REQUIRE(compiled);
    const double compile = micros(2000, [&] { (void)Expression::compile(expression, names); });
    const double evaluate = micros(20000, [&] { (void)compiled->evaluate(scope); });
    std::printf("%7.2f us compile %7.3f us evaluate  %s\n", compile, evaluate, expression);
    CHECK(evaluate < 100);
    CHECK(compile < 3000);
  }
}
