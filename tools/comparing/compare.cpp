// Two versions of an app.  Runs keep the version they began with; what a client calls, what a run
// costs and what lies in collections does not wait for them.
#include "tools/comparing/compare.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/nodes/nodes.h"

namespace plenum::comparing {

namespace {

using app::App;
using app::Route;
using For = Change::For;

const Route* find_route(const App& app, const std::string& key) {
  for (const Route& route : app.routes)
    if (route.key() == key) return &route;
  return nullptr;
}

const char* word(Route::Does does) {
  switch (does) {
    case Route::Does::start:
      return "starts a run";
    case Route::Does::resume:
      return "resumes a run";
    case Route::Does::waiting:
      return "lists waiting runs";
    case Route::Does::read:
      return "reads rows";
  }
  return "";
}

const app::NodeDef* find_node(const App& app, const std::string& graph, const std::string& id) {
  const auto it = app.graphs.find(graph);
  return it == app.graphs.end() ? nullptr : app::find_node(it->second.nodes, id);
}

std::string money(double usd) {
  char text[40];
  snprintf(text, sizeof text, "%.4g USD", usd);
  return text;
}

std::string span_of(std::chrono::milliseconds time) {
  return time.count() % 86'400'000 == 0 ? std::to_string(time.count() / 86'400'000) + " day"
                                        : std::to_string(time.count() / 1000) + " s";
}

class Comparing {
 public:
  Comparing(const App& before, const App& after) : before_(before), after_(after) {}

  std::vector<Change> all() {
    if (before_.name != after_.name)
      say(For::clients, true,
          "every path: the app is called " + quote(after_.name) + ", was " + quote(before_.name));
    for (const Route& route : before_.routes)
      if (const Route* other = find_route(after_, route.key()))
        compare_routes(route, *other);
      else
        say(For::clients, true, route.key() + ": is gone");
    for (const Route& route : after_.routes)
      if (!find_route(before_, route.key())) say(For::clients, false, route.key() + ": is new");
    compare_exposed();
    compare_models();
    compare_limits();
    for (const auto& [name, graph] : before_.graphs) compare_waiting(name, graph);
    for (const auto& [name, collection] : before_.collections) compare_rows(name, collection);
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const Change& a, const Change& b) { return a.whom < b.whom; });
    return std::move(changes_);
  }

 private:
  void say(For whom, bool breaking, std::string what) {
    changes_.push_back({whom, breaking, std::move(what)});
  }

  void compare_routes(const Route& was, const Route& is) {
    const std::string key = was.key();
    if (was.does != is.does)
      return say(For::clients, true,
                 key + ": " + word(is.does) + " now, " + word(was.does) + " before");
    if (was.async != is.async)
      say(For::clients, true,
          key + (is.async ? ": answers with a job now (202), with the result before"
                          : ": answers with the result now, with a job before"));
    if (was.roles != is.roles)
      say(For::clients, !is.roles.empty(),
          is.roles.empty() ? key + ": needs no role any more"
                           : key + ": only for the role " + any_of(is.roles) + " now");
    if (was.auth != is.auth)
      say(For::clients, is.auth == Route::Auth::required || was.auth == Route::Auth::open,
          key + ": asks for another sign-in than before");
    compare_plans(was, is);
    compare_uploads(was, is);
    if (was.does == Route::Does::start) compare_starts(was, is);
    if (was.does == Route::Does::resume) compare_answers(was, is);
  }

  void compare_plans(const Route& was, const Route& is) {
    const auto has = [](const std::vector<std::string>& plans, const std::string& plan) {
      return plans.empty() || std::find(plans.begin(), plans.end(), plan) != plans.end();
    };
    for (const std::string& plan : was.plans)
      if (!has(is.plans, plan))
        say(For::clients, true, was.key() + ": not for plan " + quote(plan) + " any more");
    if (was.plans.empty() && !is.plans.empty())
      say(For::clients, true, was.key() + ": only for plan " + any_of(is.plans) + " now");
    for (const auto& [plan, quota] : is.quota) {
      const auto old = was.quota.find(plan);
      const std::string whose = plan.empty() ? "" : " of plan " + quote(plan);
      const std::string now = std::to_string(quota.count) + " per " + span_of(quota.period);
      if (old == was.quota.end()) {
        say(For::clients, true,
            was.key() + ": the quota" + whose + " is " + now + ", there was none");
        continue;
      }
      const double before =
          static_cast<double>(old->second.count) / static_cast<double>(old->second.period.count());
      const double after =
          static_cast<double>(quota.count) / static_cast<double>(quota.period.count());
      if (old->second.count != quota.count || old->second.period != quota.period)
        say(For::clients, after < before,
            was.key() + ": the quota" + whose + " is " + now + ", was " +
                std::to_string(old->second.count) + " per " + span_of(old->second.period));
    }
  }

