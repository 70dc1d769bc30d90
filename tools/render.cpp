// plenum render: one Mustache template filled with some data, strictly as in apps.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "engine/mustache/batch.h"
#include "engine/mustache/mustache.h"
#include "tools/command.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

struct Arguments {
  std::string file, data;
  bool batch = false;
};

int render(const Arguments& arguments) {
  if (arguments.batch) return batch([](const Json& line) { return mustache::batch(line); });
  if (arguments.file.empty()) return complain("render", "give a template file, or --batch");
  const Result<std::string> text = file_text(arguments.file);
  if (!text) return complain("render", text.error().message);
  const Result<Json> data = data_argument(arguments.data);
  if (!data) return complain("render", "--data: " + data.error().message);
  const bool html = arguments.file.ends_with(".html") || arguments.file.ends_with(".htm");
  const auto code = mustache::Template::parse(
      *text, {html ? mustache::Escape::html : mustache::Escape::none, true});
  if (!code) {
    for (const Problem& problem : code.error()) {
      printf("%s:%d:%d: error[%s]: %s\n", arguments.file.c_str(), problem.start.line,
             problem.start.column, problem.code.c_str(), problem.message.c_str());
      if (!problem.help.empty()) printf("  help: %s\n", problem.help.c_str());
    }
    return 1;
  }
  const Result<std::string> page = code->render(ObjectScope(*data));
  if (!page) {
    printf("%s:%s\n", arguments.file.c_str(), page.error().message.c_str());
    return 1;
  }
  fwrite(page->data(), 1, page->size(), stdout);
  return 0;
}

}  // namespace

void add_render(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("render", "Fills a Mustache template with data");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("file", arguments->file, "The template; .html escapes HTML");
  command->add_option("--data", arguments->data, "A JSON object or the file of one");
  command->add_flag("--batch", arguments->batch,
                    "One {\"template\", \"data\", \"partials\", \"html\", \"strict\"} per line on "
                    "standard input, one {\"text\"} or {\"error\"} per line out");
  command->callback([arguments, &run] { run = [arguments] { return render(*arguments); }; });
}

}  // namespace plenum::tools
