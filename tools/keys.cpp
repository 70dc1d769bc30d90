// plenum keys: makes, lists and revokes the keys by which programs call an app.
//
// A key is made here and shown once; the server, or the database when none runs, gets its digest.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/ids.h"
#include "server/keys.h"
#include "tools/command.h"
#include "tools/data_folder.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

struct Arguments {
  DataArguments data;
  std::string app, user, plan = "free", label, id, format = "human";
  std::vector<std::string> roles;
  int days = 0;
};

Result<> check_word(const char* what, const std::string& word) {
  const auto good = [](unsigned char c) {
    return isalnum(c) || c == '_' || c == '-' || c == '.' || c == '@' || c == ':';
  };
  if (!word.empty() && word.size() <= 100 && std::all_of(word.begin(), word.end(), good)) return {};
  return fail(Kind::invalid, std::string(what) + " " + quote(word) +
                                 " must be 1 to 100 letters, digits and _-.@:");
}

Result<> check(const Arguments& arguments) {
  TRY(check_word("the app", arguments.app));
  if (!arguments.user.empty()) TRY(check_word("the user", arguments.user));
  TRY(check_word("the plan", arguments.plan));
  for (const std::string& role : arguments.roles) TRY(check_word("the role", role));
  if (arguments.label.size() > 100)
    return fail(Kind::invalid, "a label has at most 100 characters");
  return {};
}

ApiKey row_of(const Arguments& arguments) {
  ApiKey row;
  row.id = new_id("apikey");
  row.app = arguments.app;
  row.label = arguments.label;
  row.user = arguments.user.empty() ? row.id : arguments.user;
  row.owner = server::key_owner(row.app, row.user);
  row.plan = arguments.plan;
  row.roles = arguments.roles;
  row.created_at = SystemClock().now();
  if (arguments.days > 0) row.expires_at = row.created_at + arguments.days * 86'400'000LL;
  return row;
}

// Whether the app is served, as far as anybody knows.
Result<bool> put_key(const DataFolder& folder, const ApiKey& row) {
  const Json request{{"act", "create_key"}, {"key", server::key_json(row)}};
  if (const std::optional<Json> answer = TRY(ask_server(folder, request)))
    return answer->value("served", true);
  const std::unique_ptr<Store> store = TRY(open_store(folder));
  TRY(waited<void>(
      [&](Done<> done) { store->put_api_key(row, this_operator(), std::move(done)); }));
  return true;
}

Result<> end_key(const DataFolder& folder, const std::string& id) {
  if (TRY(ask_server(folder, Json{{"act", "revoke_key"}, {"key", id}}))) return {};
  const std::unique_ptr<Store> store = TRY(open_store(folder));
  TRY(waited<ApiKey>([&](Done<ApiKey> done) {
    store->revoke_api_key(id, SystemClock().now(), this_operator(), std::move(done));
  }));
  return {};
}

int create(const Arguments& arguments) {
  if (const Result<> good = check(arguments); !good) return complain("keys create", good.error());
  const Result<DataFolder> folder = data_folder(arguments.data);
  if (!folder) return complain("keys create", folder.error());
  if (const Result<> there = check_store(*folder); !there)
    return complain("keys create", there.error());
  ApiKey row = row_of(arguments);
  const std::string key = server::new_key();
  server::hide(key, row);
  const Result<bool> made = put_key(*folder, row);
  if (!made) return complain("keys create", made.error());
  if (!*made) fprintf(stderr, "at the moment the server serves no app `%s`\n", row.app.c_str());
  printf("%s\n", key.c_str());
  fprintf(stderr, "%s of %s, for %s; this is the only time that the key is shown\n", row.id.c_str(),
          row.app.c_str(), row.user.c_str());
  return 0;
}