  void compare_uploads(const Route& was, const Route& is) {
    for (const app::Upload& upload : was.uploads) {
      const auto other =
          std::find_if(is.uploads.begin(), is.uploads.end(),
                       [&](const app::Upload& u) { return u.field == upload.field; });
      if (other == is.uploads.end()) {
        say(For::clients, true, was.key() + ": takes no file " + quote(upload.field) + " any more");
        continue;
      }
      for (const std::string& type : upload.accept)
        if (!other->accept.empty() &&
            std::find(other->accept.begin(), other->accept.end(), type) == other->accept.end())
          say(For::clients, true,
              was.key() + ": file " + quote(upload.field) + " may not be " + type + " any more");
      if (upload.max_bytes != other->max_bytes)
        say(For::clients, other->max_bytes < upload.max_bytes,
            was.key() + ": file " + quote(upload.field) + " may have " +
                std::to_string(other->max_bytes >> 10) + " KB, before " +
                std::to_string(upload.max_bytes >> 10) + " KB");
    }
  }

  void compare_starts(const Route& was, const Route& is) {
    const app::Graph& old_graph = before_.graphs.at(was.graph);
    const app::Graph& new_graph = after_.graphs.at(is.graph);
    if (was.has_with || is.has_with) {
      if (was.has_with != is.has_with)
        say(For::clients, true, was.key() + ": makes its input in another way (`with`)");
    } else {
      compare_schema(was.key() + " body", app::object_schema(old_graph.input),
                     app::object_schema(new_graph.input), true, changes_);
    }
    compare_types(was.key() + " output", was.output ? was.output->type() : old_graph.output_type,
                  is.output ? is.output->type() : new_graph.output_type, false);
    if (was.output.has_value() != is.output.has_value())
      say(For::clients, true,
          was.key() + (is.output ? ": answers without the envelope now"
                                 : ": answers with the envelope now"));
  }

  void compare_answers(const Route& was, const Route& is) {
    const app::NodeDef* old_node = find_node(before_, was.graph, was.interrupt);
    const app::NodeDef* new_node = find_node(after_, is.graph, is.interrupt);
    if (old_node && new_node)
      compare_types(was.key() + " body", type_of(*old_node), type_of(*new_node), true);
    const auto old_graph = before_.graphs.find(was.graph), new_graph = after_.graphs.find(is.graph);
    if (old_graph != before_.graphs.end() && new_graph != after_.graphs.end())
      compare_types(was.key() + " output",
                    was.output ? was.output->type() : old_graph->second.output_type,
                    is.output ? is.output->type() : new_graph->second.output_type, false);
  }

  static Type type_of(const app::NodeDef& node) {
    const app::NodeKind* kind = app::find_kind(nodes::kinds(), node.kind);
    return kind && node.body ? kind->result(*node.body) : Type();
  }

  // As far as types are known without a run.  `sent`: by clients; else they read it.
  void compare_types(const std::string& where, const Type& was, const Type& is, bool sent) {
    if (was == is) return;
    if (was.is(Type::Kind::object) && is.is(Type::Kind::object)) {
      for (const auto& [name, field] : was.fields())
        if (const Type::Field* other = is.field(name))
          compare_types(where + "." + name, field.type, other->type, sent);
        else
          say(For::clients, true,
              where + "." + name + (sent ? ": is not taken any more" : ": is gone"));
      for (const auto& [name, field] : is.fields())
        if (!was.field(name))
          say(For::clients, sent && !field.type.is_nullable(), where + "." + name + ": is new");
      return;
    }
    if (was.is(Type::Kind::list) && is.is(Type::Kind::list))
      return compare_types(where + "[]", was.element(), is.element(), sent);
    if (!was.values().empty() || !is.values().empty()) return compare_values(where, was, is, sent);
    say(For::clients, !was.is_any() || sent, where + ": was " + was.text() + ", is " + is.text());
  }

  void compare_values(const std::string& where, const Type& was, const Type& is, bool sent) {
    const auto lacks = [](const Type& type, const std::string& value) {
      return !type.values().empty() &&
             std::find(type.values().begin(), type.values().end(), value) == type.values().end();
    };
    if (!is.is(Type::Kind::string) || !was.is(Type::Kind::string))
      return say(For::clients, true, where + ": was " + was.text() + ", is " + is.text());
    for (const std::string& value : was.values())
      if (lacks(is, value)) say(For::clients, sent, where + ": no longer " + quote(value));
    for (const std::string& value : is.values())
      if (lacks(was, value)) say(For::clients, !sent, where + ": may be " + quote(value) + " now");
    if (was.values().empty() != is.values().empty())
      say(For::clients, was.values().empty() == sent,
          where + (is.values().empty() ? ": may be any text now" : ": is one of a list now"));
  }

