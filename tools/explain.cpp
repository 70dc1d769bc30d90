// plenum explain: a node kind and its fields, from the table that the loader reads by; with --all
// the page of all kinds, engine/nodes/README.md.
#include <CLI/CLI.hpp>

#include "engine/nodes/nodes.h"
#include "tools/command.h"

namespace plenum::tools {

namespace {

int explain(const std::string& name, bool all) {
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
  CLI::App* command = app.add_subcommand("explain", "What a node kind does and takes");
  auto name = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  auto* page = command->add_flag("--all", *all, "Every kind, as Markdown");
  command->add_option("kind", *name, "llm, store, …")->excludes(page);
  command->callback([name, all, &run] { run = [name, all] { return explain(*name, *all); }; });
}

}  // namespace plenum::tools
