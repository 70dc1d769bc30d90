// How a node ends: its result goes into the state, or its error where the author wants it.
#include "engine/run/walk.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/run/reduce.h"

namespace plenum::run {

namespace {

// About as long as the value's JSON text.
size_t weight(const Json& value) {
  size_t sum = 2;
  if (value.is_string()) return sum + value.get_ref<const std::string&>().size();
  if (value.is_array())
    for (const Json& item : value) sum += weight(item) + 1;
  else if (value.is_object())
    for (const auto& [key, item] : value.get_ref<const Json::object_t&>())
      sum += key.size() + 4 + weight(item);
  else
    sum = 5;
  return sum;
}

}  // namespace

void Walk::done(Json result) {
  drop_bodies();
  names_.own_name = "result";
  names_.own = &result;
  const Result<> set = set_state(result);
  Result<Target> target = set ? choose() : Result<Target>(tl::unexpected(set.error()));
  names_.own = nullptr;
  if (!target) return trouble(std::move(target).error());
  publish("node.completed", about_node());
  frame().result = result;
  finish("done", std::move(result));
  leave(*target);
}

Result<> Walk::set_state(const Json& result) {
  if (node().sets.empty()) return {};
  std::vector<std::pair<std::string, Json>> values;  // all are computed before any is set
  for (const app::Set& set : node().sets) {
    Json value = node().sets_whole ? result : TRY(set.value.in(names_));
    if (set.reduce != app::Reduce::last || set.last > 0)
      value = TRY(reduced(set, names_.variable(set.key), std::move(value)));
    if (set.check) TRY(check(set.key, value));
    values.emplace_back(set.key, std::move(value));
  }
  Json& vars = variables();
  TRY(within_limit(vars, values));
  for (auto& [key, value] : values) vars[key] = std::move(value);
  return {};
}

Json& Walk::variables() {
  size_t at = path_.size() - 1;
  while (path_[at]->sees == Vars::shared) --at;
  if (path_[at]->vars.is_null()) path_[at]->vars = Json::object();
  return path_[at]->vars;
}

Result<> Walk::within_limit(const Json& vars,
                            const std::vector<std::pair<std::string, Json>>& values) const {
  size_t size = weight(vars);
  for (const auto& [key, value] : values) {
    const Json* before = find(vars, key);
    size += weight(value) - (before ? weight(*before) : 0);
  }
  if (size <= app_.limits.state_bytes) return {};
  return fail(Kind::limited,
              "the state would be larger than the " +
                  std::to_string(app_.limits.state_bytes >> 10) +
                  " KB of `limits.state`; keep less in it, or raise the limit",
              "state_limit");
}

Result<> Walk::check(const std::string& key, const Json& value) {
  const app::Field* field = graph().field(key);
  const std::vector<Violation> violations = field->type.schema.validate(value, 3);
  if (violations.empty()) return {};
  return fail(Error{Kind::invalid,
                    "the value for " + quote(key) + " does not fit its type: " +
                        violations[0].pointer + " " + violations[0].message,
                    "wrong_type",
                    {},
                    {},
                    violations});
}

const app::Graph& Walk::graph() const {
  size_t at = path_.size() - 1;
  while (path_[at]->sees != Vars::own) --at;
  return *path_[at]->graph;
}

Result<Target> Walk::choose() {
  for (const app::Edge& edge : node().next)
    if (!edge.when || TRY(edge.when.holds(names_))) return edge.to;
  return Target{};
}

void Walk::leave(Target target) {
  if (target.node == Target::kEnd) return end_graph();
  Frame& f = frame();
  f.phase = Phase::ready;
  f.memory = Json();
  f.due = 0;
  broke_ = target.node == Target::kBreak;
  f.at = target.node >= 0 ? target.node
         : broke_         ? static_cast<int>(f.block->nodes.size())
                          : f.at + 1;
}

void Walk::trouble(Error error, const app::OnError& otherwise) {
  names_.at(now_);
  drop_bodies();
  if (otherwise.then == app::OnError::Then::fail) {
    if (&otherwise != &node().on_error) return trouble(std::move(error));
    return give_up(std::move(error));
  }
  failed_at_.clear();
  const Json seen{{"code", error.stable_code()}, {"message", error.message}, {"node", node().id}};
  if (otherwise.then == app::OnError::Then::next) {
    finish("failed", Json{{"code", seen["code"]}, {"message", seen["message"]}});
    return leave(otherwise.next);
  }
  names_.own_name = "error";
  names_.own = &seen;
  Result<Json> value = otherwise.value.in(names_);
  names_.own = nullptr;
  if (!value) return give_up(std::move(value).error());
  names_.own_name = "result";
  names_.own = &*value;
  Result<> set = set_state(*value);
  Result<Target> target = set ? choose() : Result<Target>(tl::unexpected(set.error()));
  names_.own = nullptr;
  if (!target) return give_up(std::move(target).error());
  publish("node.completed", about_node());
  frame().result = *value;
  finish("done", *std::move(value));
  leave(*target);
}

void Walk::give_up(Error error) {
  finish("failed", Json{{"code", error.stable_code()}, {"message", error.message}});
  if (failed_at_.empty()) failed_at_ = path_text(Indexes::yes);
  if (path_.size() > 1) return fail_body(std::move(error));
  state_.failed_at = failed_at_;
  frame().phase = Phase::ready;  // should it be tried again
  fail_run(std::move(error));
}

std::string Walk::path_text(Indexes indexes) {
  if (path_.size() == 1) return node().id;
  std::string text;
  for (size_t i = 0; i < path_.size(); ++i) {
    const Frame& f = *path_[i];
    if (i > 0 && !f.block->name.empty()) text += "/" + f.block->name;
    if (i > 0 && f.block->name.empty() && !f.graph && indexes == Indexes::yes)
      text += "[" + std::to_string(f.slot) + "]";
    text += (i > 0 ? "/" : "") + f.block->nodes[static_cast<size_t>(f.at)].id;
  }
  return text;
}

Json Walk::about_node() {
  Json about{{"node", node().id}};
  if (path_.size() > 1) about["path"] = path_text(Indexes::yes);
  return about;
}

void Walk::fail_run(Error error) {
  abandon(state_.root);
  state_.status = Status::failed;
  const std::string at = state_.failed_at;
  error =
      std::move(error).during(app_.name + "/" + state_.graph + (at.empty() ? "" : ": node " + at));
  publish("run.failed", Json{{"code", error.stable_code()}, {"message", error.message}});
  state_.error = std::move(error);
}

void Walk::complete_run() {
  Result<Json> output =
      graph().output ? graph().output->in(names_) : Result<Json>(std::move(frame().result));
  if (!output) return fail_run(std::move(output).error());
  state_.output = *std::move(output);
  state_.status = Status::completed;
  state_.percent = 100;
  publish("run.completed", Json{{"output", state_.output}});
}

}  // namespace plenum::run