Json about(const ApiKey& key, Millis now) {
  const auto when = [](Millis time) { return time ? Json(rfc3339(time)) : Json(); };
  const bool expired = key.expires_at && key.expires_at <= now;
  return Json{{"id", key.id},
              {"app", key.app},
              {"key", key.hint + "…"},
              {"label", key.label},
              {"user", key.user},
              {"owner", key.owner},
              {"plan", key.plan},
              {"roles", key.roles},
              {"status", key.revoked_at ? "revoked"
                         : expired      ? "expired"
                                        : "good"},
              {"created_at", when(key.created_at)},
              {"expires_at", when(key.expires_at)},
              {"revoked_at", when(key.revoked_at)},
              {"used_at", when(key.used_at)}};
}

int list(const Arguments& arguments) {
  const Result<std::unique_ptr<Inspection>> inspection = open_inspection(arguments.data);
  if (!inspection) return complain("keys list", inspection.error());
  const Result<std::vector<ApiKey>> keys = (*inspection)->api_keys(arguments.app);
  if (!keys) return complain("keys list", keys.error());
  const Millis now = SystemClock().now();
  Json all = Json::array();
  for (const ApiKey& key : *keys) all.push_back(about(key, now));
  if (arguments.format == "json") return printf("%s\n", to_text(all).c_str()), 0;
  for (const Json& key : all) {
    std::string roles;
    for (const Json& role : key.at("roles")) roles += " " + role.get<std::string>();
    printf("%s  %-8s %s  %s  plan %s%s%s  used %s  %s\n", text_or(key, "id").c_str(),
           text_or(key, "status").c_str(), text_or(key, "app").c_str(),
           text_or(key, "user").c_str(), text_or(key, "plan").c_str(),
           roles.empty() ? "" : "  roles", roles.c_str(),
           text_or(key, "used_at", "never").substr(0, 13).c_str(), text_or(key, "label").c_str());
  }
  return 0;
}

int revoke(const Arguments& arguments) {
  const Result<DataFolder> folder = data_folder(arguments.data);
  if (!folder) return complain("keys revoke", folder.error());
  if (const Result<> there = check_store(*folder); !there)
    return complain("keys revoke", there.error());
  const Result<> gone = end_key(*folder, arguments.id);
  if (!gone && gone.error().kind == Kind::not_found) {
    complain("keys revoke",
             "there is no key " + quote(arguments.id) + ": `plenum keys list` has them");
    return kRefused;
  }
  if (!gone) return complain("keys revoke", gone.error());
  printf("%s opens nothing any more\n", arguments.id.c_str());
  return 0;
}

}  // namespace

void add_keys(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "keys",
      "Keys by which programs call an app; exit 0 done, 1 there is no such key, 2 bad usage, 3 the "
      "data cannot be used");
  command->require_subcommand(1);
  auto arguments = std::make_shared<Arguments>();

  CLI::App* make = command->add_subcommand("create", "Makes a key and shows it, once");
  make->add_option("app", arguments->app, "The app that it opens")->required();
  make->add_option("--user", arguments->user,
                   "Whom it acts for; keys of one user share their data (a user of its own)");
  make->add_option("--role", arguments->roles, "A role that it has; may come again");
  make->add_option("--plan", arguments->plan, "Its plan")->capture_default_str();
  make->add_option("--label", arguments->label, "What it is for");
  make->add_option("--days", arguments->days, "How long it is good (for ever)")
      ->check(CLI::Range(1, 36'500));
  add_data_options(*make, arguments->data);
  make->callback([arguments, &run] { run = [arguments] { return create(*arguments); }; });

  CLI::App* show = command->add_subcommand("list", "Lists them, of one app or of all");
  show->add_option("app", arguments->app, "The app");
  show->add_option("--format", arguments->format, "human or json")
      ->check(CLI::IsMember({"human", "json"}));
  add_data_options(*show, arguments->data);
  show->callback([arguments, &run] { run = [arguments] { return list(*arguments); }; });

  CLI::App* end = command->add_subcommand("revoke", "From now on the key opens nothing");
  end->add_option("id", arguments->id, "apikey_…, as `list` names it")->required();
  add_data_options(*end, arguments->data);
  end->callback([arguments, &run] { run = [arguments] { return revoke(*arguments); }; });
}

}  // namespace plenum::tools
