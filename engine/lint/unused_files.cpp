#include "engine/lint/unused_files.h"

#include "engine/lint/check.h"

namespace plenum::lint {

void report_unused_files(const std::vector<app::Draft>& drafts, const app::Files& files,
                         Report& report) {
  std::set<std::string> used;
  for (const app::Draft& draft : drafts)
    for (const auto& [path, text] : draft.files) used.insert(path);
  const Check* check = find_check("R209");
  for (const app::Draft& draft : drafts)
    for (const char* kind : {"prompts/", "schemas/", "templates/"}) {
      const std::string folder = kind + draft.app->name;
      for (const std::string& name : files.list(folder)) {
        const std::string path = folder + "/" + name;
        if (name.starts_with(".") || used.contains(path)) continue;
        found(report, *check, {std::make_shared<const std::string>(path), {1, 1}, {1, 1}},
              quote(path) + " is used by no app", "remove it, or name it where it is needed");
      }
    }
}

}  // namespace plenum::lint
