// Any bytes as an app file: no crash, places inside the file, and each character of a scalar where
// its run says.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/yaml/yaml.h"

using plenum::Position;
using plenum::Span;
using plenum::yaml::Node;

namespace {

std::vector<std::string> lines_of(std::string text) {
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);
  std::vector<std::string> lines(1);
  for (const char c : text) {
    lines.back() += c;
    if (c == '\n') lines.emplace_back();
  }
  return lines;
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

bool inside(const std::vector<std::string>& lines, Position p) {
  return p.line >= 1 && p.line <= static_cast<int>(lines.size()) && p.column >= 1 &&
         p.column <= static_cast<int>(lines[static_cast<size_t>(p.line) - 1].size()) + 1;
}

void check_places(const std::vector<std::string>& lines, const Node& node) {
  require(inside(lines, node.span.start) && inside(lines, node.span.end), "a span in the file");
  require(node.span.start <= node.span.end, "a span that begins before it ends");
  for (const Node& item : node.items) check_places(lines, item);
  for (const auto& member : node.members) {
    require(inside(lines, member.key_span.start), "a key in the file");
    check_places(lines, member.value);
  }
  if (node.runs.size() < 2) return;  // given up, or a single stretch
  Position place{1, 1};
  for (const char c : node.text) {
    const Span span = node.locate(place, {place.line, place.column + 1});
    if (c == '\n') {
      place = {place.line + 1, 1};
      continue;
    }
    ++place.column;
    require(inside(lines, span.start), "a located place in the file");
    const size_t column = static_cast<size_t>(span.start.column) - 1;
    const std::string& line = lines[static_cast<size_t>(span.start.line) - 1];
    const char there = column < line.size() ? line[column] : '\n';
    const bool fold = c == ' ' && (there == '\n' || there == '\r' || there == ' ' || there == '\t');
    const bool tail = (static_cast<unsigned char>(c) & 0xC0) == 0x80;  // of an escaped code point
    require(there == c || there == '\\' || fold || tail, "a character where its run says");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  plenum::Report report;
  const auto node = plenum::yaml::parse("fuzz.yaml", text, report);
  require(node || report.has_errors(), "a reason for reading nothing");
  const std::vector<std::string> lines = lines_of(text);
  for (const auto& finding : report.sorted()) {
    require(inside(lines, finding.span.start) && inside(lines, finding.span.end),
            "a finding in the file");
    require(finding.span.start <= finding.span.end, "a finding that begins before it ends");
    require(!finding.message.empty() && !finding.help.empty(), "a finding with a way out");
  }
  if (!node) return 0;
  plenum::to_text(node->to_json());
  if (!report.has_errors()) check_places(lines, *node);
  return 0;
}
