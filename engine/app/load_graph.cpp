// Graphs: fields, nodes, and the edges between them.
//
// Nodes are read in their order, so that an expression sees which state keys an earlier node can
// have written.
#include "engine/app/load_parts.h"

#include <nlohmann/json.hpp>

namespace plenum::app {

using yaml::Node;

namespace {

const std::vector<std::string> kNodeKeys = {"id",      "when",  "set",      "next",     "retry",
                                            "timeout", "cache", "on_error", "progress", "note"};
const std::vector<std::string> kLaterKinds = {"retrieve", "ingest", "map",  "parallel",
                                              "loop",     "graph",  "wait", "emit"};

class GraphLoader {
 public:
  GraphLoader(Reader& reader, const Kinds& kinds, Graph& graph)
      : reader_(reader), kinds_(kinds), graph_(graph) {}

  void load(const Node& node) {
    if (!reader_.map_of(node, "a graph", {"input", "state", "nodes", "output"})) return;
    if (const Node* input = node.find("input")) reader_.read(*input, graph_.input);
    for (const Field& field : graph_.input)
      reader_.free_name(field.name, field.span, "a state key");
    if (const Node* state = node.find("state")) load_state(reader_, *state, graph_);
    name_fields();
    graph_.nodes.id = graph_.name;
    const Node* nodes = node.find("nodes");
    if (!nodes) {
      if (Reader::lacks(node, "nodes"))
        reader_.report.error("S102", graph_.span, "graph " + quote(graph_.name) + " needs `nodes`",
                             "nodes: [{id: …, …}]");
    } else if (reader_.is_list(*nodes, "`nodes`")) {
      load_list(*nodes, graph_.nodes);
    }
    if (const Node* output = node.find("output")) {
      graph_.output.emplace();
      reader_.read(*output, *graph_.output);
      graph_.output_type = graph_.output->type();
    } else {
      graph_.output_type = last_result_;
    }
  }

 private:
  void name_fields() {
    reader_.names = base_names(reader_);
    reader_.unwritten.clear();
    for (const FieldMap* fields : {&graph_.input, &graph_.state})
      for (const Field& field : *fields) {
        const Type type = field.type.type;
        reader_.names[field.name] =
            type.title().empty() ? type.titled("`" + field.name + "`") : type;
      }
    for (const Field& field : graph_.state)
      if (field.required()) reader_.unwritten.insert(field.name);
  }

  void load_list(const Node& list, Block& block) {
    block.nodes.reserve(list.items.size());
    std::vector<std::set<std::string>> unwritten = {reader_.unwritten};
    for (const Node& item : list.items) {
      load_node(item, block);
      unwritten.push_back(reader_.unwritten);
    }
    // What `on_error` and `next` read is what has been written before and after the node's own
    // `set`.
    for (size_t i = 0; i < list.items.size(); ++i)
      link(list.items[i], block, i, unwritten[i], unwritten[i + 1]);
    reader_.unwritten = unwritten.back();
  }

