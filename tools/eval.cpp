// plenum eval: one CEL expression over some data, with the checker and the messages that app files
// get.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "engine/app/value.h"
#include "engine/cel/batch.h"
#include "engine/cel/cel.h"
#include "tools/command.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

struct Arguments {
  std::string expression, data;
  bool batch = false;
};

int print(const Problems& problems) {
  for (const Problem& problem : problems) {
    printf("%d:%d: error[%s]: %s\n", problem.start.line, problem.start.column, problem.code.c_str(),
           problem.message.c_str());
    if (!problem.help.empty()) printf("  help: %s\n", problem.help.c_str());
  }
  return 1;
}

int eval(const Arguments& arguments) {
  if (arguments.batch) return batch([](const Json& line) { return cel::evaluate_line(line); });
  if (arguments.expression.empty()) return complain("eval", "give an expression, or --batch");
  const Result<Json> data = data_argument(arguments.data);
  if (!data) return complain("eval", "--data: " + data.error().message);
  if (!data->is_object())
    return complain("eval", "--data must be an object: its members are the names in scope");
  cel::Names names;
  for (const auto& [name, value] : data->items()) names[name] = app::type_of(value);
  const auto code = cel::Expression::compile(arguments.expression, names);
  if (!code) return print(code.error());
  const Result<Json> value = code->evaluate(ObjectScope(*data));
  if (!value) {
    printf("error: %s\n", value.error().message.c_str());
    return 1;
  }
  printf("%s\n", value->dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return 0;
}

}  // namespace

void add_eval(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("eval", "Computes a CEL expression over data");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("expression", arguments->expression, "For example 'size(tones) == 4'");
  command->add_option("--data", arguments->data,
                      "A JSON object or the file of one: the names in scope");
  command->add_flag("--batch", arguments->batch,
                    "One {\"expr\", \"bindings\"} per line on standard input, one {\"value\"} or "
                    "{\"error\"} per line out");
  command->callback([arguments, &run] { run = [arguments] { return eval(*arguments); }; });
}

}  // namespace plenum::tools
