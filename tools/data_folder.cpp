// Reading goes past the server, by a read-only connection.  A change is the server's: it alone
// writes, and knows what its runs are doing.  Where there is none, the command takes the server's
// lock for as long as it needs, so that none can start meanwhile.
#include "tools/data_folder.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/control.h"
#include "server/operate.h"
#include "tools/settings.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

Result<plenum::Run> act_on(Store& store, const plenum::Run& run, const std::string& act) {
  const Millis now = SystemClock().now();
  return waited<plenum::Run>([&](Done<plenum::Run> done) {
    if (act == "cancel")
      return store.cancel(run.owner, run.id, now, std::move(done), this_operator());
    const Store::Act which = act == "retry"   ? Store::Act::retry
                             : act == "pause" ? Store::Act::pause
                                              : Store::Act::resume;
    store.operate(run.owner, run.id, which, now, std::move(done), this_operator());
  });
}

}  // namespace

void add_data_options(CLI::App& command, DataArguments& arguments) {
  command.add_option("--data", arguments.data, "The server's data folder (data)");
  command.add_option("--root", arguments.root, "The folder that holds plenum.yaml")
      ->capture_default_str();
}

Result<DataFolder> data_folder(const DataArguments& arguments) {
  if (!arguments.data.empty()) return DataFolder{arguments.data};
  return DataFolder{TRY(read_settings(arguments.root)).engine.data};
}

Result<std::unique_ptr<Inspection>> open_inspection(const DataArguments& arguments) {
  return Inspection::open(TRY(data_folder(arguments)).database());
}

Result<std::optional<Json>> ask_server(const DataFolder& folder, const Json& request) {
  Result<Json> answer = server::ask_server(folder.path, request);
  if (answer) return std::optional<Json>(*std::move(answer));
  if (answer.error().code != "not_served") return fail(answer.error());
  return std::nullopt;
}

Result<std::string> change_run(const DataFolder& folder, const plenum::Run& run,
                               const std::string& act) {
  const std::optional<Json> answer = TRY(ask_server(
      folder,
      Json{{"act", act}, {"app", run.owner.app}, {"owner", run.owner.owner}, {"run", run.id}}));
  if (answer) return text_or(*answer, "status");
  const std::unique_ptr<Store> store = TRY(open_store(folder));
  return std::string(name(TRY(act_on(*store, run, act)).status));
}

Result<> check_store(const DataFolder& folder) {
  TRY(Inspection::open(folder.database()));
  return {};
}

Result<std::unique_ptr<Store>> open_store(const DataFolder& folder) {
  return open_sqlite_store(folder.database(), [](const std::function<void()>& done) { done(); });
}

Actor this_operator() {
  return {server::operator_name(getuid())};
}

int complain(const std::string& command, const Error& error) {
  complain(command, error.message);
  return error.kind == Kind::invalid ? kUsage : kUnusable;
}

}  // namespace plenum::tools