  void load_node(const Node& node, Block& block) {
    NodeDef& def = block.nodes.emplace_back();
    def.span = node.span;
    if (!reader_.is_map(node, "a node")) return;
    const NodeKind* kind = nullptr;
    const yaml::Member* kind_member = find_kind_of(node, kind);
    if (const Node* id = node.find("id")) {
      def.span = id->span;
      const bool good = reader_.read(*id, def.id) && reader_.good_id(def.id, id->span, "a node");
      if (good && !ids_.insert(def.id).second)
        reader_.report.error(
            "Y001", id->span,
            "node " + quote(def.id) + " is there twice in graph " + quote(graph_.name),
            "give one of the two another id");
    } else {
      reader_.report.error("S102", node.span, "a node needs `id`",
                           "a name that no other node of the graph has");
    }
    if (const Node* when = node.find("when")) reader_.read(*when, def.when);
    if (const yaml::Member* cache = node.find_member("cache"))
      reader_.unsupported(cache->key_span, "`cache`");
    if (const Node* progress = node.find("progress")) load_progress(reader_, *progress, def);
    Type result = Type::Kind::null;
    if (kind && kind_member) {
      def.kind = kind->name;
      def.retry.max = kind->retries;
      def.timeout = kind->timeout;
      result = load_kind(*kind, *kind_member, def);
    } else if (kind_member || !(node.find("set") || node.find("next"))) {
      result = Type();  // reported already, or below
      if (!kind_member && !unknown_key(node))
        reader_.report.error("S102", node.span, "node " + quote(def.id) + " does nothing",
                             "give it a kind such as `llm`, or `set`, or `next`");
    }
    if (const Node* retry = node.find("retry")) load_retry(reader_, *retry, def.retry);
    if (const Node* timeout = node.find("timeout")) reader_.read(*timeout, def.timeout);
    last_result_ = result;
    const auto saved = reader_.names;
    reader_.names["result"] = result;
    if (const Node* set = node.find("set")) load_set(*set, def, result);
    reader_.names = saved;
  }

  // Exactly one kind key, known, supported.
  const yaml::Member* find_kind_of(const Node& node, const NodeKind*& kind) {
    const yaml::Member* found = nullptr;
    for (const yaml::Member& member : node.members) {
      if (std::find(kNodeKeys.begin(), kNodeKeys.end(), member.key) != kNodeKeys.end()) continue;
      const NodeKind* named = find_kind(kinds_, member.key);
      const bool later =
          std::find(kLaterKinds.begin(), kLaterKinds.end(), member.key) != kLaterKinds.end();
      if (!named && !later) {
        report_unknown(member);
        continue;
      }
      if (found)
        reader_.report.error(
            "S103", member.key_span,
            "node does two things: " + quote(found->key) + " and " + quote(member.key),
            "split it into two nodes");
      if (later) {
        reader_.unsupported(member.key_span, "node kind " + quote(member.key));
        reader_.unwritten.clear();  // what it may have written is not known
      }
      if (!found) found = &member, kind = named;
    }
    return found;
  }

  bool unknown_key(const Node& node) const {
    for (const yaml::Member& member : node.members)
      if (std::find(kNodeKeys.begin(), kNodeKeys.end(), member.key) == kNodeKeys.end() &&
          !find_kind(kinds_, member.key))
        return true;
    return false;
  }

  void report_unknown(const yaml::Member& member) {
    std::vector<std::string> known = kNodeKeys;
    for (const NodeKind& kind : kinds_) known.push_back(kind.name);
    known.insert(known.end(), kLaterKinds.begin(), kLaterKinds.end());
    const std::string near = Reader::suggest(member.key, known);
    reader_.report.error("S101", member.key_span, "unknown key " + quote(member.key) + " in a node",
                         near.empty() ? "a node has `id`, one kind such as `llm`, and when, set, "
                                        "next, retry, timeout, on_error, progress, note"
                                      : quote(near));
  }

  Type load_kind(const NodeKind& kind, const yaml::Member& member, NodeDef& def) {
    const std::shared_ptr<run::Node> body = kind.make();
    def.body = body;
    Node args = member.value;
    if (!args.is(Node::Kind::map) && !kind.shorthand.empty()) {
      Node map;
      map.kind = Node::Kind::map;
      map.span = args.span;
      map.members.push_back({kind.shorthand, member.key_span, args});
      args = std::move(map);
    }
    if (!reader_.is_map(args, "`" + kind.name + "`", shape_of(kind))) return {};
    const size_t before = reader_.report.size();
    check_keys(kind, args);
    for (const FieldSpec& field : kind.fields) {
      const Node* value = args.find(field.name);
      if (!value) {
        if (field.required && Reader::lacks(args, field.name)) report_missing(kind, field, member);
        continue;
      }
      field.read(reader_, *value, *body);
      if (field.with) reader_.with = field.with(*body);
    }
    reader_.with = nullptr;
    if (reader_.report.size() != before) return {};
    if (kind.check) kind.check(reader_, args, *body);
    return reader_.report.size() == before ? kind.result(*body) : Type();
  }

