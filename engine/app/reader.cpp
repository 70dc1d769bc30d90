// The plain values: booleans, numbers, words, durations, sizes, quotas, lists and maps of them.
#include "engine/app/reader.h"

#include <charconv>
#include <limits>

namespace plenum::app {

using yaml::Node;

namespace {

const char* word_for(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::boolean:
      return "a boolean";
    case Node::Kind::integer:
    case Node::Kind::number:
      return "a number";
    case Node::Kind::string:
      return "text";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "a value";
}

bool scalar(const Node& node) {
  return !node.is(Node::Kind::list) && !node.is(Node::Kind::map);
}

std::string found(const Node& node) {
  return scalar(node) && !node.text.empty() ? quote(node.text) : std::string(word_for(node));
}

// "500ms" "30s" "5m" "24h" "90d" to milliseconds.
std::optional<milliseconds> duration(std::string_view text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  int64_t factor = 0;
  if (unit == "ms") factor = 1;
  if (unit == "s") factor = 1000;
  if (unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (unit == "d") factor = 86'400'000;
  if (factor == 0 || count > std::numeric_limits<int64_t>::max() / 1000 / factor)
    return std::nullopt;
  return milliseconds(count * factor);
}

}  // namespace

bool Reader::is_map(const Node& node, const std::string& what, const std::string& help) {
  if (node.is(Node::Kind::map)) return true;
  report.error("S104", node.span, what + " is a map of keys; this is " + word_for(node), help);
  return false;
}

bool Reader::is_list(const Node& node, const std::string& what) {
  if (node.is(Node::Kind::list)) return true;
  report.error("S104", node.span, what + " is a list; this is " + word_for(node));
  return false;
}

bool Reader::map_of(const Node& node, const std::string& what,
                    const std::vector<std::string>& known) {
  if (!is_map(node, what)) return false;
  for (const yaml::Member& member : node.members) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    const std::string near = suggest(member.key, known);
    if (member.key == "mode" && near == "async") {  // `mode: job`: the value changes, too
      report.error("S101", member.key_span, "unknown key `mode` in " + what, "write async: true");
      continue;
    }
    report.error("S101", member.key_span, "unknown key " + quote(member.key) + " in " + what,
                 near.empty() ? "known here: " + any_of(known) : quote(near));
  }
  return true;
}

std::string Reader::suggest(const std::string& word, const std::vector<std::string>& known) {
  static const std::map<std::string, std::string, std::less<>> kSynonyms = {
      {"if", "when"},        {"steps", "nodes"},
      {"edges", "next"},     {"goto", "next"},
      {"uses", "graph"},     {"foreach", "map"},
      {"mode", "async"},     {"model", "models"},
      {"graph", "graphs"},   {"route", "routes"},
      {"inputs", "input"},   {"outputs", "output"},
      {"path", "template"},  {"error", "on_error"},
      {"catch", "on_error"}, {"retries", "retry"},
      {"name", "id"},        {"cost", "cost_per_run"},
      {"text", "say"},       {"fallbacks", "fallback"},
      {"times", "max"}};
  const auto it = kSynonyms.find(word);
  if (it != kSynonyms.end() && std::find(known.begin(), known.end(), it->second) != known.end())
    return it->second;
  return nearest(word, known);
}

bool Reader::good_id(const std::string& id, const Span& span, const std::string& what) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto good = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; };
  if (id.empty() || !lower(id[0]) || !std::all_of(id.begin(), id.end(), good) || id.size() > 64) {
    report.error(
        "S104", span, quote(id) + " is not an id for " + what,
        "start with a lower-case letter, then lower-case letters, digits and _, at most 64");
    return false;
  }
  return free_name(id, span, what);
}

bool Reader::free_name(const std::string& id, const Span& span, const std::string& what) {
  static const std::set<std::string, std::less<>> kReserved = {
      "run",   "user", "env",   "now",  "result", "item", "index",
      "round", "row",  "error", "body", "params", "query"};
  const bool leads_out = what == "a node" && (id == "end" || id == "break");
  if (leads_out || (what == "a state key" && kReserved.contains(id))) {
    report.error("S105", span,
                 quote(id) + " is a reserved name" +
                     (leads_out ? ": `next` means something else by it" : " of expressions"),
                 "take another name for " + what);
    return false;
  }
  return true;
}

bool Reader::lacks(const Node& node, const std::string& key) {
  if (node.find(key)) return false;
  return std::none_of(node.members.begin(), node.members.end(), [&](const yaml::Member& member) {
    return suggest(member.key, {key}) == key;
  });
}

std::string Reader::word(const Type& type) {
  return type.is(Type::Kind::object) && !type.title().empty() ? type.title() : type.text();
}

