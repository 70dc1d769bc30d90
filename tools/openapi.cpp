// plenum openapi: the document that a served app has at /openapi.json.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/handle.h"
#include "tools/app_file.h"
#include "tools/command.h"
#include "tools/settings.h"

namespace plenum::tools {

namespace {

int openapi(const std::string& root, const std::string& name) {
  const auto app = open_app("openapi", root, name);
  if (!app) return 2;
  // Who signs in is the operator's to say; without their settings it is anybody's token.
  const Result<server::ServeOptions> settings = read_settings(root);
  const auto issuers =
      settings ? settings->sign_in.of(app->linted.app->name) : std::vector<server::auth::Issuer>();
  printf("%s\n", server::openapi(*app->linted.app, issuers)
                     .dump(2, ' ', false, Json::error_handler_t::replace)
                     .c_str());
  return 0;
}

}  // namespace

void add_openapi(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("openapi", "The OpenAPI document of an app");
  auto name = std::make_shared<std::string>();
  auto root = std::make_shared<std::string>(".");
  command->add_option("app", *name, "An app by name or file")->required();
  command->add_option("--root", *root, "The folder that holds apps.d/")->capture_default_str();
  command->callback([name, root, &run] { run = [name, root] { return openapi(*root, *name); }; });
}

}  // namespace plenum::tools
