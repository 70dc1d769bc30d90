#include "engine/lint/deletion.h"

namespace plenum::lint {

std::vector<Fix> deletion(const yaml::Node& map, const yaml::Member& member) {
  if (map.members.size() < 2) return {};
  const size_t index = static_cast<size_t>(&member - map.members.data());
  const bool last = index + 1 == map.members.size();
  Span span = member.key_span;
  if (map.style == yaml::Node::Style::flow) {  // with the comma on one side
    span.start = last ? map.members[index - 1].value.span.end : member.key_span.start;
    span.end = last ? member.value.span.end : map.members[index + 1].key_span.start;
  } else if (last) {  // from the end of what stands before: its comments stay
    span.start = {member.key_span.start.line, 1};
    span.end = {member.value.span.end.line + 1, 1};
  } else {
    span.start = member.key_span.start;
    span.end = map.members[index + 1].key_span.start;
  }
  return {{"remove " + quote(member.key), false, {{span, ""}}}};
}

}  // namespace plenum::lint