void Reader::unsupported(const Span& span, const std::string& what) {
  report.error("S109", span, what + " is not supported yet",
               "remove it; nothing in a file is ignored");
}

void Reader::read(const Node& node, bool& out) {
  if (node.is(Node::Kind::boolean)) {
    out = node.boolean;
    return;
  }
  static const std::map<std::string, const char*, std::less<>> kSlips = {
      {"yes", "`true`"}, {"on", "`true`"},   {"True", "`true`"},
      {"no", "`false`"}, {"off", "`false`"}, {"False", "`false`"}};
  const auto slip = kSlips.find(node.text);
  report.error("Y005", node.span, "expected true or false, found " + found(node),
               scalar(node) && slip != kSlips.end() ? slip->second : "");
}

bool Reader::read(const Node& node, std::string& out) {
  if (!scalar(node) || node.is(Node::Kind::null)) {
    report.error("S104", node.span, std::string("expected text, found ") + word_for(node));
    return false;
  }
  if (node.is(Node::Kind::number))
    report.warning("Y007", node.span, quote(node.text) + " reads as a number",
                   "\"" + node.text + "\"");
  out = node.text;
  return true;
}

void Reader::read(const Node& node, double& out) {
  if (node.is(Node::Kind::integer) || node.is(Node::Kind::number))
    out = node.is(Node::Kind::integer) ? static_cast<double>(node.integer) : node.number;
  else
    report.error("S104", node.span, "expected a number, found " + found(node));
}

void Reader::read_int(const Node& node, int& out, int low, int high) {
  if (!node.is(Node::Kind::integer) || node.integer < low || node.integer > high)
    return report.error("S104", node.span,
                        found(node) + " is not a whole number from " + std::to_string(low) +
                            " to " + std::to_string(high));
  out = static_cast<int>(node.integer);
}

void Reader::read(const Node& node, milliseconds& out) {
  const auto time = scalar(node) ? duration(node.text) : std::nullopt;
  if (time && time->count() > 0)
    out = *time;
  else if (time)
    report.error("S104", node.span, found(node) + " is no time at all", "at least 1ms");
  else
    report.error("S104", node.span, found(node) + " is not a duration",
                 node.is(Node::Kind::integer) ? quote(node.text + "s")
                                              : "a number and a unit: 500ms, 30s, 5m, 24h or 90d");
}

void Reader::read(const Node& node, std::optional<milliseconds>& out) {
  milliseconds time{-1};
  read(node, time);
  if (time.count() >= 0) out = time;
}

void Reader::read_size(const Node& node, size_t& out) {
  size_t count = 0;
  const std::string& text = node.text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  const size_t factor = unit == "KB" ? 1 << 10 : unit == "MB" ? 1 << 20 : 0;
  if (!scalar(node) || error != std::errc() || factor == 0 || count > 1'000'000)
    return report.error("S104", node.span, found(node) + " is not a size",
                        "a number and a unit: 64KB or 10MB");
  out = count * factor;
}

void Reader::read_word(const Node& node, std::string& out, const std::vector<std::string>& words) {
  if (scalar(node) && std::find(words.begin(), words.end(), node.text) != words.end()) {
    out = node.text;
    return;
  }
  const std::string near = nearest(node.text, words);
  report.error("S104", node.span, "expected " + any_of(words) + ", found " + found(node),
               near.empty() ? "" : quote(near));
}

void Reader::read_words(const Node& node, std::vector<std::string>& out) {
  if (node.is(Node::Kind::string)) {
    out = {node.text};
    return;
  }
  if (!node.is(Node::Kind::list))
    return report.error("S104", node.span,
                        std::string("expected a list of words, found ") + word_for(node),
                        "[one, two]");
  out.clear();
  for (const Node& item : node.items) {
    std::string word;
    if (read(item, word)) out.push_back(std::move(word));
  }
}

// "20/day": n per second, minute, hour, day, week or month (30 days).
void Reader::read(const Node& node, Quota& out) {
  static const std::map<std::string, int64_t, std::less<>> kSeconds = {
      {"second", 1}, {"s", 1},       {"minute", 60},   {"min", 60},       {"hour", 3600},
      {"h", 3600},   {"day", 86400}, {"week", 604800}, {"month", 2592000}};
  const std::string& text = node.text;
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view rest(end, static_cast<size_t>(text.data() + text.size() - end));
  const auto period =
      rest.empty() || rest[0] != '/' ? kSeconds.end() : kSeconds.find(rest.substr(1));
  if (!scalar(node) || error != std::errc() || count < 0 || period == kSeconds.end())
    return report.error("S104", node.span, found(node) + " is not an amount per time",
                        "write for example 20/day, 500/month or 60/min");
  out = {count, std::chrono::seconds(period->second)};
}

}  // namespace plenum::app
