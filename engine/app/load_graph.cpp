// Graphs: fields, nodes, and the edges between them.
//
// Nodes are read in their order, so that an expression sees which state keys an earlier node can
// have written.
#include "engine/app/load_parts.h"

#include <list>
#include <nlohmann/json.hpp>

namespace plenum::app {

using yaml::Node;

namespace {

const std::vector<std::string> kNodeKeys = {"id",      "when",  "set",      "next",     "retry",
                                            "timeout", "cache", "on_error", "progress", "note"};
constexpr int kDeepestBody = 8;

class GraphLoader {
 public:
  GraphLoader(Reader& reader, const Kinds& kinds, Graph& graph)
      : reader_(reader), kinds_(kinds), graph_(graph) {}

  void load(const Node& node) {
    if (!reader_.map_of(node, "a graph", {"input", "state", "nodes", "output"})) return;
    if (const Node* input = node.find("input")) reader_.read(*input, graph_.input);
    if (auto whole = schema::Schema::compile(object_schema(graph_.input)))
      graph_.input_schema = *std::move(whole);
    for (const Field& field : graph_.input)
      reader_.free_name(field.name, field.span, "a state key");
    if (const Node* state = node.find("state")) load_state(reader_, *state, graph_);
    for (const Field& field : graph_.state) {
      graph_.keeps = graph_.keeps || field.keep != Keep::run;
      graph_.reads_owner = graph_.reads_owner || field.keep == Keep::user;
    }
    name_fields();
    reader_.body = [this](const Node& list, const std::string& branch, const BodyScope& scope) {
      return load_body(list, branch, scope);
    };
    graph_.nodes.id = graph_.name;
    const Node* nodes = node.find("nodes");
    if (!nodes) {
      if (Reader::lacks(node, "nodes"))
        reader_.report.error("S102", graph_.span, "graph " + quote(graph_.name) + " needs `nodes`",
                             "nodes: [{id: …, …}]");
    } else if (reader_.is_list(*nodes, "`nodes`")) {
      load_list(*nodes, graph_.nodes);
    }
    graph_.reads_owner = graph_.reads_owner || reader_.reads_owner;
    for (const Graph* called : reader_.called) {
      graph_.pauses = graph_.pauses || called->pauses;
      graph_.reads_owner = graph_.reads_owner || called->reads_owner;
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

  // The nodes of a body, which see the state of the node that holds them.
  Body load_body(const Node& list, const std::string& branch, const BodyScope& scope) {
    Body body;
    if (!reader_.is_list(list, "a list of nodes")) return body;
    if (list.items.empty())
      reader_.report.error("S102", list.span, "this list of nodes is empty", "[{id: …, …}]");
    NodeDef& holder = *holder_;
    const auto block = std::make_shared<Block>();
    block->id = block_->id + "/" + holder.id + (branch.empty() ? "" : "/" + branch);
    block->name = branch;
    if (++depth_ > kDeepestBody)
      reader_.report.error("S104", list.span,
                           "bodies stand more than " + std::to_string(kDeepestBody) + " deep");
    std::list<Shadow> locals;
    for (const auto& [name, type] : scope.locals) locals.emplace_back(reader_.names, name, type);
    const auto unwritten = scope.copies ? std::make_optional(reader_.unwritten) : std::nullopt;
    const bool concurrent =
        std::exchange(reader_.concurrent, reader_.concurrent || scope.concurrent);
    const Block* around = block_;
    const Type last = last_result_;
    const With* with = std::exchange(reader_.with, nullptr);
    if (depth_ <= kDeepestBody) load_list(list, *block);
    body.result = last_result_;
    reader_.with = with;
    last_result_ = last;
    block_ = around;
    holder_ = &holder;
    reader_.concurrent = concurrent;
    if (unwritten) reader_.unwritten = *unwritten;
    --depth_;
    holder.bodies.push_back(block);
    body.block = block;
    return body;
  }

  void load_list(const Node& list, Block& block) {
    block_ = &block;
    block.nodes.reserve(list.items.size());
    const std::set<std::string> start = reader_.unwritten;
    std::set<std::string> left = start;
    std::vector<std::vector<std::string>> written;  // by each node
    for (const Node& item : list.items) {
      load_node(item, block);
      block_ = &block;
      written.push_back(written_by(block.nodes.back(), left));
    }
    // What `on_error` and `next` read is what has been written before and after the node's own
    // `set`.
    reader_.unwritten = start;
    for (size_t i = 0; i < list.items.size(); ++i)
      load_edges(reader_, kinds_, graph_, {list.items[i], block, i, depth_ > 0, written[i]});
    reader_.unwritten = std::move(left);
  }

  // The keys that are no longer in reader_.unwritten, but in `left`, which follows.  Mostly those
  // of its `set`: nothing else is looked through.
  std::vector<std::string> written_by(const NodeDef& def, std::set<std::string>& left) {
    std::vector<std::string> keys;
    for (const Set& set : def.sets)
      if (!reader_.unwritten.contains(set.key) && left.erase(set.key) > 0) keys.push_back(set.key);
    if (left.size() == reader_.unwritten.size()) return keys;
    std::erase_if(left, [&](const std::string& key) {
      const bool gone = !reader_.unwritten.contains(key);
      if (gone) keys.push_back(key);
      return gone;
    });
    return keys;
  }

  void load_node(const Node& node, Block& block) {
    NodeDef& def = block.nodes.emplace_back();
    holder_ = &def;
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
    if (const yaml::Member* cache = node.find_member("cache"))
      load_cache(reader_, *cache, kind, def);
    if (const Node* retry = node.find("retry")) load_retry(reader_, *retry, def.retry);
    if (const Node* timeout = node.find("timeout")) reader_.read(*timeout, def.timeout);
    last_result_ = result;
    const Shadow shadow(reader_.names, "result", result);
    if (const Node* set = node.find("set")) load_set(*set, def, result);
  }

  // Exactly one kind key, known, supported.
  const yaml::Member* find_kind_of(const Node& node, const NodeKind*& kind) {
    const yaml::Member* found = nullptr;
    for (const yaml::Member& member : node.members) {
      if (std::find(kNodeKeys.begin(), kNodeKeys.end(), member.key) != kNodeKeys.end()) continue;
      const NodeKind* named = find_kind(kinds_, member.key);
      if (!named) {
        report_unknown(member);
        continue;
      }
      if (found)
        reader_.report.error(
            "S103", member.key_span,
            "node does two things: " + quote(found->key) + " and " + quote(member.key),
            "split it into two nodes");
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
    const std::string near = Reader::suggest(member.key, known);
    reader_.report.error("S101", member.key_span, "unknown key " + quote(member.key) + " in a node",
                         near.empty() ? "a node has `id`, one kind such as `llm`, and when, set, "
                                        "next, retry, timeout, on_error, progress, note"
                                      : quote(near));
  }

  Type load_kind(const NodeKind& kind, const yaml::Member& member, NodeDef& def) {
    const std::shared_ptr<run::Node> body = kind.make();
    def.body = body;
    if (kind.name == "interrupt") pauses(member, def);
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
    if (kind.name == "graph" && !reader_.called.empty()) def.calls = reader_.called.back()->name;
    if (reader_.report.size() != before) return {};
    if (kind.check) kind.check(reader_, args, *body);
    if (kind.pauses && kind.pauses(*body)) pauses(member, def);
    return reader_.report.size() == before ? kind.result(*body) : Type();
  }

  void pauses(const yaml::Member& member, NodeDef& def) {
    graph_.pauses = def.pauses = true;
    if (!reader_.concurrent) return;
    const bool tool = member.key != "interrupt";
    reader_.report.error("G305", member.key_span,
                         std::string(tool ? "a tool with `confirm`" : "an interrupt") +
                             " cannot stand inside a `map` or `parallel`, nor in a tool",
                         tool ? "use it outside of them: a run pauses as a whole"
                              : "move it after them: a run pauses as a whole");
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
    if (kind.name == "loop" && field.name == "max")
      return reader_.report.error("G303", member.key_span, "this loop has no `max`", "max: 3");
    reader_.report.error("S102", member.key_span, quote(kind.name) + " needs " + quote(field.name),
                         help);
  }

  void load_set(const Node& node, NodeDef& def, const Type& result) {
    if (node.is(Node::Kind::string)) {
      def.sets_whole = true;
      Set set;
      set.key = node.text;
      if (const Field* field = key_of(node.text, node.span)) {
        if (!accepts(*field, result))
          reader_.report.error("D405", node.span,
                               quote(node.text) + " is " + Reader::word(field->type.type) +
                                   ", the node gives " + Reader::word(result),
                               part_of(result, *field));
        reduce(set, *field, result);
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
        const bool whole = field->reduce == Reduce::last || field->reduce == Reduce::first;
        if (whole || !accepts(*field, set.value.type()))
          reader_.wants(member.value, set.value, field->type.type, quote(member.key),
                        &field->type.schema);
        reduce(set, *field, set.value.type());
      }
      def.sets.push_back(std::move(set));
    }
    for (const yaml::Member& member : node.members) reader_.unwritten.erase(member.key);
  }

  // Lists that grow take an item, too.
  static bool accepts(const Field& field, const Type& given) {
    const bool grows = field.reduce == Reduce::append || field.reduce == Reduce::unite;
    return given.fits(field.type.type) || (grows && given.fits(field.type.type.element()));
  }

  static void reduce(Set& set, const Field& field, const Type& given) {
    set.reduce = field.reduce;
    set.last = field.last;
    set.check = unsure(given, field.type.type) || field.reduce != Reduce::last;
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

  Reader& reader_;
  const Kinds& kinds_;
  Graph& graph_;
  std::set<std::string> ids_;
  Type last_result_ = Type::Kind::null;
  const Block* block_ = nullptr;  // the list that is being read
  NodeDef* holder_ = nullptr;     // the node that is being read
  int depth_ = 0;                 // of the list, in bodies
};

}  // namespace

Type user_type(bool more) {
  return Type::object({{"id", {Type::Kind::string}},
                       {"plan", {Type::Kind::string}},
                       {"roles", {Type::list(Type::Kind::string)}}},
                      more, "`user`");
}

cel::Names base_names(const Reader& reader) {
  cel::Names names;
  names["run"] = Type::object({{"id", {Type::Kind::string}},
                               {"thread_id", {Type::Kind::string}},
                               {"app", {Type::Kind::string}},
                               {"graph", {Type::Kind::string}}},
                              false, "`run`");
  names["user"] = user_type(true);
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

std::vector<const NodeDef*> all_nodes(const Block& block) {
  std::vector<const NodeDef*> all;
  for (const NodeDef& node : block.nodes) {
    all.push_back(&node);
    for (const auto& body : node.bodies) {
      const std::vector<const NodeDef*> inside = all_nodes(*body);
      all.insert(all.end(), inside.begin(), inside.end());
    }
  }
  return all;
}

const NodeDef* find_node(const Block& block, std::string_view id) {
  for (const NodeDef* node : all_nodes(block))
    if (node->id == id) return node;
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
