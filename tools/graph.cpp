// plenum graph: the graphs of an app as a picture in text, Mermaid or DOT.
//
// Both are printed from the same drawing: boxes in groups, arrows between them.  A node that `when`
// may skip has a dotted arrow around it only where skipping leads elsewhere.
#include <CLI/CLI.hpp>

#include "tools/app_file.h"
#include "tools/command.h"

namespace plenum::tools {

namespace {

struct Box {
  std::string id;
  std::vector<std::string> lines;
  std::string kind;  // of node; "end" for the way out of a graph
};

struct Arrow {
  std::string from, to, label;
  bool dotted = false;
};

struct Group {
  std::string id, title;
  std::vector<Box> boxes;
  std::vector<Group> groups;
};

struct Drawing {
  std::vector<Group> graphs;
  std::vector<Arrow> arrows;
};

class Drawer {
 public:
  Drawing draw(const app::App& app, const yaml::Node& file) {
    file_ = &file;
    tools_ = &app.tools;
    for (const auto& [name, graph] : app.graphs) {
      end_ = "end__" + name;
      Group group = draw_block(graph.nodes, "graph " + name, end_);
      group.boxes.push_back({end_, {"end"}, "end"});
      drawing_.graphs.push_back(std::move(group));
    }
    return std::move(drawing_);
  }

 private:
  static std::string id_of(const app::Block& block, const std::string& node) {
    std::string id = block.id + "__" + node;
    std::replace(id.begin(), id.end(), '/', '_');
    return id;
  }

  // `out`: where the block's last node leads; "": back to the node that holds the body.
  Group draw_block(const app::Block& block, const std::string& title, const std::string& out) {
    Group group{id_of(block, ""), title, {}, {}};
    for (size_t i = 0; i < block.nodes.size(); ++i) {
      const app::NodeDef& node = block.nodes[i];
      const std::string id = id_of(block, node.id);
      group.boxes.push_back({id, lines_of(node), node.kind});
      for (const auto& body : node.bodies) {
        group.groups.push_back(draw_block(*body, "body of " + body->id, ""));
        if (!body->nodes.empty()) arrow(id, id_of(*body, body->nodes[0].id), "each round", false);
      }
      draw_tools(node, id, group);
      draw_edges(block, i, id, out);
    }
    return group;
  }

  // What the model of a node may ask for, beside the node.
  void draw_tools(const app::NodeDef& node, const std::string& id, Group& group) {
    if (node.kind != "llm") return;
    const yaml::Node* names = tools_of(*file_, node.span);
    if (!names) return;
    const auto draw = [&](const std::string& name) {
      const auto tool = tools_->find(name);
      if (tool == tools_->end() || tool->second->graph.nodes.nodes.empty()) return;
      const std::string box = id + "__" + name;
      std::vector<std::string> lines = {name, "tool: " + tool->second->graph.nodes.nodes[0].kind};
      if (tool->second->confirm) lines.emplace_back("asks first");
      group.boxes.push_back({box, std::move(lines), "tool"});
      arrow(id, box, "may ask for", true);
    };
    if (names->is(yaml::Node::Kind::string)) draw(names->text);
    for (const yaml::Node& name : names->items) draw(name.text);
  }

  // `tools` of the node whose id stands at `id`.
  static const yaml::Node* tools_of(const yaml::Node& from, const Span& id) {
    const yaml::Node* name = from.find("id");
    const yaml::Node* llm = from.find("llm");
    if (name && llm && name->span == id) return llm->find("tools");
    const yaml::Node* found = nullptr;
    for (const yaml::Node& item : from.items)
      if (!found) found = tools_of(item, id);
    for (const yaml::Member& member : from.members)
      if (!found) found = tools_of(member.value, id);
    return found;
  }

  static std::vector<std::string> lines_of(const app::NodeDef& node) {
    std::vector<std::string> lines = {node.id};
    lines.push_back(node.kind.empty() ? (node.sets.empty() ? "switch" : "set") : node.kind);
    if (node.when) lines.push_back("when " + node.when.code->text());
    return lines;
  }

  void draw_edges(const app::Block& block, size_t index, const std::string& id,
                  const std::string& out) {
    const app::NodeDef& node = block.nodes[index];
    const std::string next =
        index + 1 < block.nodes.size() ? id_of(block, block.nodes[index + 1].id) : out;
    bool falls_through = node.kind != "fail";
    for (const app::Edge& edge : node.next) {
      arrow(id, target(block, edge.to, out, next), edge.when ? edge.when.code->text() : "", false);
      if (!edge.when) falls_through = false;
    }
    if (falls_through) arrow(id, next, node.next.empty() ? "" : "otherwise", false);
    if (!falls_through && node.when) arrow(id, next, "skipped", true);
    if (node.on_error.then == app::OnError::Then::next)
      arrow(id, target(block, node.on_error.next, out, next), "on error", true);
  }

