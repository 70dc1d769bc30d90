// plenum serve: HTTP API, workers and schedules in one process.
#include "server/serve.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>

#include "tools/command.h"
#include "tools/settings.h"

namespace plenum::tools {

namespace {

struct Arguments {
  std::string root = ".", apps, data, listen, port_file;
};

int serve(const Arguments& arguments) {
  Result<server::ServeOptions> options = read_settings(arguments.root);
  if (options && !arguments.listen.empty())
    if (const Result<> set = set_listen(*options, arguments.listen); !set)
      options = tl::unexpected(set.error());
  if (!options) {
    fprintf(stderr, "plenum serve: %s\n", options.error().message.c_str());
    return 2;
  }
  if (!arguments.apps.empty()) options->engine.apps = arguments.apps;
  if (!arguments.data.empty()) options->engine.data = arguments.data;
  options->engine.extract_helper = extract_helper();
  const Result<> served = server::serve(*std::move(options));
  if (served) return 0;
  fprintf(stderr, "plenum serve: %s\n", served.error().message.c_str());
  return 3;
}

}  // namespace

void add_serve(CLI::App& app, Run& run) {
  CLI::App* command =
      app.add_subcommand("serve", "Serves the apps over HTTP, with their jobs, in one process");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--root", arguments->root, "The folder that holds apps.d/ and plenum.yaml")
      ->capture_default_str();
  command->add_option("--apps", arguments->apps,
                      "The folder of the app files, below the root (apps.d)");
  command->add_option("--data", arguments->data, "The folder of the database and the files (data)");
  command->add_option("--listen", arguments->listen,
                      "Address and port (127.0.0.1:8080); port 0 takes a free one");
  command->callback([arguments, &run] { run = [arguments] { return serve(*arguments); }; });
}

}  // namespace plenum::tools
