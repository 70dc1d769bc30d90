#include "engine/lint/additions.h"

namespace plenum::lint {

Edit put_before(const yaml::Node& collection, const std::string& entry, size_t index) {
  const bool list = collection.is(yaml::Node::Kind::list);
  Span at = list ? collection.items[index].span : collection.members[index].key_span;
  at.end = at.start;
  if (collection.style == yaml::Node::Style::flow) return {at, entry + ", "};
  const int dash = list ? 2 : 0;  // `- `, which stands in front of the place
  return {at, entry + "\n" + std::string(static_cast<size_t>(at.start.column - 1 - dash), ' ') +
                  (list ? "- " : "")};
}

namespace {

// Where the short keys of an app file usually end.
size_t first_large(const yaml::Node& root) {
  size_t at = 0;
  while (at + 1 < root.members.size() && root.members[at].key != "graphs" &&
         root.members[at].key != "routes")
    ++at;
  return at;
}

}  // namespace

Fix host_listed(const std::string& host, const yaml::Node& root) {
  const yaml::Node* limits = root.find("limits");
  const yaml::Node* hosts = limits ? limits->find("hosts") : nullptr;
  Fix fix{"add `" + host + "` to the app's hosts", false, {}};
  if (hosts && !hosts->items.empty())
    fix.edits = {put_before(*hosts, host)};
  else if (hosts)
    fix.edits = {{hosts->span, "[" + host + "]"}};
  else if (limits && !limits->members.empty())
    fix.edits = {put_before(*limits, "hosts: [" + host + "]")};
  else if (limits)
    fix.edits = {{limits->span, "{hosts: [" + host + "]}"}};
  else
    fix.edits = {put_before(root, "limits: {hosts: [" + host + "]}", first_large(root))};
  return fix;
}

}  // namespace plenum::lint
