// Whose words a value may hold: followed from node to node, through state keys, graphs and rows.
//
// Errs on the side of more: what a node reads, all of it may be in its result.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/lint/check.h"

namespace plenum::lint {

enum Origin : unsigned {
  kNobody = 0,
  kCaller = 1,    // who sent the request
  kStranger = 2,  // whoever wrote a document, a page, or a row that all users of the app share
  kOwn = 4,       // kept for the user: rows, threads, uploads
  kApps = 8,      // kept for the app
};

// The tools of an `llm` node, each with its place in the list.
std::vector<std::pair<const app::Tool*, Span>> tools_of(const Subject& subject,
                                                        const yaml::Node& llm);

class Origins {
 public:
  explicit Origins(const Subject& subject);

  // Of what stands in a part of a graph.
  unsigned inside(const app::Graph& graph, const Span& part) const;
  // Of what a tool gives back.
  unsigned of(const app::Tool& tool) const;

 private:
  using Key = std::pair<std::string, std::string>;  // graph, state key

  void look(const app::Graph& graph);
  unsigned result(const app::NodeDef& def, const yaml::Node& args, unsigned read);
  unsigned named(const app::Graph& graph, const app::Use& use) const;
  unsigned item(const app::Graph& graph, const app::Use& use) const;
  void add(unsigned& known, unsigned more);

  const Subject& subject_;
  std::map<Key, unsigned> keys_;
  std::map<std::string, unsigned> rows_, results_;  // by collection; by graph
  bool changed_ = false;
};

}  // namespace plenum::lint
