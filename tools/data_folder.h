// The data folder that operators' commands work on, whether a server has it or not.
#pragma once

#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
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

// What is kept there, to be read; also beside a server.
Result<std::unique_ptr<Inspection>> open_inspection(const DataArguments& arguments);
// What the server that has the folder answers to an act (server/operate.h).  Nothing: no server has
// it, so the act is done here, with open_store().
Result<std::optional<Json>> ask_server(const DataFolder& folder, const Json& request);

// cancel, retry, pause or resume: asked of the server that has the folder, or done here when none
// has.  Returns what the run is then.
Result<std::string> change_run(const DataFolder& folder, const plenum::Run& run,
                               const std::string& act);

// That there is a store: a folder that is none is not to be made by a slip of the pen.
Result<> check_store(const DataFolder& folder);
// The store of a folder that no server has, under its lock; answers come at once.
Result<std::unique_ptr<Store>> open_store(const DataFolder& folder);
// What such a store answers to `ask`.
template <typename T, typename Ask>
Result<T> waited(Ask ask) {
  std::promise<Result<T>> answer;
  ask([&](Result<T> result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}
// Who runs this command, for the record.
Actor this_operator();

// Exit statuses that these commands share.
inline constexpr int kRefused = 1, kUsage = 2, kUnusable = 3;
// Prints the error as complain() does; returns the status for it.
int complain(const std::string& command, const Error& error);

}  // namespace plenum::tools
