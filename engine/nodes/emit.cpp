// emit: tells clients something through the run's event stream.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"

namespace plenum::nodes {

namespace {

struct Emit final : run::Node {
  std::string event;
  app::Value data;

  Result<run::Next> start(run::Visit& visit) const override {
    run::Next::Done done{Json()};
    done.events.emplace_back(event, TRY(data.in(visit.scope)));
    return run::Next{std::move(done)};
  }

  Type result() const override { return Type::Kind::null; }
};

// Words that have a meaning of their own in the stream.
void read_event(Reader& reader, const yaml::Node& value, Emit& emit) {
  std::string name;
  if (!reader.read(value, name) || !reader.good_id(name, value.span, "an event")) return;
  if (name == "token" || name == "heartbeat" || name == "error" || name == "message")
    return reader.report.error("S105", value.span, quote(name) + " is an event of the stream's own",
                               "take another name");
  emit.event = name;
}

}  // namespace

NodeKind emit_kind() {
  return KindOf<Emit>("emit", "Sends an event to the clients that follow the run.")
      .needs("event", "name", read_event, "The event's type.")
      .takes("data", &Emit::data, "What it carries.")
      .shorthand("event");
}

}  // namespace plenum::nodes
