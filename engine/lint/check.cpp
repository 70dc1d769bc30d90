#include "engine/lint/check.h"

#include "engine/lint/places.h"
#include "engine/lint/schema_walk.h"

namespace plenum::lint {

Subject::Subject(const app::Draft& draft, const app::Files& files,
                 const std::vector<Diagnostic>& loaders)
    : app(*draft.app), root(*draft.root), draft(draft), files(files), loaders_(loaders) {
  index(root);
}

void Subject::index(const yaml::Node& node) {
  if (const yaml::Node* id = node.find("id")) nodes_.emplace(id->span.start, &node);
  for (const yaml::Node& item : node.items) index(item);
  for (const yaml::Member& member : node.members) index(member.value);
}

const yaml::Node* Subject::node(const app::NodeDef& def) const {
  // A library's nodes stand in another file.
  if (!def.span.file || *def.span.file != *root.span.file) return nullptr;
  const auto it = nodes_.find(def.span.start);
  return it == nodes_.end() ? nullptr : it->second;
}

bool Subject::sound(const yaml::Node& part) const {
  return std::none_of(loaders_.begin(), loaders_.end(), [&](const Diagnostic& d) {
    return d.severity == Severity::error &&
           (within(d.span, part.span) || !d.span.file || *d.span.file != *root.span.file);
  });
}

bool Subject::spoken_of(const std::string& name) const {
  const std::string quoted = quote(name);
  return std::any_of(loaders_.begin(), loaders_.end(), [&](const Diagnostic& d) {
    return d.message.find(quoted) != std::string::npos || d.help.find(quoted) != std::string::npos;
  });
}

const Check* find_check(std::string_view code) {
  for (const Check& check : checks())
    if (check.code == code) return &check;
  return nullptr;
}

void found(Report& report, const Check& check, const Span& span, std::string message,
           std::string help, std::vector<Fix> fixes) {
  report.add(
      {check.code, check.severity, span, std::move(message), std::move(help), std::move(fixes)});
}

}  // namespace plenum::lint
