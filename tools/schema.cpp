// plenum schema: the JSON Schema of app files, as it stands in schemas/app.schema.json.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/command.h"
#include "tools/editor/schema.h"

namespace plenum::tools {

void add_schema(CLI::App& app, Run& run) {
  CLI::App* command =
      app.add_subcommand("schema", "The JSON Schema of app files, for editors (draft-07)");
  command->callback([&run] {
    run = [] {
      printf("%s\n", editor::app_schema().dump(2).c_str());
      return 0;
    };
  });
}

}  // namespace plenum::tools
