#include "tools/app_file.h"

#include <filesystem>

namespace plenum::tools {

namespace fs = std::filesystem;

std::unique_ptr<AppFile> open_app(const std::string& command, const std::string& root,
                                  const std::string& name) {
  auto app = std::make_unique<AppFile>();
  std::error_code error;
  const bool by_file = fs::is_regular_file(name, error);
  const fs::path full =
      fs::absolute(by_file ? fs::path(name) : fs::path(root) / "apps.d" / (name + ".yaml"));
  app->files = app::disk_files(full.parent_path().parent_path().string());
  app->path = (full.parent_path().filename() / full.filename()).string();
  if (!fs::is_regular_file(full, error)) {
    std::vector<std::string> known;
    for (const std::string& file : app->files->list("apps.d"))
      known.push_back(file.substr(0, file.rfind('.')));
    const std::string near = nearest(name, known);
    fprintf(stderr, "plenum %s: there is no app %s: no such file, nor %s/apps.d/%s.yaml%s\n",
            command.c_str(), quote(name).c_str(), root.c_str(), name.c_str(),
            near.empty() ? "" : ("; did you mean " + quote(near) + "?").c_str());
    return nullptr;
  }
  app->linted = lint::lint_app(app->path, *app->files);
  if (app->linted.app) return app;
  for (const Diagnostic& finding : app->linted.findings)
    if (finding.severity == Severity::error) fprintf(stderr, "%s\n", to_text(finding).c_str());
  return nullptr;
}

}  // namespace plenum::tools
