#include "engine/lint/examples.h"

#include <sstream>

#include "engine/lint/lint.h"

namespace plenum::lint {

namespace {

constexpr std::string_view kOpen = "«", kClose = "»";
constexpr const char* kApp = "apps.d/test.yaml";

// An app around the inside of its one graph; it has only what the inside names.
std::string app_around(const std::string& inside) {
  const auto names = [&](const char* word) { return inside.find(word) != std::string::npos; };
  std::string text = "plenum: 1\napp: test\n";
  if (names("quick") || names("quik"))
    text += "models:\n  quick: {use: gemini/gemini-3-flash-preview, max_tokens: 100}\n";
  if (names("notes")) text += "collections:\n  notes: {fields: {text: string}, ttl: 1h}\n";
  text += "routes: {POST /go: {start: main, quota: 10/day}}\ngraphs:\n  main:\n";
  std::istringstream lines(inside);
  for (std::string line; std::getline(lines, line);) text += "    " + line + "\n";
  return text;
}

std::map<std::string, std::string> split(const Example& example) {
  std::map<std::string, std::string> files;
  std::string path = kApp;
  std::istringstream lines(example);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("--- "))
      path = line.substr(4);
    else
      files[path] += line + "\n";
  }
  if (!files[kApp].starts_with("plenum:") &&
      !files[kApp].starts_with(std::string(kOpen) + "plenum"))
    files[kApp] = app_around(files[kApp]);
  return files;
}

Position place_of(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const size_t line = before.rfind('\n');
  return {1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
          1 + static_cast<int>(at - (line == std::string_view::npos ? 0 : line + 1))};
}

}  // namespace

Written written(const Example& example) {
  Written out{split(example), {}};
  for (auto& [path, text] : out.files) {
    const size_t open = text.find(kOpen);
    if (open == std::string::npos) continue;
    text.erase(open, kOpen.size());
    const size_t close = text.find(kClose, open);
    text.erase(close, kClose.size());
    out.marked = {std::make_shared<const std::string>(path), place_of(text, open),
                  place_of(text, close)};
  }
  return out;
}

std::string shown(const Example& example) {
  std::string text = example;
  for (const std::string_view mark : {kOpen, kClose})
    if (const size_t at = text.find(mark); at != std::string::npos) text.erase(at, mark.size());
  return text;
}

std::vector<Diagnostic> said_of(const Example& example) {
  return lint_files({kApp}, app::MemoryFiles(written(example).files), true);
}

}  // namespace plenum::lint
