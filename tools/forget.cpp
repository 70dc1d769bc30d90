// plenum forget: deletes what is kept for one owner, as a user may demand.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "engine/blob/blobs.h"
#include "tools/command.h"
#include "tools/data_folder.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

struct Arguments {
  DataArguments data;
  std::string app, owner, user;
  bool yes = false;
};

// With the first piece goes the line of the record.
Result<Swept> forget_some(Store& store, const Owner& owner, bool first) {
  std::optional<AuditRow> record;
  if (first) record = forgetting(owner, this_operator(), SystemClock().now());
  return waited<Swept>(
      [&](Done<Swept> done) { store.forget(owner, 1'000, std::move(done), std::move(record)); });
}

Result<> forget_here(const DataFolder& folder, const Owner& owner) {
  const std::unique_ptr<Store> store = TRY(open_store(folder));
  const std::unique_ptr<Blobs> blobs = TRY(open_disk_blobs(folder.files()));
  for (bool first = true, more = true; more; first = false) {
    const Swept swept = TRY(forget_some(*store, owner, first));
    for (const FileRow& file : swept.files)
      TRY(blobs->remove(file.owner.app, file.owner.owner, file.digest));
    more = swept.more;
  }
  return {};
}

Result<> forget_owner(const DataFolder& folder, const Owner& owner) {
  const Json request{{"act", "forget"}, {"app", owner.app}, {"owner", owner.owner}};
  if (TRY(ask_server(folder, request))) return {};
  return forget_here(folder, owner);
}

// Purchases and grants stand under the name that sign-in knows, not under the owner's digest.
Result<> forget_user(const DataFolder& folder, const std::string& app, const std::string& user) {
  const Json request{{"act", "forget_user"}, {"app", app}, {"user", user}};
  if (TRY(ask_server(folder, request))) return {};
  const std::unique_ptr<Store> store = TRY(open_store(folder));
  TRY(waited<int>([&](Done<int> done) {
    store->forget_user(app, user, SystemClock().now(), this_operator(), std::move(done));
  }));
  return {};
}

int forget(const Arguments& arguments) {
  const Result<DataFolder> folder = data_folder(arguments.data);
  if (!folder) return complain("forget", folder.error());
  const Result<std::unique_ptr<Inspection>> inspection = Inspection::open(folder->database());
  if (!inspection) return complain("forget", inspection.error());
  const Owner owner{arguments.app, arguments.owner};
  const Result<bool> known = (*inspection)->knows(owner);
  if (!known) return complain("forget", known.error());
  if (!*known) {
    complain("forget", "nothing was ever kept for the owner `" + owner.owner + "` of `" +
                           owner.app + "`: `plenum runs show` tells a run's owner");
    return kRefused;
  }
  if (!arguments.yes)
    return complain("forget",
                    "this deletes all runs, rows and files of the owner for good; say "
                    "--yes if that is what you want");
  Result<> done = forget_owner(*folder, owner);
  if (done && !arguments.user.empty()) done = forget_user(*folder, arguments.app, arguments.user);
  if (!done) return complain("forget", done.error());
  printf("what was kept for %s of %s is deleted\n", owner.owner.c_str(), owner.app.c_str());
  return 0;
}

}  // namespace

void add_forget(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "forget",
      "Deletes what is kept for one owner, also while a server has the data; exit 0 done, 1 there "
      "is no such owner, 2 bad usage, 3 the data cannot be used");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("app", arguments->app, "The app")->required();
  command->add_option("owner", arguments->owner, "The owner, as `plenum runs show` names it")
      ->required();
  command->add_option("--user", arguments->user,
                      "Their id at sign-in: purchases and granted plans under it are deleted, too");
  command->add_flag("--yes", arguments->yes, "It is meant");
  add_data_options(*command, arguments->data);
  command->callback([arguments, &run] { run = [arguments] { return forget(*arguments); }; });
}

}  // namespace plenum::tools
