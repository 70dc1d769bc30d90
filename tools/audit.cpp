// plenum audit: what operators did, and owners to their runs, and whether the record is whole.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/command.h"
#include "tools/data_folder.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

struct Arguments {
  DataArguments data;
  std::string app, owner, user, action, contains, format = "human";
  int limit = 50;
  bool verify = false;
};

Json as_json(const AuditRow& row) {
  return Json{{"number", row.number},     {"at", rfc3339(row.at)},  {"actor", row.actor},
              {"app", row.app},           {"owner", row.owner},     {"action", row.action},
              {"object", row.object},     {"outcome", row.outcome}, {"request", row.request},
              {"previous", row.previous}, {"hash", row.hash}};
}

int verify(const Arguments& arguments, Inspection& inspection) {
  const Result<AuditVerdict> found = inspection.verify_audit(arguments.contains);
  if (!found) return complain("audit", found.error());
  if (!found->broken.empty()) {
    complain("audit", "the record is broken: " + found->broken);
    return kRefused;
  }
  if (!found->contains) {
    complain("audit",
             "the record is whole in itself, but it does not contain that hash: its end "
             "was cut off, or all of it was made anew");
    return kRefused;
  }
  printf("%lld rows, whole; the last hash is %s\n", static_cast<long long>(found->rows),
         found->head.empty() ? "-" : found->head.c_str());
  return 0;
}

int list(const Arguments& arguments, Inspection& inspection) {
  AuditFilter filter;
  filter.app = arguments.app;
  filter.owner =
      arguments.user.empty() ? arguments.owner : user_digest(arguments.app, arguments.user);
  filter.action = arguments.action;
  filter.limit = arguments.limit;
  const Result<std::vector<AuditRow>> rows = inspection.audit(filter);
  if (!rows) return complain("audit", rows.error());
  if (arguments.format == "json") {
    Json all = Json::array();
    for (const AuditRow& row : *rows) all.push_back(as_json(row));
    printf("%s\n", all.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return 0;
  }
  if (rows->empty()) fprintf(stderr, "nothing is recorded\n");
  for (const AuditRow& row : *rows)
    printf("%-24s %-16s %-8s %-32s %-12s %s %s %s\n", rfc3339(row.at).c_str(), row.actor.c_str(),
           row.action.c_str(), row.object.c_str(), row.outcome.c_str(), row.app.c_str(),
           row.owner.c_str(), row.request.empty() ? "-" : row.request.c_str());
  return 0;
}

int audit(const Arguments& arguments) {
  if (!arguments.user.empty() && arguments.app.empty())
    return complain("audit", "--user needs --app");
  const Result<std::unique_ptr<Inspection>> inspection = open_inspection(arguments.data);
  if (!inspection) return complain("audit", inspection.error());
  const bool verifies = arguments.verify || !arguments.contains.empty();
  return verifies ? verify(arguments, **inspection) : list(arguments, **inspection);
}

}  // namespace

void add_audit(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "audit",
      "What operators did, and owners to their runs, the newest first; exit 1 the record is "
      "broken, 2 bad usage, 3 the data cannot be used");
  auto arguments = std::make_shared<Arguments>();
  command->add_flag("--verify", arguments->verify,
                    "Reads all of it and says whether any line was changed or taken out");
  command->add_option(
      "--contains", arguments->contains,
      "The same, and whether this hash, which an earlier --verify printed, is there: "
      "otherwise the end was cut off");
  command->add_option("--app", arguments->app, "Only of this app");
  command->add_option("--owner", arguments->owner, "Only about this owner");
  command->add_option("--user", arguments->user, "Only plans of this user of the app");
  command->add_option("--action", arguments->action,
                      "Only cancel, retry, pause, resume, forget, grant, revoke, create_key or "
                      "revoke_key");
  command->add_option("--limit", arguments->limit, "At most so many")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--format", arguments->format, "human or json")
      ->check(CLI::IsMember({"human", "json"}));
  add_data_options(*command, arguments->data);
  command->callback([arguments, &run] { run = [arguments] { return audit(*arguments); }; });
}

}  // namespace plenum::tools
