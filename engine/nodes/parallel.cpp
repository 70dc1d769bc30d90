// parallel: several lists of nodes at the same time, joined when all have ended, or at the first.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"

namespace plenum::nodes {

namespace {

struct Parallel final : run::Node {
  app::Branches branches;
  std::string wait = "all";

  Result<run::Next> start(run::Visit& visit) const override {
    visit.memory = Json{{"left", branches.list.size()}, {"results", Json::object()}};
    std::vector<run::Enter> bodies(branches.list.size());
    for (size_t i = 0; i < bodies.size(); ++i) {
      bodies[i].block = branches.list[i].second.block.get();
      bodies[i].slot = static_cast<int>(i);
    }
    return run::Next::enter(std::move(bodies));
  }

  Result<run::Next> on_body(run::Visit& visit, run::Ended& ended) const override {
    if (ended.slot < 0 || static_cast<size_t>(ended.slot) >= branches.list.size() ||
        !visit.memory["results"].is_object())
      return fail(Kind::internal, "the run remembers other branches than " + quote(visit.path));
    const std::string& name = branches.list[static_cast<size_t>(ended.slot)].first;
    if (wait == "any") return run::Next::done(Json{{name, std::move(ended.result)}});
    Json& results = visit.memory["results"];
    results[name] = std::move(ended.result);
    if (!last(visit)) return run::Next::enter({});
    Json joined = Json::object();  // in the author's order, not in that of arrival
    for (const auto& [branch, body] : branches.list) joined[branch] = std::move(results[branch]);
    return run::Next::done(std::move(joined));
  }

  // With `any`, only the last hope fails the node.
  Result<run::Next> on_body_failed(run::Visit& visit, int, const Error& error) const override {
    if (wait == "all" || last(visit)) return tl::unexpected(error);
    return run::Next::enter({});
  }

  static bool last(run::Visit& visit) {
    Json& left = visit.memory["left"];
    left = left.is_number_integer() ? left.get<int64_t>() - 1 : 0;
    return left <= 0;
  }

  Type result() const override {
    Type::Fields fields;
    for (const auto& [name, body] : branches.list)
      fields.push_back({name, {body.result, wait == "all"}});
    return Type::object(std::move(fields), false, "the result of `parallel`");
  }
};

// The keys that a body's nodes set.
void add_writes(const app::Block& block, std::map<std::string, app::Reduce>& keys) {
  for (const app::NodeDef& node : block.nodes) {
    for (const app::Set& set : node.sets) keys[set.key] = set.reduce;
    if (node.kind == "map") continue;  // works on a copy
    for (const auto& body : node.bodies) add_writes(*body, keys);
  }
}

// Every branch starts from what was written before; after them, what any of them wrote is there.
void read_branches(Reader& reader, const yaml::Node& value, Parallel& parallel) {
  if (!reader.is_map(value, "`branches`")) return;
  if (value.members.empty())
    reader.report.error("S102", value.span, "`branches` is empty", "{name: [{id: …, …}]}");
  if (value.members.size() > 32)
    reader.report.error("S104", value.span, "`parallel` has at most 32 branches",
                        "a `map` does the same for many items");
  const auto before = reader.unwritten;
  auto after = before;
  std::map<std::string, std::string> writers;  // key → branch
  for (const yaml::Member& member : value.members) {
    reader.good_id(member.key, member.key_span, "a branch");
    reader.unwritten = before;
    app::BodyScope scope;
    scope.concurrent = true;
    app::Body body = reader.body(member.value, member.key, scope);
    std::erase_if(after, [&](const std::string& key) { return !reader.unwritten.contains(key); });
    std::map<std::string, app::Reduce> keys;
    if (body.block) add_writes(*body.block, keys);
    for (const auto& [key, reduce] : keys) {
      const auto [other, fresh] = writers.emplace(key, member.key);
      if (!fresh && reduce == app::Reduce::last)
        reader.report.error("D407", member.key_span,
                            "branches " + quote(other->second) + " and " + quote(member.key) +
                                " both set " + quote(key),
                            "give it a `reduce`, or let each branch set its own key");
    }
    parallel.branches.list.emplace_back(member.key, std::move(body));
  }
  reader.unwritten = after;
}

}  // namespace

NodeKind parallel_kind() {
  return KindOf<Parallel>("parallel",
                          "Runs lists of nodes at the same time; the result holds each branch's "
                          "last result under its name.")
      .needs("branches", "{name: list of nodes}", read_branches, "What runs at the same time.")
      .takes("wait", &Parallel::wait, {"all", "any"},
             "For all branches, or for the first that succeeds; the others are then abandoned.");
}

}  // namespace plenum::nodes
