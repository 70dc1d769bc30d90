// map: the same nodes for every item of a list, several at a time, results in the list's order.
//
// The memory holds the items that have not begun and the results so far, so a crash in the middle
// of a hundred items repeats only those that were under way.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"

namespace plenum::nodes {

namespace {

struct Map final : run::Node {
  app::Expr over;
  std::string as = "item";
  int concurrency = 4;
  int max_items = 100;
  app::DoBody body;
  std::optional<app::Value> collect;
  std::string on_item_error = "fail";

  Result<run::Next> start(run::Visit& visit) const override {
    Json items = TRY(over.in(visit.scope));
    if (!items.is_array())
      return fail(Kind::invalid,
                  "`over` of " + quote(visit.path) + " is a list; this is " + type_name(items),
                  "wrong_type");
    if (items.size() > static_cast<size_t>(max_items))
      return fail(Kind::limited,
                  quote(visit.path) + " has " + std::to_string(items.size()) +
                      " items; `max_items` is " + std::to_string(max_items),
                  "too_many_items");
    if (items.empty()) return run::Next::done(Json::array());
    const size_t count = items.size();
    visit.memory = Json{{"items", std::move(items)},
                        {"next", 0},
                        {"left", count},
                        {"results", Json(count, Json())}};
    return more(Progress(visit.memory), static_cast<size_t>(concurrency));
  }

  Result<run::Next> on_body(run::Visit& visit, run::Ended& ended) const override {
    Json value = collect ? TRY(collect->in(visit.scope)) : std::move(ended.result);
    return keep(visit, ended.slot, std::move(value));
  }

  Result<run::Next> on_body_failed(run::Visit& visit, int slot, const Error& error) const override {
    if (on_item_error == "fail") return tl::unexpected(error);
    Json& skipped = visit.memory["skipped"];
    if (skipped.is_null() || skipped.is_array()) skipped.push_back(slot);
    return keep(visit, slot, Json());
  }

  Result<run::Next> keep(run::Visit& visit, int slot, Json result) const {
    const Progress progress(visit.memory);
    if (!progress.sound(slot))
      return fail(Kind::internal,
                  "the run remembers another list than that of " + quote(visit.path));
    (*progress.results)[static_cast<size_t>(slot)] = std::move(result);
    const auto left = progress.left->get<int64_t>() - 1;
    *progress.left = left;
    if (left > 0) return more(progress, 1);
    return run::Next::done(without(std::move(*progress.results), progress.skipped));
  }

  static Json without(Json results, const Json* skipped) {
    if (!skipped) return results;
    Json list = Json::array();
    for (size_t i = 0; i < results.size(); ++i)
      if (std::find(skipped->begin(), skipped->end(), i) == skipped->end())
        list.push_back(std::move(results[i]));
    return list;
  }

  // What the memory holds.  It comes back from a store, so nothing of it is taken for granted.
  struct Progress {
    Json* items = nullptr;    // null where they have begun
    Json* next = nullptr;     // the first that has not begun
    Json* left = nullptr;     // how many have not ended
    Json* results = nullptr;  // in the items' order
    Json* skipped = nullptr;  // indexes of those that are left out; none: nullptr

    explicit Progress(Json& memory) {
      if (!memory.is_object()) return;
      for (auto& [key, value] : memory.get_ref<run::Values&>()) {
        Json** const place = key == "items"     ? &items
                             : key == "next"    ? &next
                             : key == "left"    ? &left
                             : key == "results" ? &results
                             : key == "skipped" ? &skipped
                                                : nullptr;
        if (place) *place = &value;
      }
    }
    bool sound(int slot) const {
      return items && items->is_array() && results && results->is_array() &&
             results->size() == items->size() && slot >= 0 &&
             static_cast<size_t>(slot) < items->size() && next && next->is_number_integer() &&
             *next >= 0 && left && left->is_number_integer() && *left > 0 &&
             (!skipped || skipped->is_array());
    }
  };

  Result<run::Next> more(const Progress& progress, size_t most) const {
    Json& items = *progress.items;
    const auto first = progress.next->get<size_t>();
    const size_t end = std::min(first + most, items.size());
    std::vector<run::Enter> bodies;
    bodies.reserve(most);
    for (size_t i = first; i < end; ++i) {
      run::Enter& enter = bodies.emplace_back();
      enter.block = body.block.get();
      enter.slot = static_cast<int>(i);
      enter.vars = run::Vars::copy;
      enter.locals.reserve(2);
      enter.locals.emplace(as, std::exchange(items[i], Json()));
      enter.locals.emplace("index", i);
    }
    *progress.next = std::max(first, end);
    return run::Next::enter(std::move(bodies));
  }

  Type result() const override { return Type::list(collect ? collect->type() : body.result); }
};

// What the body sees: the item under the author's name, and its place in the list from 0.
void read_do(Reader& reader, const yaml::Node& value, Map& map) {
  app::BodyScope scope;
  scope.locals[map.as] = map.over.type().element();
  scope.locals["index"] = Type::Kind::integer;
  scope.copies = scope.concurrent = true;
  static_cast<app::Body&>(map.body) = reader.body(value, "", scope);
}

void read_collect(Reader& reader, const yaml::Node& value, Map& map) {
  const auto names = reader.names;
  reader.names[map.as] = map.over.type().element();
  reader.names["index"] = Type::Kind::integer;
  reader.names["result"] = map.body.result;
  const auto unwritten = reader.unwritten;
  reader.unwritten.clear();  // the body may have written it
  reader.read(value, map.collect.emplace());
  reader.unwritten = unwritten;
  reader.names = names;
}

}  // namespace

NodeKind map_kind() {
  return KindOf<Map>("map",
                     "Runs the nodes in `do` for every item of a list; the result is the list of "
                     "what they give, in the list's order.")
      .needs(
          "over", "CEL, a list",
          +[](Reader& reader, const yaml::Node& value, Map& map) {
            reader.read_expr(value, map.over, Type::list(Type()), "a list");
          },
          "The items.")
      .takes(
          "as", "name (item)",
          +[](Reader& reader, const yaml::Node& value, Map& map) {
            std::string name;
            if (reader.read(value, name) && reader.good_id(name, value.span, "an item") &&
                (name == "item" || reader.free_name(name, value.span, "a state key")))
              map.as = name;
          },
          "What an item is called inside; `index` is its place, from 0.")
      .takes("concurrency", &Map::concurrency, 1, 64, "How many items are worked on at a time.")
      .takes("max_items", &Map::max_items, 1, 10'000, "A longer list is the node's error.")
      .needs("do", "list of nodes", read_do,
             "The nodes for one item; they work on a copy of the state.")
      .takes("collect", "data (=result)", read_collect, "What leaves the body.")
      .takes("on_item_error", &Map::on_item_error, {"fail", "skip"},
             "Whether a failed item fails the node or is left out of the list.");
}

}  // namespace plenum::nodes
