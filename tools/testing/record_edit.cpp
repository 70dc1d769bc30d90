// The replies that were recorded, written into the tests that lacked them.  Edits stand between the
// bytes that are there, so that comments and layout survive.
#include "engine/lint/fixes.h"
#include "engine/yaml/yaml.h"
#include "tools/testing/record.h"

namespace plenum::testing {

namespace {

using yaml::Node;

const Node* item(const Node* list, size_t index) {
  return list && index < list->items.size() ? &list->items[index] : nullptr;
}

const Node* step_of(const Node& root, const Added& added) {
  const Node* tests = root.is(Node::Kind::list) ? &root : root.find("tests");
  const Node* test = item(tests, added.test);
  return test ? item(test->find("steps"), added.step) : nullptr;
}

// "think: fixtures/asker/it/1_think.json"
std::string member_of(const Added& added) {
  if (added.fixtures.size() == 1) return added.node + ": " + added.fixtures[0];
  std::string list;
  for (const std::string& path : added.fixtures) list += (list.empty() ? "" : ", ") + path;
  return added.node + ": [" + list + "]";
}

std::optional<size_t> offset_of(const Position& at, const std::string& text) {
  const auto bytes = lint::bytes_of({std::make_shared<const std::string>(), at, at}, text);
  if (!bytes) return std::nullopt;
  return bytes->begin;
}

std::string blanks(const Span& key) {
  return std::string(static_cast<size_t>(key.start.column) - 1, ' ');
}

// False: there is no place for it.
bool insert(const Node& step, const Added& added, std::string& text) {
  const std::string member = member_of(added);
  const yaml::Member* call = step.find_member("call");
  const Node* replies = step.find("replies");
  if (!call || (replies && !replies->is(Node::Kind::map))) return false;
  std::optional<size_t> at;
  std::string what;
  if (replies && replies->style == Node::Style::flow) {
    at = offset_of(replies->span.start, text);
    if (at) ++*at;
    what = member + (replies->members.empty() ? "" : ", ");
  } else if (replies) {
    const Span& first = replies->members.front().key_span;
    at = offset_of(first.start, text);
    what = member + "\n" + blanks(first);
  } else if (step.style == Node::Style::flow) {
    at = offset_of(call->value.span.end, text);
    what = ", replies: {" + member + "}";
  } else {
    at = offset_of(call->value.span.end, text);
    if (at) at = std::min(text.find('\n', *at), text.size());
    what = "\n" + blanks(call->key_span) + "replies: {" + member + "}";
  }
  if (!at || *at > text.size()) return false;
  text.insert(*at, what);
  return true;
}

// Whether the step says so now, and everything can still be read.
bool says(const std::string& path, const std::string& text, const Added& added) {
  Report report;
  const auto root = yaml::parse(path, text, report);
  const Node* step = root && !report.has_errors() ? step_of(*root, added) : nullptr;
  const Node* replies = step ? step->find("replies") : nullptr;
  const Node* reply = replies ? replies->find(added.node) : nullptr;
  if (!reply) return false;
  if (added.fixtures.size() == 1) return reply->text == added.fixtures[0];
  return reply->items.size() == added.fixtures.size();
}

}  // namespace

std::optional<std::string> with_replies(const std::string& path, std::string text,
                                        const std::vector<Added>& added) {
  for (const Added& one : added) {
    Report report;
    const auto root = yaml::parse(path, text, report);
    const Node* step = root ? step_of(*root, one) : nullptr;
    if (!step || !insert(*step, one, text) || !says(path, text, one)) return std::nullopt;
  }
  return text;
}

}  // namespace plenum::testing
