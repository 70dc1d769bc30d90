// How a node ends: its result goes into the state, or its error where the author wants it.
#include "engine/run/walk.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/run/reduce.h"

namespace plenum::run {

namespace {

size_t weight(const Values& values);

// About as long as the value's JSON text.
size_t weight(const Json& value) {
  size_t sum = 2;
  if (value.is_string()) return sum + value.get_ref<const std::string&>().size();
  if (value.is_array())
    for (const Json& item : value) sum += weight(item) + 1;
  else if (value.is_object())
    sum = weight(value.get_ref<const Values&>());
  else
    sum = 5;
  return sum;
}

size_t weight(const Values& values) {
  size_t sum = 2;
  for (const auto& [key, item] : values) sum += key.size() + 4 + weight(item);
  return sum;
}

}  // namespace

void Walk::done(Json result) {
  drop_bodies();
  Result<Target> target = settle_state(result);
  if (!target) return trouble(std::move(target).error());
  complete(std::move(result), *target);
}

// Sets what the author wants set of the node's result, and where it leads.
Result<Target> Walk::settle_state(const Json& result) {
  names_.own_name = "result";
  names_.own = &result;
  const Result<> set = set_state(result);
  Result<Target> target = set ? choose() : Result<Target>(tl::unexpected(set.error()));
  names_.own = nullptr;
  return target;
}

void Walk::complete(Json result, Target target) {
  publish("node.completed", about_node());
  const app::Graph* whole = frame().graph;
  if (!whole || !whole->output) frame().result = result;  // may be what the list gives
  finish("done", std::move(result));
  leave(target);
}

Result<> Walk::set_state(const Json& result) {
  if (node().sets.empty()) return {};
  const std::vector<app::Set>& sets = node().sets;
  std::vector<Json> values;  // all are computed before any is set
  values.reserve(sets.size());
  for (const app::Set& set : sets) {
    Json value = node().sets_whole ? result : TRY(set.value.in(names_));
    if (set.reduce != app::Reduce::last || set.last > 0)
      value = TRY(reduced(set, names_.variable(set.key), std::move(value)));
    if (set.check) TRY(check(set.key, value));
    values.push_back(std::move(value));
  }
  Values& vars = variables();
  TRY(within_limit(vars, values));
  for (size_t i = 0; i < sets.size(); ++i) vars[sets[i].key] = std::move(values[i]);
  return {};
}

Values& Walk::variables() {
  size_t at = path_.size() - 1;
  while (path_[at]->sees == Vars::shared) --at;
  return path_[at]->vars;
}

Result<> Walk::within_limit(const Values& vars, const std::vector<Json>& values) {
  size_t size = weight(vars);
  for (size_t i = 0; i < values.size(); ++i) {
    const Json* before = value_of(vars, node().sets[i].key);
    size += weight(values[i]) - (before ? weight(*before) : 0);
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
  f.path.clear();
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
  Result<Target> target = settle_state(*value);
  if (!target) return give_up(std::move(target).error());
  complete(*std::move(value), *target);
}

void Walk::give_up(Error error) {
  finish("failed", Json{{"code", error.stable_code()}, {"message", error.message}});
  if (failed_at_.empty()) failed_at_ = path_text();
  if (path_.size() > 1) return fail_body(std::move(error));
  state_.failed_at = failed_at_;
  frame().phase = Phase::ready;  // should it be tried again
  fail_run(std::move(error));
}

// A body's place starts with that of the node around it.
const std::string& Walk::path_text(size_t depth) {
  Frame& f = *path_[depth];
  if (!f.path.empty()) return f.path;
  if (depth > 0) {
    f.path = path_text(depth - 1);
    if (!f.block->name.empty())
      f.path += "/" + f.block->name;
    else if (!f.graph || f.graph->name.starts_with("tool:"))  // several of one at a time
      f.path += "[" + std::to_string(f.slot) + "]";
    f.path += "/";
  }
  return f.path += f.block->nodes[static_cast<size_t>(f.at)].id;
}

std::string Walk::path_without_indexes() const {
  std::string text;
  for (const Frame* f : path_) {
    if (f != path_.front()) text += (f->block->name.empty() ? "" : "/" + f->block->name) + "/";
    text += f->block->nodes[static_cast<size_t>(f->at)].id;
  }
  return text;
}

// Ids and names of branches are words: nothing in them has to be escaped.
std::string Walk::about_node() {
  std::string about;
  about.reserve(24 + node().id.size() + path_text().size());
  about.append("{\"node\":\"").append(node().id);
  if (path_.size() > 1) about.append("\",\"path\":\"").append(path_text());
  return about.append("\"}");
}

void Walk::fail_run(Error error) {
  abandon(state_.root);
  state_.status = Status::failed;
  const std::string at = state_.failed_at;
  error =
      std::move(error).during(app_.name + "/" + state_.graph + (at.empty() ? "" : ": node " + at));
  publish("run.failed", to_text(Json{{"code", error.stable_code()}, {"message", error.message}}));
  state_.error = std::move(error);
}

void Walk::complete_run() {
  Result<Json> output =
      graph().output ? graph().output->in(names_) : Result<Json>(std::move(frame().result));
  if (!output) return fail_run(std::move(output).error());
  state_.output = *std::move(output);
  state_.status = Status::completed;
  state_.percent = 100;
  publish("run.completed", to_text(Json{{"output", state_.output}}));
}

}  // namespace plenum::run
