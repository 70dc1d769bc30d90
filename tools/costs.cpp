#include "tools/costs.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "tools/data_folder.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

constexpr Millis kDay = 86'400'000;

struct Sum {
  int64_t calls = 0, input_tokens = 0, output_tokens = 0;
  double cost_usd = 0, doubtful_usd = 0;
};

std::string date(int64_t day) {
  return rfc3339(day * kDay).substr(0, 10);
}

std::string group(const CostsQuestion& question, const Spent& spent) {
  if (question.by == "app") return spent.owner.app;
  if (question.by == "user") return spent.owner.app + " " + spent.owner.owner;
  return date(spent.day);
}

void print(const char* what, const std::map<std::string, Sum>& sums) {
  printf("%-40s %8s %12s %12s %12s\n", what, "calls", "tokens in", "tokens out", "USD");
  for (const auto& [name, sum] : sums)
    printf("%-40s %8lld %12lld %12lld %12.6f\n", name.c_str(), static_cast<long long>(sum.calls),
           static_cast<long long>(sum.input_tokens), static_cast<long long>(sum.output_tokens),
           sum.cost_usd);
}

std::vector<std::pair<std::string, Sum>> by_node(const std::vector<EffectRow>& effects) {
  std::vector<std::pair<std::string, Sum>> nodes;  // in the order in which they were first asked
  for (const EffectRow& effect : effects) {
    if (effect.kind != "model" && effect.kind != "embed" && effect.kind != "retrieve") continue;
    auto node = std::find_if(nodes.begin(), nodes.end(),
                             [&](const auto& one) { return one.first == effect.path; });
    if (node == nodes.end()) node = nodes.insert(nodes.end(), {effect.path, {}});
    Sum& sum = node->second;
    ++sum.calls;
    sum.input_tokens += effect.input_tokens;
    sum.output_tokens += effect.output_tokens;
    sum.cost_usd += effect.cost_usd;
    if (effect.status == EffectStatus::ambiguous) sum.doubtful_usd += effect.reserved_usd;
  }
  return nodes;
}

}  // namespace

int print_costs(const CostsQuestion& question, Inspection& inspection, Millis now) {
  const Result<std::vector<Spent>> spent =
      inspection.spent(now / kDay - question.days + 1, question.app, question.owner);
  if (!spent) return complain("runs", spent.error());
  if (question.json) {
    Json all = Json::array();
    for (const Spent& one : *spent)
      all.push_back(Json{{"day", date(one.day)},
                         {"app", one.owner.app},
                         {"owner", one.owner.owner},
                         {"calls", one.calls},
                         {"input_tokens", one.input_tokens},
                         {"output_tokens", one.output_tokens},
                         {"cost_usd", one.cost_usd}});
    printf("%s\n", all.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return 0;
  }
  std::map<std::string, Sum> sums;
  for (const Spent& one : *spent) {
    Sum& sum = sums[group(question, one)];
    sum.calls += one.calls;
    sum.input_tokens += one.input_tokens;
    sum.output_tokens += one.output_tokens;
    sum.cost_usd += one.cost_usd;
  }
  if (sums.empty()) fprintf(stderr, "no model was called\n");
  if (!sums.empty()) print(question.by == "day" ? "day (UTC)" : question.by.c_str(), sums);
  return 0;
}

Json node_costs(const std::vector<EffectRow>& effects) {
  Json all = Json::array();
  for (const auto& [path, sum] : by_node(effects))
    all.push_back(Json{{"path", path},
                       {"calls", sum.calls},
                       {"input_tokens", sum.input_tokens},
                       {"output_tokens", sum.output_tokens},
                       {"cost_usd", sum.cost_usd},
                       {"doubtful_usd", sum.doubtful_usd}});
  return all;
}

void print_node_costs(const std::vector<EffectRow>& effects) {
  const auto nodes = by_node(effects);
  if (nodes.empty()) return;
  printf("\n%-32s %6s %10s %10s %11s\n", "models, by node", "calls", "tokens in", "tokens out",
         "USD");
  for (const auto& [path, sum] : nodes) {
    char doubt[64] = "";
    if (sum.doubtful_usd > 0)
      snprintf(doubt, sizeof doubt, "  and up to %.6f that nobody knows", sum.doubtful_usd);
    printf("%-32s %6lld %10lld %10lld %11.6f%s\n", path.c_str(), static_cast<long long>(sum.calls),
           static_cast<long long>(sum.input_tokens), static_cast<long long>(sum.output_tokens),
           sum.cost_usd, doubt);
  }
}

}  // namespace plenum::tools
