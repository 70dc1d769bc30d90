// The worst case of a run: what it costs, how long it takes, how often it calls.
//
// What counts is the ordinary course on the dearest path: every loop and map to its full size,
// every call answered at once, with `max_tokens` of output and the input whose size is known.
// Retries, repairs and inputs without a bound come on top; so a run that exceeds its limit here
// will exceed it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "engine/lint/check.h"

namespace plenum::lint {

struct Worst {
  double cost_usd = 0;
  std::chrono::milliseconds time{0};
  int64_t calls = 0;    // of models
  std::string dearest;  // id of the node that costs most, with how often it runs: "each 200 × note"
};

// From the first node to the end of the graph.
Worst worst_of(const Subject& subject, const app::Graph& graph);
// How long a call waits: from the first node, or from behind an interrupt, to the end or the next
// interrupt (waits.cpp).
std::chrono::milliseconds longest_wait(const Subject& subject, const app::Graph& graph,
                                       const std::string& from_interrupt = {});

// How often a body runs at most: of a loop `max`, of a map `max_items`; 1 for others.
int64_t rounds_of(const Subject& subject, const app::NodeDef& def);
// How many of them follow each other: a map does some at the same time.
int64_t turns_of(const Subject& subject, const app::NodeDef& def);

// The most bytes that a value of this schema has as text; nullopt: it has no bound.
std::optional<size_t> most_bytes(const Json& schema);

// What is known of a prompt's size: bytes, and the first name without a bound ("" when all have
// one).
struct PromptSize {
  size_t bytes = 0;
  std::string unbounded;
};
PromptSize prompt_size(const Subject& subject, const app::Graph& graph, const yaml::Node& llm);

}  // namespace plenum::lint
