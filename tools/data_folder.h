// The data folder that operators' commands work on, whether a server has it or not.
#pragma once

#include <memory>
#include <string>

#include "engine/store/inspection.h"

namespace CLI {
class App;
}

namespace plenum::tools {

struct DataArguments {
  std::string root = ".", data;
};
void add_data_options(CLI::App& command, DataArguments& arguments);

struct DataFolder {
  std::string path;
  std::string database() const { return path + "/plenum.db"; }
  std::string files() const { return path + "/files"; }
};
// As the server's settings name it.
Result<DataFolder> data_folder(const DataArguments& arguments);

// cancel, retry, pause or resume: asked of the server that has the folder, or done here when none
// has.  Returns what the run is then.
Result<std::string> change_run(const DataFolder& folder, const plenum::Run& run,
                               const std::string& act);

// Exit statuses that these commands share.
inline constexpr int kRefused = 1, kUsage = 2, kUnusable = 3;
// Prints the error as complain() does; returns the status for it.
int complain(const std::string& command, const Error& error);

}  // namespace plenum::tools
