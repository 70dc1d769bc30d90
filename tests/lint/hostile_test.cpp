// App files with random damage: linting ends, places are inside the file, mending twice is mending
// once.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "engine/lint/apply.h"
#include "engine/lint/fixes.h"
#include "engine/lint/lint.h"
#include "engine/lint/print.h"

using namespace plenum;

namespace {

// The same numbers at every run.
class Numbers {
 public:
  size_t below(size_t n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(state_ >> 33) % n;
  }

 private:
  uint64_t state_ = 42;
};

std::string damaged(std::string text, Numbers& numbers) {
  static const std::string kPieces[] = {"{",   "}",  "[",  "]",  "\"",   "'",  ": ",
                                        " #",  "- ", "\n", "=",  "{{",   "}}", "*",
                                        "&a ", "|",  ">",  "\t", "\xC3", "~",  ","};
  const size_t at = numbers.below(text.size());
  switch (numbers.below(4)) {
    case 0:
      text.erase(at, 1 + numbers.below(6));
      break;
    case 1:
      text.insert(at, kPieces[numbers.below(std::size(kPieces))]);
      break;
    case 2:
      std::swap(text[at], text[numbers.below(text.size())]);
      break;
    default: {  // a line twice, or gone
      const size_t begin = text.rfind('\n', at) + 1, end = text.find('\n', at);
      const std::string line = text.substr(begin, end - begin + 1);
      numbers.below(2) == 0 ? text.insert(begin, line) : text.erase(begin, line.size());
    }
  }
  return text;
}

size_t errors(const std::vector<Diagnostic>& findings) {
  return static_cast<size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [](const Diagnostic& d) { return d.severity == Severity::error; }));
}

}  // namespace

TEST_CASE("damaged files are linted to the end, and mended only once", "[lint][slow]") {
  const auto disk = app::disk_files(SOURCE_ROOT);
  Numbers numbers;
  for (const std::string& name : disk->list("apps.d")) {
    const std::string path = "apps.d/" + name;
    auto files = lint::lint_app(path, *disk).draft.files;
    const std::string whole = files[path];
    for (int i = 0; i < 1500; ++i) {
      files[path] = damaged(whole, numbers);
      CAPTURE(files[path]);
      const app::MemoryFiles memory(files);
      const std::vector<Diagnostic> findings = lint::lint_files({path}, memory, true);
      for (const Diagnostic& finding : findings) {
        REQUIRE(finding.span.known());
        CAPTURE(to_text(finding));
        CHECK(lint::bytes_of(finding.span, files[*finding.span.file]).has_value());
      }
      CHECK(lint::print_human(findings, files, false).empty() == findings.empty());
      for (const bool unsafe : {false, true}) {
        const lint::Applied applied = lint::apply_fixes({path}, memory, unsafe);
        if (applied.count == 0) continue;
        auto mended = files;
        for (const auto& [file, text] : applied.files) mended[file] = text;
        const app::MemoryFiles after(mended);
        CAPTURE(mended[path]);
        CHECK(lint::apply_fixes({path}, after, unsafe).count == 0);
        CHECK(errors(lint::lint_files({path}, after, true)) <= errors(findings) + 3);
      }
    }
  }
}