  std::string target(const app::Block& block, const app::Target& to, const std::string& out,
                     const std::string& next) const {
    if (to.node >= 0) return id_of(block, block.nodes[static_cast<size_t>(to.node)].id);
    if (to.node == app::Target::kEnd) return end_;
    return to.node == app::Target::kBreak ? out : next;
  }

  void arrow(const std::string& from, const std::string& to, const std::string& label,
             bool dotted) {
    if (!to.empty()) drawing_.arrows.push_back({from, to, label, dotted});
  }

  Drawing drawing_;
  std::string end_;
  const yaml::Node* file_ = nullptr;
  const decltype(app::App::tools)* tools_ = nullptr;
};

std::string joined(const std::vector<std::string>& lines, const char* between,
                   std::string (*escape)(const std::string&)) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : between) + escape(line);
  return text;
}

// Mermaid reads labels as HTML.
std::string mermaid_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"')
      out += "#quot;";
    else if (c == '<')
      out += "#lt;";
    else if (c == '>')
      out += "#gt;";
    else if (c == '#')
      out += "#35;";
    else
      out += c == '\n' ? ' ' : c;
  }
  return out;
}

void mermaid(const Group& group, const std::string& indent) {
  printf("%ssubgraph %s[\"%s\"]\n", indent.c_str(), group.id.c_str(), group.title.c_str());
  for (const Box& box : group.boxes) {
    const bool pause = box.kind == "interrupt", end = box.kind == "end" || box.kind == "fail";
    printf("%s  %s%s\"%s\"%s\n", indent.c_str(), box.id.c_str(),
           pause ? "{{"
           : end ? "(["
                 : "[",
           joined(box.lines, "<br/>", mermaid_text).c_str(),
           pause ? "}}"
           : end ? "])"
                 : "]");
  }
  for (const Group& inner : group.groups) mermaid(inner, indent + "  ");
  printf("%send\n", indent.c_str());
}

void mermaid(const Drawing& drawing) {
  printf("flowchart TD\n");
  for (const Group& group : drawing.graphs) mermaid(group, "  ");
  for (const Arrow& arrow : drawing.arrows) {
    const std::string label = arrow.label.empty() ? "" : "|\"" + mermaid_text(arrow.label) + "\"|";
    printf("  %s %s%s %s\n", arrow.from.c_str(), arrow.dotted ? "-.->" : "-->", label.c_str(),
           arrow.to.c_str());
  }
}

std::string dot_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void dot(const Group& group, const std::string& indent) {
  printf("%ssubgraph cluster_%s {\n%s  label=\"%s\";\n", indent.c_str(), group.id.c_str(),
         indent.c_str(), dot_text(group.title).c_str());
  for (const Box& box : group.boxes) {
    const char* shape = box.kind == "interrupt"                   ? "hexagon"
                        : box.kind == "end" || box.kind == "fail" ? "oval"
                                                                  : "box";
    printf("%s  %s [shape=%s, label=\"%s\"];\n", indent.c_str(), box.id.c_str(), shape,
           joined(box.lines, "\\n", dot_text).c_str());
  }
  for (const Group& inner : group.groups) dot(inner, indent + "  ");
  printf("%s}\n", indent.c_str());
}

void dot(const std::string& name, const Drawing& drawing) {
  printf("digraph %s {\n", name.c_str());
  for (const Group& group : drawing.graphs) dot(group, "  ");
  for (const Arrow& arrow : drawing.arrows)
    printf("  %s -> %s [label=\"%s\"%s];\n", arrow.from.c_str(), arrow.to.c_str(),
           dot_text(arrow.label).c_str(), arrow.dotted ? ", style=dashed" : "");
  printf("}\n");
}

int graph(const std::string& root, const std::string& name, const std::string& format) {
  const auto app = open_app("graph", root, name);
  if (!app) return 2;
  const Drawing drawing = Drawer().draw(*app->linted.app, *app->linted.draft.root);
  if (format == "dot")
    dot(app->linted.app->name, drawing);
  else
    mermaid(drawing);
  return 0;
}

}  // namespace

void add_graph(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("graph", "The graphs of an app as Mermaid or DOT");
  auto name = std::make_shared<std::string>();
  auto root = std::make_shared<std::string>(".");
  auto format = std::make_shared<std::string>("mermaid");
  command->add_option("app", *name, "An app by name or file")->required();
  command->add_option("--root", *root, "The folder that holds apps.d/")->capture_default_str();
  command->add_option("--format", *format, "mermaid or dot")
      ->check(CLI::IsMember({"mermaid", "dot"}))
      ->capture_default_str();
  command->callback([=, &run] { run = [=] { return graph(*root, *name, *format); }; });
}

}  // namespace plenum::tools
