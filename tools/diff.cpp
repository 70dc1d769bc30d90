// plenum diff: two versions of an app, and what the change means to those who depend on it.
#include <CLI/CLI.hpp>

#include "engine/lint/check.h"
#include "engine/lint/worst.h"
#include "tools/app_file.h"
#include "tools/command.h"
#include "tools/comparing/compare.h"

namespace plenum::tools {

namespace {

using comparing::Change;

const char* title(Change::For whom) {
  switch (whom) {
    case Change::For::clients:
      return "for clients";
    case Change::For::cost:
      return "for cost";
    case Change::For::runs:
      return "for runs under way";
    case Change::For::rows:
      return "for stored rows";
  }
  return "";
}

std::string worst_text(const lint::Worst& worst) {
  char text[80];
  snprintf(text, sizeof text, "%.4g USD in %lld model calls", worst.cost_usd,
           static_cast<long long>(worst.calls));
  return text;
}

// What a run of each graph costs at worst, by lint's reckoning.
void add_worst(const AppFile& was, const AppFile& is, std::vector<Change>& changes) {
  const std::vector<Diagnostic> none;
  const lint::Subject before(was.linted.draft, *was.files, none);
  const lint::Subject after(is.linted.draft, *is.files, none);
  for (const auto& [name, graph] : was.linted.app->graphs) {
    const auto other = is.linted.app->graphs.find(name);
    if (other == is.linted.app->graphs.end()) continue;
    const std::string cost = worst_text(lint::worst_of(before, graph));
    const std::string now = worst_text(lint::worst_of(after, other->second));
    if (cost != now)
      changes.push_back(
          {Change::For::cost, false, "a run of " + name + ": at worst " + now + ", was " + cost});
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.whom < b.whom; });
}

int diff(const std::string& before, const std::string& after) {
  const auto was = open_app("diff", ".", before), is = open_app("diff", ".", after);
  if (!was || !is) return 2;
  std::vector<Change> changes = comparing::compare(*was->linted.app, *is->linted.app);
  add_worst(*was, *is, changes);
  size_t breaking = 0;
  const char* under = "";
  for (const Change& change : changes) {
    if (std::string_view(under) != title(change.whom)) printf("%s\n", under = title(change.whom));
    printf("  %s %s\n", change.breaking ? "BREAKS" : "      ", change.what.c_str());
    breaking += change.breaking;
  }
  if (changes.empty())
    printf("%s\n", was->linted.app->hash == is->linted.app->hash
                       ? "the same app"
                       : "no change that anybody depends on");
  else
    printf("%zu of %zu changes break something\n", breaking, changes.size());
  return breaking ? 1 : 0;
}

}  // namespace

void add_diff(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "diff", "What changed between two versions of an app; exit 0 compatible, 1 breaking");
  auto before = std::make_shared<std::string>(), after = std::make_shared<std::string>();
  command->add_option("old", *before, "The app file that is served now")->required();
  command->add_option("new", *after, "The app file that is to be served")->required();
  command->callback([=, &run] { run = [=] { return diff(*before, *after); }; });
}

}  // namespace plenum::tools
