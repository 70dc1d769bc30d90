// R209: files of an app's folders that no app uses; only known when all apps of the folder are.
#pragma once

#include <vector>

#include "engine/app/load.h"
#include "engine/base/diagnostic.h"

namespace plenum::lint {

// `drafts`: every app of the folder, without errors.
void report_unused_files(const std::vector<app::Draft>& drafts, const app::Files& files,
                         Report& report);

}  // namespace plenum::lint
