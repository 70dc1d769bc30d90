// A file with many mistakes: each is reported once, at its line, and nothing else is.
//
// `# ! R201` behind a line of golden/lint/*.yaml says what is found there.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/lint/lint.h"

using namespace plenum;

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

using Codes = std::map<int, std::multiset<std::string>>;  // by line

Codes wanted(const std::string& text) {
  Codes codes;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const size_t mark = line.find("# ! ");
    if (mark == std::string::npos) continue;
    std::istringstream words(line.substr(mark + 4));
    for (std::string word; words >> word;) codes[number].insert(word);
  }
  return codes;
}

std::string shown(const Codes& codes) {
  std::string text;
  for (const auto& [line, all] : codes) {
    text += std::to_string(line) + ":";
    for (const std::string& code : all) text += " " + code;
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("every mistake of a file full of them is reported once, and nothing else", "[lint]") {
  size_t mistakes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SOURCE_ROOT "/tests/golden/lint")) {
    const std::string text = read(entry.path());
    const std::string name = "apps.d/" + entry.path().filename().string();
    const app::MemoryFiles files(std::map<std::string, std::string>{{name, text}});
    const Codes marked = wanted(text);
    Codes said;
    std::string all;
    for (const Diagnostic& finding : lint::lint_app(name, files).findings) {
      said[finding.span.start.line].insert(finding.code);
      all += to_text(finding) + "\n";
    }
    CAPTURE(all);
    CHECK(shown(said) == shown(marked));
    for (const auto& [line, codes] : marked) mistakes += codes.size();
  }
  CHECK(mistakes >= 60);
}