  // "llm: {model: …, prompt: …}"
  static std::string shape_of(const NodeKind& kind) {
    std::string text;
    for (const FieldSpec& field : kind.fields)
      if (field.required) text += (text.empty() ? "" : ", ") + field.name + ": …";
    return kind.name + ": {" + (text.empty() ? kind.fields.front().name + ": …" : text) + "}";
  }

  void check_keys(const NodeKind& kind, const Node& args) {
    std::vector<std::string> known;
    for (const FieldSpec& field : kind.fields) known.push_back(field.name);
    Node left = args;
    std::erase_if(left.members, [&](const yaml::Member& member) {
      const bool later =
          std::find(kind.later.begin(), kind.later.end(), member.key) != kind.later.end();
      if (later)
        reader_.unsupported(member.key_span, "`" + member.key + "` of `" + kind.name + "`");
      return later;
    });
    reader_.map_of(left, "`" + kind.name + "`", known);
  }

  void report_missing(const NodeKind& kind, const FieldSpec& field, const yaml::Member& member) {
    std::string help = field.summary;
    if (field.name == "model" && !reader_.models.empty()) {
      std::vector<std::string> models;
      for (const auto& [name, model] : reader_.models) models.push_back(name);
      help = "one of " + any_of(models);
    }
    reader_.report.error("S102", member.key_span, quote(kind.name) + " needs " + quote(field.name),
                         help);
  }

  void load_set(const Node& node, NodeDef& def, const Type& result) {
    if (node.is(Node::Kind::string)) {
      def.sets_whole = true;
      Set set;
      set.key = node.text;
      if (const Field* field = key_of(node.text, node.span)) {
        if (!result.fits(field->type.type))
          reader_.report.error("D405", node.span,
                               quote(node.text) + " is " + Reader::word(field->type.type) +
                                   ", the node gives " + Reader::word(result),
                               part_of(result, *field));
        set.check = unsure(result, field->type.type);
      }
      reader_.unwritten.erase(node.text);
      def.sets.push_back(std::move(set));
      return;
    }
    if (!reader_.is_map(node, "`set`")) return;
    for (const yaml::Member& member : node.members) {
      Set set;
      set.key = member.key;
      reader_.read(member.value, set.value);
      if (const Field* field = key_of(member.key, member.key_span)) {
        reader_.wants(member.value, set.value, field->type.type, quote(member.key),
                      &field->type.schema);
        set.check = unsure(set.value.type(), field->type.type);
      }
      def.sets.push_back(std::move(set));
    }
    for (const yaml::Member& member : node.members) reader_.unwritten.erase(member.key);
  }

  // The member of an object that would fit, when there is one.
  static std::string part_of(const Type& result, const Field& field) {
    for (const auto& [name, member] : result.fields())
      if (member.type.fits(field.type.type))
        return "set: {" + field.name + ": =result." + name + "}";
    return "set: {" + field.name + ": =…} with an expression over `result`";
  }

  const Field* key_of(const std::string& key, const Span& span) {
    if (const Field* field = graph_.field(key)) return field;
    std::vector<std::string> known;
    for (const FieldMap* fields : {&graph_.input, &graph_.state})
      for (const Field& field : *fields) known.push_back(field.name);
    const std::string near = nearest(key, known);
    reader_.report.error("D404", span, "no state key " + quote(key),
                         near.empty() ? "declare it under `state`" : quote(near));
    return nullptr;
  }

  // Whether only the value itself can tell that it fits: the key is then validated whenever it is
  // set.
  static bool unsure(const Type& given, const Type& wanted) {
    return !wanted.is_any() && !(given == wanted);
  }

