// loop: the same nodes again, until a condition holds or a number of rounds is reached.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"

namespace plenum::nodes {

namespace {

struct Loop final : run::Node {
  app::DoBody body;
  int max = 1;
  app::Expr until;
  std::string on_max = "go";

  Result<run::Next> start(run::Visit& visit) const override {
    visit.memory = Json::object();
    return round(1);
  }

  Result<run::Next> on_body(run::Visit& visit, run::Ended& ended) const override {
    if (ended.broke) return over(ended.slot, true);
    if (until && TRY(until.holds(visit.scope))) return over(ended.slot, true);
    if (ended.slot < max) return round(ended.slot + 1);
    if (on_max == "fail")
      return fail(Kind::invalid,
                  quote(visit.path) + " is not done after " + std::to_string(max) + " rounds",
                  "loop_limit");
    return over(ended.slot, false);
  }

  Result<run::Next> round(int number) const {
    run::Enter enter;
    enter.block = body.block.get();
    enter.slot = number;
    enter.locals["round"] = number;
    std::vector<run::Enter> bodies;
    bodies.push_back(std::move(enter));
    return run::Next::enter(std::move(bodies));
  }

  static Result<run::Next> over(int rounds, bool done) {
    return run::Next::done(Json{{"rounds", rounds}, {"done", done}});
  }

  Type result() const override {
    return Type::object({{"rounds", {Type::Kind::integer}}, {"done", {Type::Kind::boolean}}}, false,
                        "the result of `loop`");
  }
};

void read_do(Reader& reader, const yaml::Node& value, Loop& loop) {
  app::BodyScope scope;
  scope.locals["round"] = Type::Kind::integer;
  static_cast<app::Body&>(loop.body) = reader.body(value, "", scope);
}

// Tested after each round, so it sees what the body has written.
void read_until(Reader& reader, const yaml::Node& value, Loop& loop) {
  const auto names = reader.names;
  reader.names["round"] = Type::Kind::integer;
  reader.names["result"] = loop.body.result;
  reader.read(value, loop.until);
  reader.names = names;
}

}  // namespace

NodeKind loop_kind() {
  return KindOf<Loop>("loop",
                      "Runs the nodes in `do` again and again; the result says how many rounds it "
                      "took, and whether it ended before `max` did.")
      .needs("do", "list of nodes", read_do,
             "The nodes of a round, which see `round` (from 1); `next: break` leaves the loop.")
      .needs(
          "max", "1 to 100",
          +[](Reader& reader, const yaml::Node& value, Loop& loop) {
            reader.read_int(value, loop.max, 1, 100);
          },
          "The most rounds there can be.")
      .takes("until", "CEL", read_until, "Tested after each round; true ends the loop.")
      .takes("on_max", &Loop::on_max, {"go", "fail"},
             "What follows when `max` rounds were not enough.");
}

}  // namespace plenum::nodes
