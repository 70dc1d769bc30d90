// Tools: each is one node that a model may ask for, loaded as a graph of that node.
//
// So all that holds for graphs holds for tools: their input is checked against its types, their
// names are, and a run that used one goes on after a crash with its result.
#include <nlohmann/json.hpp>

#include "engine/app/load_parts.h"

namespace plenum::app {

using yaml::Node;

namespace {

const std::vector<std::string> kToolKeys = {"description", "input", "confirm"};

Node list_of(Node item, const Span& span) {
  Node list;
  list.kind = Node::Kind::list;
  list.span = span;
  list.items.push_back(std::move(item));
  return list;
}

// {name: =name, …}: what a tool is given, given on by what stands at `span`.
Node given_on(const yaml::Member& tool, const Span& span) {
  Node arguments;
  arguments.kind = Node::Kind::map;
  arguments.span = span;
  if (const Node* input = tool.value.find("input"); input && input->is(Node::Kind::map))
    for (const yaml::Member& field : input->members) {
      Node value;
      value.kind = Node::Kind::string;
      value.text = "=" + field.key;
      value.span = span;
      arguments.members.push_back({field.key, field.key_span, std::move(value)});
    }
  return arguments;
}

// The node's kind with its arguments; a server's tool is given what the model gave.
yaml::Member kind_of_tool(const yaml::Member& tool, yaml::Member kind) {
  if (kind.key == "mcp" && kind.value.is(Node::Kind::map) && !kind.value.find("arguments"))
    kind.value.members.push_back({"arguments", kind.key_span, given_on(tool, kind.value.span)});
  return kind;
}

// {input: …, nodes: [{id: <the tool's name>, <kind>: …}]}, each part where it stands in the file.
Node as_graph(const yaml::Member& member) {
  Node id;
  id.kind = Node::Kind::string;
  id.text = member.key;
  id.span = member.key_span;
  Node node;
  node.kind = Node::Kind::map;
  node.span = member.value.span;
  node.members.push_back({"id", member.key_span, std::move(id)});
  Node graph;
  graph.kind = Node::Kind::map;
  graph.span = member.value.span;
  for (const yaml::Member& part : member.value.members)
    if (part.key == "input")
      graph.members.push_back(part);
    else if (std::find(kToolKeys.begin(), kToolKeys.end(), part.key) == kToolKeys.end())
      node.members.push_back(kind_of_tool(member, part));
  graph.members.push_back({"nodes", member.key_span, list_of(std::move(node), member.value.span)});
  return graph;
}

}  // namespace

void load_tool(Reader& reader, const Kinds& kinds, const yaml::Member& member, Tool& tool) {
  tool.name = member.key;
  tool.span = member.key_span;
  tool.graph.name = "tool:" + member.key;
  tool.graph.span = member.key_span;
  if (!reader.good_id(member.key, member.key_span, "a tool")) return;
  if (member.key.size() > 64)
    reader.report.error("S104", member.key_span, "a tool's name has at most 64 characters");
  std::vector<std::string> known = kToolKeys;
  for (const NodeKind& kind : kinds) known.push_back(kind.name);
  const size_t before = reader.report.size();
  if (!reader.map_of(member.value, "a tool", known)) return;
  if (const Node* text = member.value.find("description"))
    reader.read(*text, tool.description);
  else if (Reader::lacks(member.value, "description"))
    reader.report.error("S102", member.key_span,
                        "tool " + quote(member.key) + " needs `description`",
                        "what it does and when to use it: the model reads it");
  if (const Node* confirm = member.value.find("confirm")) reader.read(*confirm, tool.confirm);
  if (reader.report.size() != before) return;
  reader.concurrent = true;  // several run at the same time
  load_graph(reader, kinds, as_graph(member), tool.graph);
  if (tool.graph.keeps || tool.graph.pauses)
    reader.report.error("G305", member.key_span, "tool " + quote(member.key) + " cannot wait",
                        "`confirm: true` asks the client before it runs");
}

void Reader::read(const Node& node, ToolRefs& out) {
  std::vector<std::string> words;
  read_words(node, words);
  for (size_t i = 0; i < words.size(); ++i) {
    const Node& at = node.is(Node::Kind::list) ? node.items[i] : node;
    if (std::find(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i), words[i]) !=
        words.begin() + static_cast<std::ptrdiff_t>(i)) {
      report.error("Y001", at.span, "tool " + quote(words[i]) + " is there twice");
      continue;
    }
    if (!tool_named) {
      unsupported(at.span, "a tool in a library");
      continue;
    }
    if (auto tool = tool_named(at, words[i])) {
      called.push_back(&tool->graph);
      out.list.push_back(std::move(tool));
    }
  }
}

template <>
const char* type_word<ToolRefs>() {
  return "names of tools";
}

}  // namespace plenum::app