  void compare_exposed() {
    for (const auto& [name, was] : before_.collections) {
      const auto it = after_.collections.find(name);
      const app::Collection none;
      const app::Collection& is = it == after_.collections.end() ? none : it->second;
      const auto page = [&](bool before, bool after, const std::string& key) {
        if (before != after) say(For::clients, before, key + (before ? ": is gone" : ": is new"));
      };
      page(was.list, is.list, "GET /" + name);
      page(was.get, is.get, "GET /" + name + "/{id}");
      page(was.remove, is.remove, "DELETE /" + name + "/{id}");
    }
  }

  void compare_models() {
    for (const auto& [name, was] : before_.models) {
      const auto it = after_.models.find(name);
      if (it == after_.models.end()) {
        say(For::cost, false, "model " + name + ": is gone");
        continue;
      }
      const app::Model& is = *it->second;
      if (was->provider != is.provider || was->model != is.model)
        say(For::cost, false,
            "model " + name + ": " + is.provider + "/" + is.model + ", was " + was->provider + "/" +
                was->model + "; a million tokens out cost " + money(is.price.output) + ", before " +
                money(was->price.output));
      if (was->max_tokens != is.max_tokens)
        say(For::cost, false,
            "model " + name + ": max_tokens " +
                (is.max_tokens ? std::to_string(*is.max_tokens) : "not set") + ", was " +
                (was->max_tokens ? std::to_string(*was->max_tokens) : "not set"));
    }
    for (const auto& [name, is] : after_.models)
      if (!before_.models.contains(name))
        say(For::cost, false, "model " + name + ": is new, " + is->provider + "/" + is->model);
  }

  void compare_limits() {
    if (before_.limits.cost_per_run != after_.limits.cost_per_run)
      say(For::cost, false,
          "limits.cost_per_run: " + money(after_.limits.cost_per_run) + ", was " +
              money(before_.limits.cost_per_run));
    if (before_.limits.steps != after_.limits.steps)
      say(For::cost, false,
          "limits.steps: " + std::to_string(after_.limits.steps) + ", was " +
              std::to_string(before_.limits.steps));
  }

  // A waiting run goes on with its own version, but the routes that resume it are the new ones.
  void compare_waiting(const std::string& name, const app::Graph& graph) {
    const auto resumed = [&](const App& app, const std::string& id) {
      return std::any_of(app.routes.begin(), app.routes.end(), [&](const Route& route) {
        return route.does == Route::Does::resume && route.graph == name && route.interrupt == id;
      });
    };
    for (const app::NodeDef* node : all_nodes(graph.nodes))
      if (node->kind == "interrupt" && resumed(before_, node->id) && !resumed(after_, node->id))
        say(For::runs, true,
            name + "." + node->id + ": no route resumes it any more; runs that wait there expire");
    const auto it = after_.graphs.find(name);
    if (it == after_.graphs.end()) return;
    for (const app::Field& field : graph.state)
      if (!it->second.field(field.name))
        say(For::runs, false,
            name + "." + field.name + ": the state key is gone; runs under way keep theirs");
  }

  void compare_rows(const std::string& name, const app::Collection& was) {
    const auto it = after_.collections.find(name);
    if (it == after_.collections.end())
      return say(For::rows, true,
                 "collection " + name + ": is gone; its rows are not reached any more");
    const app::Collection& is = it->second;
    for (const app::Field& field : was.fields)
      if (!app::find(is.fields, field.name))
        say(For::rows, false,
            "collection " + name + "." + field.name + ": is gone; stored rows still have it");
    for (const app::Field& field : is.fields) {
      const app::Field* old = app::find(was.fields, field.name);
      if (!old && field.required())
        say(For::rows, true,
            "collection " + name + "." + field.name + ": is new and required; stored rows lack it");
      if (old && !equal(old->type.schema.json(), field.type.schema.json()))
        say(For::rows, true,
            "collection " + name + "." + field.name +
                ": has another type; stored rows have the old one");
    }
    if (!was.vector != !is.vector)
      say(For::rows, true,
          "collection " + name + ": holds " + (is.vector ? "texts" : "rows") +
              " now; what it held is not reached any more");
    else if (was.vector && embedded_by(*was.vector) != embedded_by(*is.vector))
      say(For::rows, true,
          "collection " + name +
              ": another model embeds its texts; `retrieve` refuses those stored "
              "until they are ingested again");
    if (was.owned_by_app != is.owned_by_app)
      say(For::rows, true,
          "collection " + name + ": belongs to " + (is.owned_by_app ? "the app" : "each user") +
              " now; the rows stay where they were");
    if (was.ttl != is.ttl)
      say(For::rows, false,
          "collection " + name + ": rows are kept for another time; those stored keep theirs");
  }

  // What vectors have in common that can be compared.
  static std::string embedded_by(const app::Model& model) {
    return model.provider + "/" + model.model + (model.params ? canonical(*model.params) : "");
  }

  const App& before_;
  const App& after_;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> compare(const App& before, const App& after) {
  return Comparing(before, after).all();
}

}  // namespace plenum::comparing
