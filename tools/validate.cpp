// plenum validate: a JSON value against a JSON Schema, with the messages that clients get.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/schema/batch.h"
#include "engine/schema/schema.h"
#include "tools/command.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

struct Arguments {
  std::string schema, data;
  bool batch = false;
};

// Schemas beside the given one, for relative references.
schema::Options beside(const std::string& path) {
  schema::Options options;
  options.load = [folder = std::filesystem::path(path).parent_path()](
                     std::string_view uri) -> std::optional<Json> {
    const Result<std::string> text = file_text((folder / std::string(uri)).string());
    if (!text) return std::nullopt;
    Result<Json> value = parse_json(*text);
    if (!value) return std::nullopt;
    return *std::move(value);
  };
  return options;
}

int validate(const Arguments& arguments) {
  if (arguments.batch) return batch([](const Json& line) { return schema::batch(line); });
  if (arguments.schema.empty() || arguments.data.empty())
    return complain("validate", "give a schema and data, or --batch");
  const Result<Json> json = data_argument(arguments.schema);
  if (!json) return complain("validate", arguments.schema + ": " + json.error().message);
  const Result<Json> data = data_argument(arguments.data);
  if (!data) return complain("validate", arguments.data + ": " + data.error().message);
  const auto code = schema::Schema::compile(*json, beside(arguments.schema));
  if (!code) {
    for (const schema::Mistake& mistake : code.error()) {
      printf("%s%s: error[%s]: %s\n", arguments.schema.c_str(), mistake.pointer.c_str(),
             mistake.code.c_str(), mistake.message.c_str());
      if (!mistake.help.empty()) printf("  help: %s\n", mistake.help.c_str());
    }
    return 2;
  }
  const std::vector<Violation> violations = code->validate(*data);
  for (const Violation& violation : violations)
    printf("%s: %s\n", violation.pointer.empty() ? "(the whole value)" : violation.pointer.c_str(),
           violation.message.c_str());
  if (violations.empty()) printf("valid\n");
  return violations.empty() ? 0 : 1;
}

}  // namespace

void add_validate(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "validate", "Checks a JSON value against a JSON Schema; exit 0 valid, 1 not, 2 no schema");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("schema", arguments->schema, "The schema's file, or its text");
  command->add_option("data", arguments->data, "The value's file, or its text");
  command->add_flag("--batch", arguments->batch,
                    "One {\"schema\", \"data\"} per line on standard input, one {\"valid\", "
                    "\"errors\"} or {\"error\"} per line out");
  command->callback([arguments, &run] { run = [arguments] { return validate(*arguments); }; });
}

}  // namespace plenum::tools
