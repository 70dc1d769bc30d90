// plenum explain: a node kind, a key or a function, or a check with its reason and examples; --all
// and --checks are the pages of all of them, docs/reference.md and engine/lint/README.md.
#include <CLI/CLI.hpp>

#include "engine/lint/check.h"
#include "engine/lint/pages.h"
#include "tools/command.h"
#include "tools/editor/reference.h"

namespace plenum::tools {

namespace {

bool is_code(const std::string& name) {
  return name.size() == 4 && isupper(static_cast<unsigned char>(name[0])) && isdigit(name[1]);
}

int explain_check(const std::string& code) {
  const std::string text = lint::explained(code);
  if (text.empty()) {
    std::vector<std::string> known;
    for (const lint::Check& check : lint::checks()) known.push_back(check.code);
    const std::string near = nearest(code, known);
    fprintf(stderr, "plenum explain: no check %s%s\n", code.c_str(),
            near.empty() ? "" : ("; there is " + near).c_str());
    return 2;
  }
  fputs(text.c_str(), stdout);
  return 0;
}

int explain(const std::string& name, bool all, bool checks) {
  if (checks) {
    fputs(lint::reference_page().c_str(), stdout);
    return 0;
  }
  if (is_code(name)) return explain_check(name);
  if (all) {
    fputs(editor::reference_page().c_str(), stdout);
    return 0;
  }
  if (name.empty()) {
    fputs("plenum explain: of what? A node kind, a key, a function, or a code such as X502\n",
          stderr);
    return 2;
  }
  std::string near;
  const std::string text = editor::explained(name, near);
  if (text.empty()) {
    fprintf(stderr, "plenum explain: no node kind, key or function %s%s\n", name.c_str(),
            near.empty() ? "" : ("; there is " + near).c_str());
    return 2;
  }
  fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

void add_explain(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "explain", "What a node kind, a key or a function does, or what a check says and why");
  auto name = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  auto checks = std::make_shared<bool>(false);
  auto* kinds = command->add_flag("--all", *all, "Every key, node kind and function, as Markdown");
  auto* page = command->add_flag("--checks", *checks, "Every check, as Markdown")->excludes(kinds);
  command->add_option("name", *name, "llm, retry, substring, …, or a code such as X502")
      ->excludes(kinds)
      ->excludes(page);
  command->callback([name, all, checks, &run] {
    run = [name, all, checks] { return explain(*name, *all, *checks); };
  });
}

}  // namespace plenum::tools
