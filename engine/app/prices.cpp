// List prices of models, in USD per million tokens, and their context windows, as the vendors
// published them; as of the date below.
//
// Only budgets are computed from them, never bills.  A model that is not in the list is taken to
// cost what the dearest one does, so that a limit holds rather than lets through.
#include <array>
#include <limits>

#include "engine/app/load.h"

namespace plenum::app {

namespace {

constexpr const char* kAsOf = "2026-01";

// The longest name that a model's name starts with counts.
struct Listed {
  const char* provider;
  const char* model;
  double input, output, cached;
  int64_t context;  // tokens
};
constexpr std::array kPrices = {
    Listed{"gemini", "gemini-3-flash", 0.50, 3.00, 0.05, 1048576},
    Listed{"gemini", "gemini-3-pro", 2.00, 12.00, 0.20, 1048576},
    Listed{"gemini", "gemini-2.5-pro", 1.25, 10.00, 0.125, 1048576},
    Listed{"gemini", "gemini-2.5-flash-lite", 0.10, 0.40, 0.01, 1048576},
    Listed{"gemini", "gemini-2.5-flash", 0.30, 2.50, 0.03, 1048576},
    Listed{"openai", "gpt-5-nano", 0.05, 0.40, 0.005, 400000},
    Listed{"openai", "gpt-5-mini", 0.25, 2.00, 0.025, 400000},
    Listed{"openai", "gpt-5", 1.25, 10.00, 0.125, 400000},
    Listed{"openai", "gpt-4.1-nano", 0.10, 0.40, 0.025, 1047576},
    Listed{"openai", "gpt-4.1-mini", 0.40, 1.60, 0.10, 1047576},
    Listed{"openai", "gpt-4.1", 2.00, 8.00, 0.50, 1047576},
    Listed{"openai", "gpt-4o-mini", 0.15, 0.60, 0.075, 128000},
    Listed{"openai", "gpt-4o", 2.50, 10.00, 1.25, 128000},
    Listed{"anthropic", "claude-haiku-4-5", 1.00, 5.00, 0.10, 200000},
    Listed{"anthropic", "claude-sonnet-4-5", 3.00, 15.00, 0.30, 200000},
    Listed{"anthropic", "claude-opus-4-5", 5.00, 25.00, 0.50, 200000},
};
constexpr Price kUnknown{15.00, 75.00, 15.00, false};
constexpr int64_t kUnknownContext = 128'000;

const Listed* listed(const std::string& provider, const std::string& model) {
  const Listed* best = nullptr;
  size_t length = 0;
  for (const Listed& listed : kPrices) {
    const std::string_view name = listed.model;
    if (provider != listed.provider || !model.starts_with(name) || name.size() <= length) continue;
    const bool whole = model.size() == name.size() || model[name.size()] == '-';
    if (!whole) continue;
    length = name.size();
    best = &listed;
  }
  return best;
}

}  // namespace

Price price_of(const std::string& provider, const std::string& model) {
  if (provider == "offline") return {0, 0, 0, true};
  const Listed* found = listed(provider, model);
  return found ? Price{found->input, found->output, found->cached, true} : kUnknown;
}

int64_t context_tokens(const Model& model) {
  if (model.provider == "offline") return std::numeric_limits<int64_t>::max();
  const Listed* found = listed(model.provider, model.model);
  return found ? found->context : kUnknownContext;
}

std::string price_list() {
  return "prices of " + std::string(kAsOf) + " in engine/app/prices.cpp";
}

}  // namespace plenum::app
