// What the server would say of app files: the loader's findings and those of the checks, with ways
// to mend them.  `plenum lint`, the server and editors call the same functions.
//
// Pure but for the files that are handed in, which are read from several threads when there are
// many. Callable from any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/app/tests.h"
#include "engine/base/diagnostic.h"

namespace plenum::lint {

struct Linted {
  std::shared_ptr<const app::App> app;  // null with an error among the findings
  app::Tests tests;                     // the app's own, when they were asked for
  app::Draft draft;                     // what could be read, also with errors
  std::vector<Diagnostic> findings;  // sorted by place, none twice; without those that are silenced
};

// One app file ("apps.d/clearreply.yaml") with every file that it names; its tests and their
// fixtures only for those who work on it: a server has no need of them.
enum class Tests { left_out, read };
Linted lint_app(const std::string& path, const app::Files& files, Tests tests = Tests::left_out);

// Several files of one folder, and what only shows when all of them are known (`whole_folder`):
// files that no app uses.  A file that two apps share is reported once.
std::vector<Diagnostic> lint_files(const std::vector<std::string>& paths, const app::Files& files,
                                   bool whole_folder);

}  // namespace plenum::lint
