// What the loader says of app files with mistakes: golden/app/*.yaml beside *.out.
//
// A file may bring others along: `# file: prompts/a.md` starts one, whose lines follow as comments
// behind "#|".  UPDATE_GOLDEN=1 writes the .out files anew.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/test_app.h"

using namespace plenum;
namespace fs = std::filesystem;

namespace {

const fs::path kFolder = SOURCE_ROOT "/tests/golden/app";

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::map<std::string, std::string> companions(const std::string& yaml) {
  std::map<std::string, std::string> files;
  std::istringstream lines(yaml);
  std::string* open = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# file: ")) open = &files[line.substr(8)];
    if (open && line.starts_with("#|")) *open += line.substr(2) + "\n";
  }
  return files;
}

std::vector<fs::path> cases() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(kFolder))
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string said(const fs::path& path) {
  const std::string yaml = read(path);
  return load(yaml, companions(yaml), "apps.d/" + path.filename().string()).said;
}

}  // namespace

TEST_CASE("the loader says of every golden file what stands beside it", "[app]") {
  const bool update = getenv("UPDATE_GOLDEN") != nullptr;
  for (const fs::path& path : cases()) {
    CAPTURE(path.filename().string());
    fs::path golden = path;
    golden.replace_extension(".out");
    const std::string now = said(path);
    if (update) std::ofstream(golden, std::ios::binary) << now;
    CHECK(now == read(golden));
    CHECK(!now.empty());
  }
}

TEST_CASE("findings are sorted by place, none comes twice, each has a code and a place", "[app]") {
  for (const fs::path& path : cases()) {
    CAPTURE(path.filename().string());
    const std::string yaml = read(path);
    Report report;
    const std::string name = "apps.d/" + path.filename().string();
    auto files = companions(yaml);
    files[name] = yaml;
    app::load_app(name, app::MemoryFiles(files), nodes::kinds(), report);
    const std::vector<Diagnostic> all = report.sorted();
    for (size_t i = 0; i < all.size(); ++i) {
      CAPTURE(to_text(all[i]));
      CHECK(all[i].code.size() == 4);
      CHECK(!all[i].message.empty());
      REQUIRE(all[i].span.known());
      CHECK(all[i].span.start.line >= 1);
      CHECK(all[i].span.start.column >= 1);
      CHECK(all[i].span.start <= all[i].span.end);
      // The place exists: the file was read, and it has that many lines.
      const std::string& text = files[*all[i].span.file];
      CHECK(!text.empty());
      CHECK(all[i].span.end.line <= 1 + std::count(text.begin(), text.end(), '\n'));
      if (i == 0 || *all[i - 1].span.file != *all[i].span.file) continue;
      CHECK(all[i - 1].span.start <= all[i].span.start);
      CHECK(to_text(all[i - 1]) != to_text(all[i]));
    }
  }
}

TEST_CASE("loading the same files twice says the same twice", "[app]") {
  for (const fs::path& path : cases()) CHECK(said(path) == said(path));
}
