// Every check is declared with an example that has the mistake and one that has not; here they are
// shown to be true.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/lint/examples.h"

using namespace plenum;

namespace {

std::string all_of(const std::vector<Diagnostic>& findings) {
  std::string text;
  for (const Diagnostic& finding : findings)
    text += to_text(finding) + " (to " + std::to_string(finding.span.end.line) + ":" +
            std::to_string(finding.span.end.column) + ")\n";
  return text;
}

std::string place(const Span& span) {
  return span.place() + "-" + std::to_string(span.end.line) + ":" + std::to_string(span.end.column);
}

}  // namespace

TEST_CASE("a check's bad example gives exactly its finding, at the marked place", "[lint]") {
  for (const lint::Check& check : lint::checks()) {
    if (!check.waits_for.empty()) continue;
    CAPTURE(check.code);
    const std::vector<Diagnostic> said = lint::said_of(check.bad);
    CAPTURE(all_of(said));
    const lint::Written written = lint::written(check.bad);
    CHECK(written.marked.known());
    CHECK(said.size() == 1);
    if (said.size() != 1) continue;
    CHECK(said[0].code == check.code);
    CHECK(said[0].severity == check.severity);
    CHECK(place(said[0].span) == place(written.marked));
    CHECK(!said[0].message.empty());
  }
}

TEST_CASE("a check's good example gives no finding at all", "[lint]") {
  for (const lint::Check& check : lint::checks()) {
    if (!check.waits_for.empty()) continue;
    CAPTURE(check.code);
    CHECK(all_of(lint::said_of(check.good)) == "");
  }
}

// When this fails, what the check waits for is there: let it report, and take its `waits_for` away.
TEST_CASE("what no check can report yet is refused", "[lint]") {
  for (const lint::Check& check : lint::checks()) {
    if (check.waits_for.empty()) continue;
    CAPTURE(check.code);
    const std::vector<Diagnostic> said = lint::said_of(check.bad);
    CAPTURE(all_of(said));
    CHECK(std::any_of(said.begin(), said.end(), [&](const Diagnostic& finding) {
      return finding.severity == Severity::error || finding.code == check.code;
    }));
  }
}

TEST_CASE("every check says what it is, once", "[lint]") {
  std::set<std::string> codes;
  for (const lint::Check& check : lint::checks()) {
    CAPTURE(check.code);
    CHECK(codes.insert(check.code).second);
    CHECK(check.code.size() == 4);
    CHECK(!check.summary.empty());
    CHECK(!check.summary.ends_with("."));
    CHECK(check.explanation.ends_with("."));
    CHECK(lint::find_check(check.code) == &check);
  }
}

// A code in quotes is what the sources report by.
TEST_CASE("every code that the sources can report is declared, and the other way round", "[lint]") {
  std::set<std::string> reported;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SOURCE_ROOT "/engine")) {
    const std::string path = entry.path().string();
    if (!path.ends_with(".cpp") || path.find("/engine/lint/") != std::string::npos) continue;
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    const std::string source = text.str();
    for (size_t i = 0; i + 6 <= source.size(); ++i)
      if (source[i] == '"' && source[i + 5] == '"' && isupper(source[i + 1]) &&
          isdigit(source[i + 2]) && isdigit(source[i + 3]) && isdigit(source[i + 4]))
        reported.insert(source.substr(i + 1, 4));
  }
  for (const std::string& code : reported) {
    CAPTURE(code);
    CHECK(lint::find_check(code) != nullptr);
  }
  for (const lint::Check& check : lint::checks()) {
    CAPTURE(check.code);
    const bool by_loader = reported.contains(check.code);
    const bool by_lint =
        check.run != nullptr || check.code == "R209" || check.code == "S110";  // lint.cpp
    CHECK((by_loader || by_lint || !check.waits_for.empty()));
  }
}
