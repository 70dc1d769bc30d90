// plenum grant, revoke, grants: plans that an operator gives, beside those that are bought.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/command.h"
#include "tools/data_folder.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

struct Arguments {
  std::string command;  // "grant", "revoke" or "grants"
  DataArguments data;
  std::string app, user, plan, until, format = "human";
};

bool is_name(const std::string& text, size_t longest) {
  return !text.empty() && text.size() <= longest &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

// A day ("2027-01-31", all of it) or a moment; nothing when it is neither.
std::optional<Millis> end_of(const std::string& text) {
  constexpr Millis kDay = 86'400'000;
  if (const auto moment = parse_rfc3339(text)) return moment;
  const auto day = parse_rfc3339(text + "T00:00:00Z");
  return day ? std::optional(*day + kDay) : std::nullopt;
}

Result<Grant> grant_of(const Arguments& arguments) {
  Grant grant{arguments.app, arguments.user, arguments.plan, SystemClock().now(), 0};
  if (!is_name(grant.app, 100) || !is_name(grant.user, 255) ||
      !(grant.plan.empty() || is_name(grant.plan, 64)))
    return fail(Kind::invalid, "app, user and plan are names without spaces");
  if (arguments.until.empty()) return grant;
  const auto end = end_of(arguments.until);
  if (!end)
    return fail(Kind::invalid, "--until is `" + arguments.until +
                                   "`; write a day, 2027-01-31, or a moment, 2027-01-31T12:00:00Z");
  if (*end <= grant.granted_at)
    return fail(Kind::invalid, "--until " + arguments.until + " is past already");
  grant.expires_at = *end;
  return grant;
}

// By the server that has the folder, or here when none has.
Result<int> perform(const DataFolder& folder, const std::string& act, const Grant& grant) {
  const Json request{{"act", act},
                     {"app", grant.app},
                     {"user", grant.user},
                     {"plan", grant.plan},
                     {"until", grant.expires_at}};
  if (const std::optional<Json> answer = TRY(ask_server(folder, request)))
    return answer->value("count", 0);
  const std::unique_ptr<Store> store = TRY(open_store(folder));
  if (act == "revoke")
    return waited<int>([&](Done<int> done) {
      store->revoke(grant, grant.granted_at, this_operator(), std::move(done));
    });
  TRY(waited<void>([&](Done<> done) { store->grant(grant, this_operator(), std::move(done)); }));
  return 1;
}

int change(const Arguments& arguments) {
  const Result<DataFolder> folder = data_folder(arguments.data);
  if (!folder) return complain(arguments.command, folder.error());
  const Result<Grant> grant = grant_of(arguments);
  if (!grant) return complain(arguments.command, grant.error());
  if (const Result<> there = check_store(*folder); !there)
    return complain(arguments.command, there.error());
  const Result<int> count = perform(*folder, arguments.command, *grant);
  if (!count) return complain(arguments.command, count.error());
  if (*count == 0) {
    complain(arguments.command, "no such plan was granted to `" + grant->user + "` of `" +
                                    grant->app + "`: `plenum grants` lists them");
    return kRefused;
  }
  if (arguments.command == "revoke")
    printf("taken back: %d\n", *count);
  else
    printf("%s of %s has the plan %s %s\n", grant->user.c_str(), grant->app.c_str(),
           grant->plan.c_str(),
           grant->expires_at ? ("until " + rfc3339(grant->expires_at)).c_str() : "for ever");
  return 0;
}

int list(const Arguments& arguments) {
  const Result<std::unique_ptr<Inspection>> inspection = open_inspection(arguments.data);
  if (!inspection) return complain("grants", inspection.error());
  const Result<std::vector<Grant>> grants = (*inspection)->grants(arguments.app);
  if (!grants) return complain("grants", grants.error());
  const auto end = [](const Grant& grant) {
    return grant.expires_at ? rfc3339(grant.expires_at) : std::string();
  };
  if (arguments.format == "json") {
    Json all = Json::array();
    for (const Grant& grant : *grants)
      all.push_back(Json{{"app", grant.app},
                         {"user", grant.user},
                         {"plan", grant.plan},
                         {"granted_at", rfc3339(grant.granted_at)},
                         {"until", grant.expires_at ? Json(end(grant)) : Json()}});
    printf("%s\n", all.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return 0;
  }
  if (grants->empty()) fprintf(stderr, "no plan was granted\n");
  for (const Grant& grant : *grants)
    printf("%-20s %-32s %-12s %s\n", grant.app.c_str(), grant.user.c_str(), grant.plan.c_str(),
           grant.expires_at ? ("until " + end(grant)).c_str() : "for ever");
  return 0;
}

CLI::App* command(CLI::App& app, Run& run, const char* name, const char* help,
                  const std::shared_ptr<Arguments>& arguments, int (*what)(const Arguments&)) {
  CLI::App* made = app.add_subcommand(name, help);
  arguments->command = name;
  add_data_options(*made, arguments->data);
  made->callback([arguments, what, &run] { run = [arguments, what] { return what(*arguments); }; });
  return made;
}

}  // namespace

void add_grant(CLI::App& app, Run& run) {
  auto given = std::make_shared<Arguments>();
  CLI::App* grant = command(app, run, "grant",
                            "Gives a user a plan, also while a server has the data; exit 0 done, "
                            "2 bad usage, 3 the data cannot be used",
                            given, change);
  grant->add_option("app", given->app, "The app")->required();
  grant->add_option("user", given->user, "The user's id, as sign-in names it")->required();
  grant->add_option("plan", given->plan, "The plan")->required();
  grant->add_option("--until", given->until, "A day, all of it, or a moment (for ever)");

  auto taken = std::make_shared<Arguments>();
  CLI::App* revoke =
      command(app, run, "revoke",
              "Takes a granted plan back, or all of a user; exit 1 there is none", taken, change);
  revoke->add_option("app", taken->app, "The app")->required();
  revoke->add_option("user", taken->user, "The user's id")->required();
  revoke->add_option("plan", taken->plan, "The plan (all of them)");

  auto listed = std::make_shared<Arguments>();
  CLI::App* grants = command(app, run, "grants", "The plans that were granted", listed, list);
  grants->add_option("app", listed->app, "Only of this app");
  grants->add_option("--format", listed->format, "human or json")
      ->check(CLI::IsMember({"human", "json"}));
}

}  // namespace plenum::tools
