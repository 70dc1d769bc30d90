// What stands around a node's own work: the state keys of its graph, its retries, its progress.
#include <nlohmann/json.hpp>

#include "engine/app/load_parts.h"

namespace plenum::app {

using yaml::Node;

namespace {

// What is done with writes, and how long the value lives; the rest of the map is its type.
Node read_policy(Reader& reader, const Node& node, Field& field) {
  static const std::map<std::string, Reduce> kReduce = {
      {"last", Reduce::last},   {"first", Reduce::first}, {"append", Reduce::append},
      {"merge", Reduce::merge}, {"union", Reduce::unite}, {"sum", Reduce::sum},
      {"min", Reduce::min},     {"max", Reduce::max}};
  static const std::map<std::string, Keep> kKeep = {
      {"run", Keep::run}, {"thread", Keep::thread}, {"user", Keep::user}};
  if (!node.is(Node::Kind::map)) return node;
  std::string word;
  if (const Node* reduce = node.find("reduce")) {
    reader.read_word(*reduce, word,
                     {"last", "first", "append", "merge", "union", "sum", "min", "max"});
    if (const auto it = kReduce.find(word); it != kReduce.end()) field.reduce = it->second;
  }
  word.clear();
  if (const Node* keep = node.find("keep")) {
    reader.read_word(*keep, word, {"run", "thread", "user"});
    if (const auto it = kKeep.find(word); it != kKeep.end()) field.keep = it->second;
  }
  if (const Node* last = node.find("last")) reader.read_int(*last, field.last, 1, 10'000);
  Node type = node;
  std::erase_if(type.members, [](const yaml::Member& member) {
    return member.key == "reduce" || member.key == "keep" || member.key == "last";
  });
  return type;
}

// A reducer works on values of one kind; what it starts from needs no writer.
void check_policy(Reader& reader, const Node& node, Field& field) {
  using K = Type::Kind;
  const Type& type = field.type.type;
  const auto can_be = [&](std::initializer_list<K> kinds) {
    return type.is_any() ||
           std::any_of(kinds.begin(), kinds.end(), [&](K k) { return type.is(k); });
  };
  const bool list = can_be({K::list});
  if (field.last > 0 && !list)
    reader.report.error(
        "D405", node.find("last")->span,
        "`last` keeps items of a list; " + quote(field.name) + " is " + Reader::word(type));
  std::string wanted;
  Json start;
  switch (field.reduce) {
    case Reduce::append:
    case Reduce::unite:
      if (!list) wanted = "a list";
      start = Json::array();
      break;
    case Reduce::merge:
      if (!can_be({K::object, K::map})) wanted = "an object";
      start = Json::object();
      break;
    case Reduce::sum:
      start = 0;
      [[fallthrough]];
    case Reduce::min:
    case Reduce::max:
      if (!can_be({K::integer, K::uint, K::number, K::real})) wanted = "a number";
      break;
    default:
      break;
  }
  if (!wanted.empty())
    return reader.report.error(
        "D405", node.find("reduce")->span,
        "this reducer needs " + wanted + "; " + quote(field.name) + " is " + Reader::word(type));
  if (!start.is_null() && field.required() && field.type.schema.validate(start, 1).empty())
    field.type.fallback = std::move(start);
}

// {type: list<string>, default: []}: the type is a word of the language, not JSON Schema's.
void read_state_type(Reader& reader, const Node& node, Field& field) {
  const Node* type = node.find("type");
  static const std::set<std::string, std::less<>> kWords = {"any", "file", "message"};
  if (!type || !type->is(Node::Kind::string) ||
      !(type->text.find('<') != std::string::npos || Reader::is_path(type->text) ||
        kWords.contains(type->text)))
    return reader.read(node, field.type);
  reader.map_of(node, "a state key", {"type", "default"});
  reader.read(*type, field.type);
  const Node* fallback = node.find("default");
  if (!fallback) return;
  field.type.fallback = fallback->to_json();
  reader.wants(*fallback, Value(fallback->to_json()), field.type.type, quote(field.name),
               &field.type.schema);
}

}  // namespace

// A state key is a type, or a map with `type` and what is done with writes.
void load_state(Reader& reader, const Node& node, Graph& graph) {
  if (!reader.is_map(node, "`state`")) return;
  for (const yaml::Member& member : node.members) {
    Field field{member.key, member.key_span, FieldType()};
    reader.good_id(member.key, member.key_span, "a state key");
    if (find(graph.input, member.key)) {
      reader.report.error("Y001", member.key_span,
                          quote(member.key) + " is an input already; inputs are state, too",
                          "remove it here, or take another name");
      continue;
    }
    const size_t before = reader.report.size();
    read_state_type(reader, read_policy(reader, member.value, field), field);
    if (member.value.is(Node::Kind::map) && reader.report.size() == before)
      check_policy(reader, member.value, field);
    graph.state.push_back(std::move(field));
  }
}

void load_progress(Reader& reader, const Node& node, NodeDef& def) {
  if (!reader.map_of(node, "`progress`", {"at", "say"})) return;
  if (const Node* at = node.find("at"))
    reader.read_int(*at, def.percent, 0, 100);
  else
    reader.report.error("S102", node.span, "`progress` needs `at`",
                        "a percentage, for example at: 40");
  if (const Node* say = node.find("say")) {
    reader.read(*say, def.say);
    reader.wants(*say, def.say, Type(Type::Kind::string).nullable(), "`say`");
  }
}

void load_retry(Reader& reader, const Node& node, Retry& retry) {
  if (!node.is(Node::Kind::map)) return reader.read_int(node, retry.max, 0, 10);
  if (!reader.map_of(node, "`retry`", {"max", "wait", "factor", "on"})) return;
  if (const Node* max = node.find("max")) reader.read_int(*max, retry.max, 0, 10);
  if (const Node* wait = node.find("wait")) {
    reader.read(*wait, retry.wait);
    if (retry.wait > std::chrono::minutes(1))
      reader.report.error("S104", wait->span,
                          "`wait` is " + quote(wait->text) + "; it must be at most 1m",
                          "a peer that says how long to wait is waited for anyway");
  }
  if (const Node* factor = node.find("factor")) {
    reader.read(*factor, retry.factor);
    if (retry.factor < 1 || retry.factor > 10)
      reader.report.error("S104", factor->span,
                          "`factor` is " + quote(factor->text) + "; it must be 1 to 10");
  }
  if (const Node* on = node.find("on")) {
    std::vector<std::string> kinds;
    reader.read_words(*on, kinds);
    retry.timeout = retry.rate_limit = retry.server = false;
    for (const std::string& word : kinds) {
      if (word == "timeout")
        retry.timeout = true;
      else if (word == "rate_limit")
        retry.rate_limit = true;
      else if (word == "server")
        retry.server = true;
      else
        reader.report.error("S104", on->span, quote(word) + " cannot be retried on",
                            "timeout, rate_limit or server");
    }
  }
}

// A ttl, or {ttl, key, scope}; for nodes that ask the world and change nothing in it.
void load_cache(Reader& reader, const yaml::Member& member, const NodeKind* kind, NodeDef& def) {
  if (!kind || !kind->cacheable || !def.body || !kind->cacheable(*def.body))
    return reader.report.error(
        "S101", member.key_span,
        kind ? "`cache` has no meaning for this `" + kind->name + "`"
             : "`cache` has no meaning here",
        "it keeps what llm, extract and reading http nodes are answered; remove it");
  Cache cache;
  const Node& node = member.value;
  if (!node.is(Node::Kind::map)) {
    reader.read(node, cache.ttl);
  } else {
    if (!reader.map_of(node, "`cache`", {"ttl", "key", "scope"})) return;
    if (const Node* ttl = node.find("ttl"))
      reader.read(*ttl, cache.ttl);
    else
      reader.report.error("S102", node.span, "`cache` needs `ttl`", "ttl: 10m");
    if (const Node* key = node.find("key")) reader.read(*key, cache.key.emplace());
    std::string scope = "user";
    if (const Node* word = node.find("scope")) reader.read_word(*word, scope, {"user", "app"});
    cache.app_wide = scope == "app";
  }
  if (cache.ttl > std::chrono::hours(24 * 90))
    reader.report.error("S104", node.span, "a reply is kept for at most 90 days", "ttl: 90d");
  def.cache = std::move(cache);
}

}  // namespace plenum::app
