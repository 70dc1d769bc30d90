#include "engine/lint/worst.h"

#include "engine/lint/flow.h"

namespace plenum::lint {

using app::Block;
using app::NodeDef;
using std::chrono::milliseconds;

namespace {

constexpr double kBytesPerToken = 4;
constexpr double kDefaultMaxTokens = 8192;  // as a run reserves for a model without `max_tokens`
constexpr size_t kDeepest = 16;             // of schemas within each other

const yaml::Node* arguments(const Subject& subject, const NodeDef& def) {
  const yaml::Node* node = subject.node(def);
  return node && !def.kind.empty() ? node->find(def.kind) : nullptr;
}

int64_t integer(const yaml::Node* map, const char* key, int64_t fallback) {
  const yaml::Node* value = map ? map->find(key) : nullptr;
  return value && value->is(yaml::Node::Kind::integer) && value->integer > 0 ? value->integer
                                                                             : fallback;
}

std::string text(const yaml::Node* map, const char* key) {
  const yaml::Node* value = map ? map->find(key) : nullptr;
  return value ? value->text : std::string();
}

struct Weights {
  const Subject& subject;
  // What called graphs cost, by name; one that is being looked at costs nothing, so circles end.
  std::map<std::string, Worst>& graphs;

  Worst call(const app::Graph& graph, const NodeDef& def) const {
    const yaml::Node* llm = arguments(subject, def);
    Worst worst;
    worst.calls = 1;
    worst.time = def.timeout;
    const auto model = subject.app.models.find(text(llm, "model"));
    if (!llm || model == subject.app.models.end() || !model->second) return worst;
    const int64_t own = integer(llm, "max_tokens", model->second->max_tokens.value_or(0));
    const double output = own > 0 ? static_cast<double>(own) : kDefaultMaxTokens;
    const double input =
        static_cast<double>(prompt_size(subject, graph, *llm).bytes) / kBytesPerToken;
    const app::Price& price = model->second->price;
    const int64_t rounds = llm->find("tools") ? integer(llm, "max_steps", 8) : 0;
    worst.calls += rounds;  // each ends in a question more
    worst.cost_usd =
        (input * price.input + output * price.output) / 1e6 * static_cast<double>(worst.calls);
    worst.dearest = def.id;
    return worst;
  }

  Worst node(const app::Graph& graph, const NodeDef& def) const {
    if (def.kind == "llm") return call(graph, def);
    Worst worst;
    if (def.kind == "interrupt") return worst;
    worst.time = def.timeout;
    worst.calls = def.kind == "ingest" || def.kind == "retrieve" ? 1 : 0;
    if (def.kind == "graph") return called(def, worst);
    const int64_t rounds = rounds_of(subject, def);
    double most = 0;
    for (const auto& body : def.bodies) {
      const Worst one = block(graph, *body, 0);
      worst.cost_usd += one.cost_usd * static_cast<double>(rounds);
      worst.calls += one.calls * rounds;
      const milliseconds time = one.time * turns_of(subject, def);
      worst.time = def.kind == "parallel" ? std::max(worst.time, time) : worst.time + time;
      if (one.cost_usd < most || one.dearest.empty()) continue;
      most = one.cost_usd;
      worst.dearest =
          rounds > 1 ? def.id + "` " + std::to_string(rounds) + " × `" + one.dearest : one.dearest;
    }
    return worst;
  }

  Worst called(const NodeDef& def, Worst worst) const {
    const yaml::Node* args = arguments(subject, def);
    const yaml::Node* wait = args ? args->find("wait") : nullptr;
    // `graph: other` is short for its name.
    const bool is_short = args && args->is(yaml::Node::Kind::string);
    const auto graph = subject.app.graphs.find(is_short ? args->text : text(args, "name"));
    const bool waits = !wait || !wait->is(yaml::Node::Kind::boolean) || wait->boolean;
    if (graph == subject.app.graphs.end() || !waits) return worst;
    const auto [known, is_new] = graphs.emplace(graph->first, Worst());
    if (is_new) {
      const Worst all = block(graph->second, graph->second.nodes, 0);
      graphs[graph->first] = all;
    }
    const Worst inner = graphs[graph->first];
    worst.cost_usd += inner.cost_usd;
    worst.calls += inner.calls;
    worst.time += inner.time;
    worst.dearest = inner.dearest;
    return worst;
  }

  // The dearest path from a node on; each measure has its own.
  Worst block(const app::Graph& graph, const Block& block, size_t from) const {
    std::vector<Worst> at(block.nodes.size() + 1);
    for (size_t i = block.nodes.size(); i-- > from;) {
      const NodeDef& def = block.nodes[i];
      const Worst own = node(graph, def);
      for (const Way& way : ways(block, i)) {
        const Worst rest = way.to >= 0 ? at[static_cast<size_t>(way.to)] : Worst();
        add(at[i], own, rest, way.ran);
      }
      if (def.kind == "fail") add(at[i], own, {}, true);
    }
    return at[from];
  }

