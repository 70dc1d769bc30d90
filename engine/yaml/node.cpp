// What is asked of a value once it is read.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/yaml/yaml.h"

namespace plenum::yaml {

const Member* Node::find_member(std::string_view key) const {
  for (const Member& member : members)
    if (member.key == key) return &member;
  return nullptr;
}

const Node* Node::find(std::string_view key) const {
  const Member* member = find_member(key);
  return member ? &member->value : nullptr;
}

Json Node::to_json() const {
  switch (kind) {
    case Kind::null:
      return nullptr;
    case Kind::boolean:
      return boolean;
    case Kind::integer:
      return integer;
    case Kind::number:
      return number;
    case Kind::string:
      return text;
    case Kind::list: {
      Json list = Json::array();
      for (const Node& item : items) list.push_back(item.to_json());
      return list;
    }
    case Kind::map: {
      Json map = Json::object();
      auto& object = map.get_ref<Json::object_t&>();  // keys are distinct: no need to look for each
      object.reserve(members.size());
      for (const Member& member : members) object.emplace_back(member.key, member.value.to_json());
      return map;
    }
  }
  return nullptr;
}

namespace {

// A place past the end of its line or of the text is moved back to it.
size_t offset_of(std::string_view text, Position place) {
  size_t at = 0;
  for (int line = 1; line < place.line; ++line) {
    const size_t next = text.find('\n', at);
    if (next == std::string_view::npos) return text.size();
    at = next + 1;
  }
  const size_t end = std::min(text.find('\n', at), text.size());
  return std::min(end, at + static_cast<size_t>(std::max(place.column, 1)) - 1);
}

Position place_of(const std::vector<Node::Run>& runs, size_t offset) {
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), offset,
                       [](size_t o, const Node::Run& run) { return o < run.offset; });
  const Node::Run& run = after == runs.begin() ? runs.front() : *std::prev(after);
  return {run.place.line,
          run.place.column + static_cast<int>(offset - std::min(offset, run.offset))};
}

// Behind the last character, not before the next one: these differ where a line was folded.
Position place_behind(const std::vector<Node::Run>& runs, size_t offset) {
  const Position last = place_of(runs, offset - 1);
  const auto run = std::lower_bound(runs.begin(), runs.end(), offset,
                                    [](const Node::Run& r, size_t o) { return r.offset < o; });
  const bool beside = run != runs.end() && run->offset == offset && run->place.line == last.line;
  return beside ? run->place : Position{last.line, last.column + 1};
}

}  // namespace

Span Node::locate(Position start, Position end) const {
  if (runs.empty()) return span;
  const size_t first = offset_of(text, start);
  const size_t last = std::max(first, offset_of(text, end));
  const Position begin = place_of(runs, first);
  return {span.file, begin, last == first ? begin : place_behind(runs, last)};
}

}  // namespace plenum::yaml
