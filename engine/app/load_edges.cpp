// Where control goes after a node: `next`, `on_error` and `on_timeout`, once all nodes of a list
// are known.
#include <nlohmann/json.hpp>

#include "engine/app/load_parts.h"

namespace plenum::app {

using yaml::Node;

namespace {

class EdgeLoader {
 public:
  EdgeLoader(Reader& reader, const Kinds& kinds, const Graph& graph, bool in_body)
      : reader_(reader), kinds_(kinds), graph_(graph), in_body_(in_body) {}

  // `next` and `on_error` name later nodes, so they are read once the whole list is known.
  void link(const Node& node, Block& block, size_t index, const std::vector<std::string>& written) {
    NodeDef& def = block.nodes[index];
    const bool map = node.is(Node::Kind::map);
    if (const Node* on_error = map ? node.find("on_error") : nullptr)
      load_on_error(*on_error, "on_error", block, index, def, def.on_error);
    const Node* kind = map ? node.find(def.kind) : nullptr;
    if (const Node* late = kind ? kind->find("on_timeout") : nullptr;
        late && def.kind == "interrupt")
      load_on_error(*late, "on_timeout", block, index, def, def.on_timeout);
    if (const Node* who = kind ? kind->find("who") : nullptr; who && def.kind == "interrupt")
      load_who(*who, def);
    for (const std::string& key : written) reader_.unwritten.erase(key);
    if (const Node* next = map ? node.find("next") : nullptr) load_next(*next, block, index, def);
  }

 private:
  void load_who(const Node& node, NodeDef& def) {
    std::string word;
    if (!node.is(Node::Kind::map)) return reader_.read_word(node, word, {"owner"});
    if (!reader_.map_of(node, "`who`", {"roles"})) return;
    if (const Node* roles = node.find("roles")) reader_.read_words(*roles, def.who);
    if (def.who.empty() && !Reader::lacks(node, "roles")) return;
    if (def.who.empty())
      reader_.report.error("S102", node.span, "`who` names no role", "roles: [editor]");
  }

  // `on_error` and, for an answer that never comes, `on_timeout`.
  void load_on_error(const Node& node, const std::string& key, Block& block, size_t index,
                     NodeDef& def, OnError& out) {
    if (node.is(Node::Kind::string) && node.text == "fail") return;
    if (!node.is(Node::Kind::map))
      return reader_.report.error("S104", node.span, quote(key) + " is not " + quote(node.text),
                                  "fail, {value: …} or {next: a later node}");
    if (!reader_.map_of(node, quote(key), {"value", "next"})) return;
    const yaml::Member* value = node.find_member("value");
    const yaml::Member* next = node.find_member("next");
    if (value && next)
      return reader_.report.error("S103", next->key_span,
                                  quote(key) + " has both `value` and `next`",
                                  "with `value` the node goes on as if it had worked: its own "
                                  "`next` says where");
    if (!value && !next)
      return reader_.report.error("S102", node.span, quote(key) + " needs `value` or `next`",
                                  "or write " + key + ": fail");
    if (next) {
      out.then = OnError::Then::next;
      return target(next->value, block, index, out.next);
    }
    out.then = OnError::Then::value;
    {
      const Shadow shadow(reader_.names, "error",
                          Type::object({{"code", {Type::Kind::string}},
                                        {"message", {Type::Kind::string}},
                                        {"node", {Type::Kind::string}}},
                                       false, "`error`"));
      reader_.read(value->value, out.value);
    }
    // The value stands in for a result of another type: what is set from it is checked when it is.
    for (Set& set : def.sets) {
      const Field* field = graph_.field(set.key);
      if (!field) continue;
      set.check = !field->type.type.is_any();
      if (def.sets_whole)
        reader_.wants(value->value, out.value, field->type.type, quote(set.key),
                      &field->type.schema);
    }
  }

  void load_next(const Node& node, Block& block, size_t index, NodeDef& def) {
    if (!node.is(Node::Kind::list)) {
      Edge edge;
      target(node, block, index, edge.to);
      def.next.push_back(std::move(edge));
      return;
    }
    for (size_t i = 0; i < node.items.size(); ++i) {
      const Node& item = node.items[i];
      if (!reader_.map_of(item, "an edge of `next`", {"when", "to"})) continue;
      Edge edge;
      if (const Node* when = item.find("when")) {
        const Shadow shadow(
            reader_.names, "result",
            def.body ? find_kind(kinds_, def.kind)->result(*def.body) : Type(Type::Kind::null));
        reader_.read(*when, edge.when);
      } else if (i + 1 < node.items.size()) {
        reader_.report.error("S102", item.span, "only the last edge of `next` may leave out `when`",
                             "move it to the end: the edges behind it are never taken");
      }
      if (const Node* to = item.find("to"))
        target(*to, block, index, edge.to);
      else
        reader_.report.error("S102", item.span, "an edge of `next` needs `to`",
                             "a later node, or `end`");
      def.next.push_back(std::move(edge));
    }
  }

  void target(const Node& node, const Block& block, size_t index, Target& out) {
    std::string id;
    if (!reader_.read(node, id)) return;
    if (id == "end") {
      out.node = Target::kEnd;
    } else if (id == "break") {
      out.node = Target::kBreak;
      if (!in_body_)
        reader_.report.error("S104", node.span, "`break` leaves a surrounding body; here is none",
                             "`end` finishes the graph");
    } else if (const int at = block.index_of(id); at < 0) {
      std::vector<std::string> later;
      for (size_t i = index + 1; i < block.nodes.size(); ++i) later.push_back(block.nodes[i].id);
      const std::string near = nearest(id, later);
      reader_.report.error("R203", node.span, "no such node: " + quote(id),
                           near.empty() ? "name a later node of this list, or `end`" : quote(near));
    } else if (at <= static_cast<int>(index)) {
      reader_.report.error("G302", node.span, "`next: " + id + "` jumps back",
                           "put both nodes in a `loop` with `max`");
    } else {
      out.node = at;
    }
  }

  Reader& reader_;
  const Kinds& kinds_;
  const Graph& graph_;
  const bool in_body_;
};

}  // namespace

void load_edges(Reader& reader, const Kinds& kinds, const Graph& graph, const EdgePlace& at) {
  EdgeLoader(reader, kinds, graph, at.in_body).link(at.node, at.block, at.index, at.written);
}

}  // namespace plenum::app
