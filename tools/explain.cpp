// plenum explain: a node kind and its fields, from the table that the loader reads by, or a check
// with its reason and examples; --all and --checks are the pages of all of them,
// engine/nodes/README.md and engine/lint/README.md.
#include <CLI/CLI.hpp>

#include "engine/lint/check.h"
#include "engine/lint/pages.h"
#include "engine/nodes/nodes.h"
#include "tools/command.h"

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
    fputs(nodes::reference_page().c_str(), stdout);
    return 0;
  }
  const app::NodeKind* kind = app::find_kind(nodes::kinds(), name);
  if (!kind) {
    std::vector<std::string> known;
    for (const app::NodeKind& k : nodes::kinds()) known.push_back(k.name);
    if (name.empty())
      fprintf(stderr, "plenum explain: which node kind? There are %s\n", any_of(known).c_str());
    else
      fprintf(stderr, "plenum explain: no node kind %s; there are %s\n", name.c_str(),
              any_of(known).c_str());
    return 2;
  }
  printf("%s: %s\n\n", kind->name.c_str(), kind->summary.c_str());
  for (const app::FieldSpec& field : kind->fields)
    printf("  %-12s %-28s %s%s\n", field.name.c_str(), field.type.c_str(),
           field.required ? "(needed) " : "", field.summary.c_str());
  return 0;
}

}  // namespace

void add_explain(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "explain", "What a node kind does and takes, or what a check says and why");
  auto name = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  auto checks = std::make_shared<bool>(false);
  auto* kinds = command->add_flag("--all", *all, "Every node kind, as Markdown");
  auto* page = command->add_flag("--checks", *checks, "Every check, as Markdown")->excludes(kinds);
  command->add_option("name", *name, "llm, store, …, or a code such as X502")
      ->excludes(kinds)
      ->excludes(page);
  command->callback([name, all, checks, &run] {
    run = [name, all, checks] { return explain(*name, *all, *checks); };
  });
}

}  // namespace plenum::tools
