// What stands around a node's own work: the state keys of its graph, its retries, its progress.
#include <nlohmann/json.hpp>

#include "engine/app/load_parts.h"

namespace plenum::app {

using yaml::Node;

namespace {

bool planned(Reader& reader, const Node& node) {
  bool found = false;
  for (const char* key : {"reduce", "keep", "last"})
    if (const yaml::Member* option = node.find_member(key)) {
      reader.unsupported(option->key_span, "`" + std::string(key) + "` of a state key");
      found = true;
    }
  return found;
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
    if (!planned(reader, member.value)) read_state_type(reader, member.value, field);
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

}  // namespace plenum::app
