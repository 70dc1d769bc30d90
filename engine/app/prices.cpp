// What models cost, as prices.json has it.
//
// Only budgets are computed from them, never bills.  A model that is not in the list is taken to
// cost what the dearest one does, so that a limit holds rather than lets through.
#include "engine/app/prices.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/app/load.h"

namespace plenum::app {

namespace {

struct Listed {
  std::string model;  // "gemini/gemini-3-flash"; the longest that a model's name starts with counts
  Price price;
  int64_t context = 0;  // tokens
};

struct List {
  std::string as_of;
  std::vector<Listed> models;
  Listed unknown;
};

Listed read_model(const Json& json, bool known) {
  return {text_or(json, "model"),
          {json.at("input").get<double>(), json.at("output").get<double>(),
           json.at("cached").get<double>(), known},
          json.at("context").get<int64_t>()};
}

const List& list() {
  static const List kList = [] {
    const Json json = Json::parse(kPricesJson);
    List all{text_or(json, "as_of"), {}, read_model(json.at("unknown"), false)};
    for (const Json& model : json.at("models")) all.models.push_back(read_model(model, true));
    return all;
  }();
  return kList;
}

const Listed& listed(const std::string& provider, const std::string& model) {
  const std::string full = provider + "/" + model;
  const Listed* best = &list().unknown;
  for (const Listed& listed : list().models) {
    const std::string& name = listed.model;
    if (!full.starts_with(name) || (best->price.known && name.size() <= best->model.size()))
      continue;
    if (full.size() == name.size() || full[name.size()] == '-') best = &listed;
  }
  return *best;
}

}  // namespace

Price price_of(const std::string& provider, const std::string& model) {
  if (provider == "offline") return {0, 0, 0, true};
  return listed(provider, model).price;
}

int64_t context_tokens(const Model& model) {
  if (model.provider == "offline") return std::numeric_limits<int64_t>::max();
  return listed(model.provider, model.model).context;
}

std::string price_list() {
  return "prices of " + list().as_of + " in engine/app/prices.json";
}

}  // namespace plenum::app