  // `next` and `on_error` name later nodes, so they are read once the whole list is known.
  void link(const Node& node, Block& block, size_t index, const std::set<std::string>& before,
            const std::set<std::string>& after) {
    NodeDef& def = block.nodes[index];
    if (!node.is(Node::Kind::map)) return;
    reader_.unwritten = after;
    if (const Node* next = node.find("next")) load_next(*next, block, index, def);
    reader_.unwritten = before;
    if (const Node* on_error = node.find("on_error")) load_on_error(*on_error, block, index, def);
  }

  void load_on_error(const Node& node, Block& block, size_t index, NodeDef& def) {
    if (node.is(Node::Kind::string) && node.text == "fail") return;
    if (!node.is(Node::Kind::map))
      return reader_.report.error("S104", node.span, "`on_error` is not " + quote(node.text),
                                  "fail, {value: …} or {next: a later node}");
    if (!reader_.map_of(node, "`on_error`", {"value", "next"})) return;
    const yaml::Member* value = node.find_member("value");
    const yaml::Member* next = node.find_member("next");
    if (value && next)
      return reader_.report.error("S103", next->key_span, "`on_error` has both `value` and `next`",
                                  "with `value` the node goes on as if it had worked: its own "
                                  "`next` says where");
    if (!value && !next)
      return reader_.report.error("S102", node.span, "`on_error` needs `value` or `next`",
                                  "or write on_error: fail");
    if (next) {
      def.on_error.then = OnError::Then::next;
      return target(next->value, block, index, def.on_error.next);
    }
    def.on_error.then = OnError::Then::value;
    const auto saved = reader_.names;
    reader_.names["error"] = Type::object({{"code", {Type::Kind::string}},
                                           {"message", {Type::Kind::string}},
                                           {"node", {Type::Kind::string}}},
                                          false, "`error`");
    reader_.read(value->value, def.on_error.value);
    reader_.names = saved;
    // The value stands in for a result of another type: what is set from it is checked when it is.
    for (Set& set : def.sets) {
      const Field* field = graph_.field(set.key);
      if (!field) continue;
      set.check = !field->type.type.is_any();
      if (def.sets_whole)
        reader_.wants(value->value, def.on_error.value, field->type.type, quote(set.key),
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
        const auto saved = reader_.names;
        reader_.names["result"] =
            def.body ? find_kind(kinds_, def.kind)->result(*def.body) : Type(Type::Kind::null);
        reader_.read(*when, edge.when);
        reader_.names = saved;
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
  Graph& graph_;
  std::set<std::string> ids_;
  Type last_result_ = Type::Kind::null;
};

}  // namespace

cel::Names base_names(const Reader& reader) {
  cel::Names names;
  names["run"] = Type::object({{"id", {Type::Kind::string}},
                               {"thread_id", {Type::Kind::string}},
                               {"app", {Type::Kind::string}},
                               {"graph", {Type::Kind::string}}},
                              false, "`run`");
  names["user"] =
      Type::object({{"id", {Type::Kind::string}}, {"plan", {Type::Kind::string}}}, true, "`user`");
  names["env"] = reader.env;
  names["now"] = Type::Kind::timestamp;
  return names;
}

void load_graph(Reader& reader, const Kinds& kinds, const Node& node, Graph& graph) {
  reader.graph = graph.name;
  GraphLoader(reader, kinds, graph).load(node);
  reader.graph.clear();
}

const NodeKind* find_kind(const Kinds& kinds, std::string_view name) {
  for (const NodeKind& kind : kinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

int Block::index_of(std::string_view id) const {
  for (size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].id == id) return static_cast<int>(i);
  return -1;
}

const Field* Graph::field(std::string_view name) const {
  const Field* field = find(input, name);
  return field ? field : find(state, name);
}

Type Collection::row_type() const {
  Type::Fields data;
  for (const Field& field : fields) data.push_back({field.name, {field.type.type}});
  return Type::object({{"id", {Type::Kind::string}},
                       {"data", {Type::object(std::move(data), false, "a row of `" + name + "`")}}},
                      false, "a row of `" + name + "`");
}

}  // namespace plenum::app