  static void add(Worst& at, const Worst& own, const Worst& rest, bool ran) {
    const double cost = (ran ? own.cost_usd : 0) + rest.cost_usd;
    if (cost > at.cost_usd) {
      at.cost_usd = cost;
      at.dearest = ran && own.cost_usd >= rest.cost_usd ? own.dearest : rest.dearest;
    }
    at.time = std::max(at.time, (ran ? own.time : milliseconds(0)) + rest.time);
    at.calls = std::max(at.calls, (ran ? own.calls : 0) + rest.calls);
  }
};

std::optional<size_t> most_of(const Json& schema, const Json& root, size_t depth);

std::optional<size_t> most_of_object(const Json& schema, const Json& root, size_t depth) {
  const Json* more = find(schema, "additionalProperties");
  if (!more || *more != false) {
    const Json* properties = find(schema, "properties");
    if (!properties || properties->empty()) return std::nullopt;
  }
  size_t sum = 2;
  if (const Json* properties = find(schema, "properties"))
    for (const auto& [name, member] : properties->items()) {
      const auto size = most_of(member, root, depth + 1);
      if (!size) return std::nullopt;
      sum += name.size() + 4 + *size;
    }
  return sum;
}

std::optional<size_t> largest(const Json& branches, const Json& root, size_t depth) {
  size_t most = 0;
  for (const Json& branch : branches) {
    const auto size = most_of(branch, root, depth + 1);
    if (!size) return std::nullopt;
    most = std::max(most, *size);
  }
  return most;
}

std::optional<size_t> most_of(const Json& schema, const Json& root, size_t depth) {
  if (!schema.is_object() || depth > kDeepest) return std::nullopt;
  if (const Json* values = find(schema, "enum")) {
    size_t most = 0;
    for (const Json& value : *values) most = std::max(most, to_text(value).size());
    return most;
  }
  if (const Json* value = find(schema, "const")) return to_text(*value).size();
  for (const char* branches : {"anyOf", "oneOf"})
    if (const Json* all = find(schema, branches); all && all->is_array())
      return largest(*all, root, depth);
  if (const std::string ref = text_or(schema, "$ref"); ref.starts_with("#/")) {
    const Json::json_pointer pointer(ref.substr(1));
    return root.contains(pointer) ? most_of(root.at(pointer), root, depth + 1) : std::nullopt;
  }
  std::string type = text_or(schema, "type");
  if (const Json* types = find(schema, "type"); types && types->is_array())
    for (const Json& one : *types)
      if (one.is_string() && one != "null") type = one.get<std::string>();
  if (type == "integer" || type == "number") return 24;
  if (type == "boolean" || type == "null") return 5;
  if (type == "object") return most_of_object(schema, root, depth);
  const Json* length = find(schema, type == "array" ? "maxItems" : "maxLength");
  if (!length || !length->is_number_integer()) return std::nullopt;
  const size_t count = length->get<size_t>();
  if (type == "string") return count;
  const Json* items = find(schema, "items");
  const auto size = items ? most_of(*items, root, depth + 1) : std::nullopt;
  if (!size || type != "array") return std::nullopt;
  return count * (*size + 2);
}

// The schema of a field of a value, as far as `properties` lead there.
const Json* part_of(const Json& schema, const std::vector<std::string>& path) {
  const Json* part = &schema;
  for (size_t i = 1; i < path.size() && part; ++i) {
    const Json* properties = find(*part, "properties");
    part = properties ? find(*properties, path[i]) : nullptr;
  }
  return part;
}

bool inside(const Span& part, const Span& whole) {
  return part.file && whole.file && *part.file == *whole.file && whole.start <= part.start &&
         part.end <= whole.end;
}

}  // namespace

std::optional<size_t> most_bytes(const Json& schema) {
  return most_of(schema, schema, 0);
}

int64_t rounds_of(const Subject& subject, const NodeDef& def) {
  const yaml::Node* args = arguments(subject, def);
  if (def.kind == "loop") return integer(args, "max", 1);
  if (def.kind == "map") return integer(args, "max_items", 100);
  return 1;
}

int64_t turns_of(const Subject& subject, const NodeDef& def) {
  const int64_t rounds = rounds_of(subject, def);
  if (def.kind != "map") return rounds;
  const int64_t together = integer(arguments(subject, def), "concurrency", 4);
  return (rounds + together - 1) / together;
}

PromptSize prompt_size(const Subject& subject, const app::Graph& graph, const yaml::Node& llm) {
  PromptSize size;
  for (const char* key : {"prompt", "system"}) {
    const yaml::Node* value = llm.find(key);
    if (!value) continue;
    const auto file = subject.draft.files.find(value->text);
    size.bytes += file == subject.draft.files.end() ? value->text.size() : file->second.size();
  }
  for (const app::Use& use : subject.draft.uses) {
    if (!inside(use.from, llm.span)) continue;
    const app::Field* field = graph.field(use.path[0]);
    if (!field) continue;
    const Json& schema = field->type.schema.json();
    const Json* part = part_of(schema, use.path);
    const auto most = most_of(part ? *part : schema, schema, 0);
    if (most)
      size.bytes += *most;
    else if (size.unbounded.empty())
      size.unbounded = use.path[0];
  }
  return size;
}

Worst worst_of(const Subject& subject, const app::Graph& graph) {
  std::map<std::string, Worst> graphs;
  return Weights{subject, graphs}.block(graph, graph.nodes, 0);
}

}  // namespace plenum::lint
