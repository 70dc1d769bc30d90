// interrupt: shows the client something, stores the run, and goes on with the client's answer.
//
// What the answer must look like is computed when the run pauses and kept with it, so an answer is
// judged by what its client was shown, whatever happens to the app's file meanwhile.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"

namespace plenum::nodes {

namespace {

struct Interrupt final : run::Node {
  app::Value returns;
  app::Expects expects;
  std::optional<std::chrono::milliseconds> ttl = std::chrono::hours(24);

  Result<run::Next> start(run::Visit& visit) const override {
    Json answer = TRY(schema(visit.scope));
    TRY(compiles(visit, answer));
    return run::Next::pause({TRY(returns.in(visit.scope)), std::move(answer), ttl});
  }

  // A computed schema that is none must stop the run here, not the client who answers.
  Result<> compiles(const run::Visit& visit, const Json& answer) const {
    const bool computed = std::any_of(expects.items.begin(), expects.items.end(),
                                      [](const app::Expects::Item& item) { return item.computed; });
    if (!computed) return {};
    const auto code = schema::Schema::compile(answer);
    if (code) return {};
    const schema::Mistake& mistake = code.error().front();
    return fail(Kind::invalid,
                "what " + quote(visit.path) + " expects is not a schema: " + mistake.pointer + " " +
                    mistake.message,
                "invalid_expects");
  }

  // Optional fields that the client left out read as null.
  Result<run::Next> on(run::Visit&, Json answer) const override {
    for (const app::Expects::Item& item : expects.items)
      if (!find(answer, item.name))
        answer[item.name] = item.type.fallback ? *item.type.fallback : Json();
    return run::Next::done(std::move(answer));
  }

  Result<Json> schema(const Scope& scope) const {
    Json properties = Json::object();
    Json required = Json::array();
    for (const app::Expects::Item& item : expects.items) {
      properties[item.name] = item.computed ? TRY(item.schema.in(scope)) : item.type.schema.json();
      if (!item.type.optional && !item.type.fallback) required.push_back(item.name);
    }
    return Json{{"type", "object"},
                {"properties", std::move(properties)},
                {"required", std::move(required)},
                {"additionalProperties", false}};
  }

  Type result() const override { return expects.type(); }
};

}  // namespace

NodeKind interrupt_kind() {
  return KindOf<Interrupt>(
             "interrupt",
             "Pauses the run until a client answers; the result is the validated answer.")
      .takes("returns", &Interrupt::returns, "What the client is shown.")
      .needs("expects", &Interrupt::expects,
             "The answer's fields; values in their schemas may be computed with `=`.")
      .takes(
          "who", "owner or {roles} (owner)",
          +[](Reader&, const yaml::Node&, Interrupt&) {},  // read with the node's edges
          "Who may answer: the run's owner, or whoever has one of the roles.")
      .takes("ttl", &Interrupt::ttl, "How long it waits (24h).")
      .takes(
          "on_timeout", "fail, {value} or {next} (fail)",
          +[](Reader&, const yaml::Node&, Interrupt&) {},  // read with the node's edges
          "What follows when nobody answers.");
}

}  // namespace plenum::nodes
