// An app that a command was asked about, by its name or its file.
#pragma once

#include <memory>
#include <string>

#include "engine/lint/lint.h"

namespace plenum::tools {

struct AppFile {
  std::string path;  // "apps.d/clearreply.yaml"
  std::unique_ptr<app::Files> files;
  lint::Linted linted;
};

// `name`: a file (its folder's parent is the root), or an app of `root`/apps.d.  Prints what is
// wrong with it to standard error; null: it has errors, or is not there.
std::unique_ptr<AppFile> open_app(const std::string& command, const std::string& root,
                                  const std::string& name);

}  // namespace plenum::tools
