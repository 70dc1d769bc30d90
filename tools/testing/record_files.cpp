// Recordings on the disk.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/lint/lint.h"
#include "tools/testing/record.h"

namespace plenum::testing {

namespace {

namespace fs = std::filesystem;

Result<> write_file(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) return fail(Kind::unavailable, "cannot write " + path.string());
  return {};
}

Result<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(Kind::unavailable, "cannot read " + path.string());
  return text.str();
}

// The file that holds the list of tests: the app file, or the one that it names.
Result<std::string> file_of_tests(const std::string& root, const std::string& app_file) {
  Report report;
  const auto node = yaml::parse(app_file, TRY(read_file(root + "/" + app_file)), report);
  const yaml::Node* tests = node ? node->find("tests") : nullptr;
  return tests && tests->is(yaml::Node::Kind::string) ? tests->text : app_file;
}

}  // namespace

std::optional<std::string> WithPlaceholders::read(const std::string& path) const {
  auto text = files_.read(path);
  const bool wanted = path.starts_with("fixtures/") && (!only_ || only_->contains(path));
  if (!text && wanted) return path.ends_with(".json") ? "null" : "";
  return text;
}

std::set<std::string> missing_fixtures(const std::string& app_file, const app::Files& files) {
  const WithPlaceholders all(files, nullptr);
  const lint::Linted linted = lint::lint_app(app_file, all, lint::Tests::read);
  std::set<std::string> missing;
  for (const app::TestCase& test : linted.tests.cases)
    for (const app::TestStep& step : test.steps)
      for (const app::TestReplies& replies : step.replies)
        for (const app::TestReply& reply : replies.visits)
          if ((replies.kind == "llm" || replies.kind == "retrieve") && !reply.fixture.empty() &&
              !files.read(reply.fixture))
            missing.insert(reply.fixture);
  return missing;
}

Result<std::vector<std::string>> write(const Recording& recording, const std::string& root,
                                       const std::string& app_file) {
  std::vector<std::string> written;
  for (const auto& [path, text] : recording.fixtures) {
    TRY(write_file(fs::path(root) / path, text));
    written.push_back(path);
  }
  if (recording.added.empty()) return written;
  const std::string tests = TRY(file_of_tests(root, app_file));
  const auto text = with_replies(tests, TRY(read_file(root + "/" + tests)), recording.added);
  if (!text)
    return fail(Kind::invalid, "the replies cannot be written into " + tests +
                                   "; name the fixtures under `replies` by hand");
  TRY(write_file(fs::path(root) / tests, *text));
  written.push_back(tests);
  return written;
}

}  // namespace plenum::testing
