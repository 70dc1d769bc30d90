// plenum lint: what the server would say of the app files, without serving them.
#include <CLI/CLI.hpp>
#include <filesystem>

#include "engine/app/files.h"
#include "engine/lint/lint.h"
#include "tools/command.h"

namespace plenum::tools {

namespace {

namespace fs = std::filesystem;

// An app file's root is the folder above the one it stands in.
int lint(std::vector<std::string> paths) {
  if (paths.empty()) paths = {"apps.d"};
  std::vector<fs::path> files;
  bool whole = false;  // a folder was named
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      whole = true;
      for (const auto& entry : fs::directory_iterator(path))
        if (entry.path().extension() == ".yaml" || entry.path().extension() == ".yml")
          files.push_back(entry.path());
    } else if (fs::is_regular_file(path, error)) {
      files.push_back(path);
    } else {
      fprintf(stderr, "plenum lint: there is no file or folder %s\n", path.c_str());
      return 2;
    }
  }
  std::sort(files.begin(), files.end());
  std::map<std::string, std::vector<std::string>> by_root;
  for (const fs::path& file : files) {
    const fs::path full = fs::absolute(file);
    by_root[full.parent_path().parent_path().string()].push_back(
        full.parent_path().filename().string() + "/" + full.filename().string());
  }
  bool found = false;
  for (const auto& [root, names] : by_root)
    for (const Diagnostic& finding : lint::lint_files(names, *app::disk_files(root), whole)) {
      printf("%s\n", to_text(finding).c_str());
      found = true;
    }
  return found ? 1 : 0;
}

}  // namespace

void add_lint(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "lint", "Every mistake of app files, with its place; exit 0 clean, 1 findings");
  auto paths = std::make_shared<std::vector<std::string>>();
  command->add_option("paths", *paths, "App files, or folders of them (apps.d)");
  command->callback([paths, &run] { run = [paths] { return lint(*paths); }; });
}

}  // namespace plenum::tools
