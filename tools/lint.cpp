// plenum lint: what the server would say of the app files, without serving them.
#include <CLI/CLI.hpp>
#include <filesystem>

#include "engine/app/load.h"
#include "engine/nodes/nodes.h"
#include "tools/command.h"

namespace plenum::tools {

namespace {

namespace fs = std::filesystem;

// An app file's root is the folder above the one it stands in.
int lint(std::vector<std::string> paths) {
  if (paths.empty()) paths = {"apps.d"};
  std::vector<fs::path> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
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
  bool found = false;
  for (const fs::path& file : files) {
    const fs::path full = fs::absolute(file);
    const auto root = app::disk_files(full.parent_path().parent_path().string());
    Report report;
    app::load_app(full.parent_path().filename().string() + "/" + full.filename().string(), *root,
                  nodes::kinds(), report);
    for (const Diagnostic& finding : report.sorted()) printf("%s\n", to_text(finding).c_str());
    found = found || !report.empty();
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
