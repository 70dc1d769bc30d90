// What becomes of a model's wish to use tools: rounds of calls and results, kept in the node's
// memory.
#pragma once

#include "engine/app/reader.h"
#include "engine/run/node.h"

namespace plenum::nodes {

// Over the memory of one node; made anew for each event.  What a round holds is saved with the run
// after each result, so a crash repeats no tool that had one.
class ToolRounds {
 public:
  ToolRounds(const app::ToolRefs& tools, run::Visit& visit) : tools_(tools), visit_(visit) {}

  // The model asks for tools.  What cannot be run is answered at once; the rest waits for the
  // client, if one of them wants that, or runs.
  Result<run::Next> begin(const Json& reply, const app::Model& model, int max_steps);
  bool waits_for_client() const { return visit_.memory.contains("expects"); }
  Result<run::Next> confirmed(const Json& answer);
  Result<run::Next> ended(int slot, const Json& result);
  Result<run::Next> failed(int slot, const Error& error);

  // The rounds so far, for the next question to `model`.
  void add_to(run::CallModel& call) const;

 private:
  const app::Tool* tool(const Json& call) const;
  Json refusal(const Json& call, size_t place) const;
  Result<run::Next> run();
  Result<run::Next> keep(int slot, std::string text, bool error);
  Result<run::Next> close();

  const app::ToolRefs& tools_;
  run::Visit& visit_;
};

}  // namespace plenum::nodes
