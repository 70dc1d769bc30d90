// plenum lint: what the server would say of the app files, without serving them.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "engine/app/files.h"
#include "engine/lint/apply.h"
#include "engine/lint/lint.h"
#include "engine/lint/print.h"
#include "tools/command.h"

namespace plenum::tools {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> paths;
  std::string format = "human", colour = "auto", as;
  bool fix = false, unsafe = false;
};

// App files of one project: the folder above the one they stand in.
struct Project {
  std::vector<std::string> files;  // "apps.d/clearreply.yaml"
  bool whole = false;              // a folder was named
};
using Projects = std::map<std::string, Project>;

// A text from standard input, in front of the disk.
class WithText final : public app::Files {
 public:
  WithText(const app::Files& files, std::string path, std::string text)
      : files_(files), path_(std::move(path)), text_(std::move(text)) {}
  std::optional<std::string> read(const std::string& path) const override {
    return path == path_ ? text_ : files_.read(path);
  }
  std::vector<std::string> list(const std::string& folder) const override {
    return files_.list(folder);
  }

 private:
  const app::Files& files_;
  std::string path_, text_;
};

void add_file(const fs::path& file, bool whole, Projects& projects) {
  const fs::path full = fs::absolute(file).lexically_normal();
  Project& project = projects[full.parent_path().parent_path().string()];
  const std::string name = full.parent_path().filename().string() + "/" + full.filename().string();
  if (std::find(project.files.begin(), project.files.end(), name) == project.files.end())
    project.files.push_back(name);
  project.whole = project.whole || whole;
}

bool is_app(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

// False: there is nothing of that name.
bool add_path(const std::string& path, Projects& projects) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) {
    add_file(path, false, projects);
    return true;
  }
  if (!fs::is_directory(path, error)) return false;
  // A project's folder stands for its apps.d/.
  const fs::path folder = fs::is_directory(fs::path(path) / "apps.d", error)
                              ? fs::path(path) / "apps.d"
                              : fs::path(path);
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (is_app(entry.path())) add_file(entry.path(), true, projects);
  return !error;
}

// Findings name files as the caller sees them: from the working folder.
struct Found {
  std::vector<Diagnostic> findings;
  lint::Texts texts;
};

void collect(const std::string& root, const Project& project, const app::Files& files,
             Found& found) {
  const fs::path here = fs::relative(root, fs::current_path());
  const std::string prefix = here.empty() || here == "." ? "" : here.string() + "/";
  std::map<std::string, std::shared_ptr<const std::string>> names;
  const auto renamed = [&](Span& span) {
    if (!span.file) return;
    auto& name = names[*span.file];
    if (!name) {
      name = std::make_shared<const std::string>(prefix + *span.file);
      found.texts[*name] = files.read(*span.file).value_or("");
    }
    span.file = name;
  };
  for (Diagnostic& finding : lint::lint_files(project.files, files, project.whole)) {
    renamed(finding.span);
    for (Fix& fix : finding.fixes)
      for (Edit& edit : fix.edits) renamed(edit.span);
    found.findings.push_back(std::move(finding));
  }
}

bool write(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) fprintf(stderr, "plenum lint: cannot write %s\n", path.c_str());
  return static_cast<bool>(out);
}

bool mend(const std::string& root, const Project& project, const app::Files& files, bool unsafe) {
  const lint::Applied applied = lint::apply_fixes(project.files, files, unsafe);
  for (const auto& [path, text] : applied.files)
    if (!write(fs::path(root) / path, text)) return false;
  if (applied.count > 0)
    fprintf(stderr, "plenum lint: mended %zu in %zu %s\n", applied.count, applied.files.size(),
            applied.files.size() == 1 ? "file" : "files");
  return true;
}

void print(const Found& found, const Options& options) {
  const bool colour = options.colour == "always" || (options.colour == "auto" && isatty(1) == 1);
  std::string text;
  if (options.format == "json")
    text = lint::print_json(found.findings, found.texts);
  else if (options.format == "sarif")
    text = lint::print_sarif(found.findings, found.texts);
  else if (options.format == "github")
    text = lint::print_github(found.findings);
  else
    text = lint::print_human(found.findings, found.texts, colour);
  fwrite(text.data(), 1, text.size(), stdout);
}

// The name that a text from standard input would have as a file: its app's.
std::string name_of(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("app: ")) {
      std::string name = line.substr(5, line.find_first_of(" #\r", 5) - 5);
      std::erase_if(name, [](char c) { return c == '"' || c == '\'' || c == '/'; });
      if (!name.empty()) return "apps.d/" + name + ".yaml";
    }
  return "apps.d/stdin.yaml";
}

int lint_input(const Options& options) {
  if (options.paths.size() != 1 || options.fix) {
    fprintf(stderr, "plenum lint: `-` stands alone, and has no file that --fix could write\n");
    return 2;
  }
  std::ostringstream text;
  text << std::cin.rdbuf();
  const std::string path = options.as.empty() ? name_of(text.str()) : options.as;
  const std::string root = fs::current_path().string();
  const auto disk = app::disk_files(root);
  Found found;
  collect(root, {{path}, false}, WithText(*disk, path, text.str()), found);
  print(found, options);
  return found.findings.empty() ? 0 : 1;
}

int run_lint(Options options) {
  if (options.unsafe && !options.fix) {
    fprintf(stderr, "plenum lint: --unsafe goes with --fix\n");
    return 2;
  }
  if (std::find(options.paths.begin(), options.paths.end(), "-") != options.paths.end())
    return lint_input(options);
  if (options.paths.empty()) options.paths = {"apps.d"};
  Projects projects;
  for (const std::string& path : options.paths)
    if (!add_path(path, projects)) {
      fprintf(stderr, "plenum lint: there is no file or folder %s\n", path.c_str());
      return 2;
    }
  Found found;
  for (auto& [root, project] : projects) {
    std::sort(project.files.begin(), project.files.end());
    const auto files = app::disk_files(root);
    if (options.fix && !mend(root, project, *files, options.unsafe)) return 3;
    collect(root, project, *files, found);
  }
  print(found, options);
  return found.findings.empty() ? 0 : 1;
}

int guarded(const Options& options) {
  try {
    return run_lint(options);
  } catch (const std::exception& error) {
    fprintf(stderr, "plenum lint: internal error: %s\n", error.what());
    return 3;
  }
}

}  // namespace

void add_lint(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "lint",
      "Every mistake of app files, with its place and a way out; exit 0 clean, 1 findings, 2 bad "
      "usage, 3 internal error");
  auto options = std::make_shared<Options>();
  command->add_option("paths", options->paths,
                      "App files, folders of them (apps.d), or - for one app from standard input");
  command->add_option("--format", options->format, "human, json, sarif or github")
      ->check(CLI::IsMember({"human", "json", "sarif", "github"}));
  command->add_option("--colour,--color", options->colour, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  command->add_option("--as", options->as, "The path of the app that comes from standard input");
  command->add_flag("--fix", options->fix,
                    "Mend what keeps its meaning: quotes, near names, marks");
  command->add_flag("--unsafe", options->unsafe, "With --fix: also remove what is not used");
  command->callback([options, &run] { run = [options] { return guarded(*options); }; });
}

}  // namespace plenum::tools
