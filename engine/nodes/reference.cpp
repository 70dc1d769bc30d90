// The reference page, from the same field tables that the loader reads by: it cannot say anything
// else.
#include "engine/nodes/nodes.h"
#include "engine/run/node.h"

namespace plenum::nodes {

namespace {

// "{text: string, pages: integer}"
std::string shape(const Type& type) {
  if (!type.is(Type::Kind::object) || type.fields().empty()) return type.text();
  std::string text;
  for (const auto& [name, field] : type.fields())
    text += (text.empty() ? "" : ", ") + name + ": " + field.type.text();
  return "{" + text + "}";
}

std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string code_list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "`" : ", `") + word + "`";
  return text;
}

std::string section(const app::NodeKind& kind) {
  std::string text = "## " + kind.name + "\n\n" + kind.summary + "\n\n";
  text += "| key | value | |\n|---|---|---|\n";
  for (const app::FieldSpec& field : kind.fields)
    text += "| `" + field.name + "`" + (field.required ? "!" : "") + " | " + cell(field.type) +
            " | " + cell(field.summary) + " |\n";
  text += "\n";
  const Type result = kind.result(*kind.make());
  if (!result.is_any()) text += "Result: `" + shape(result) + "`. ";
  text += "Retries: " + std::to_string(kind.retries) + ".";
  if (kind.timeout.count() > 0)
    text += " Time: " + std::to_string(kind.timeout.count() / 1000) + "s.";
  if (!kind.later.empty()) text += " Not supported yet: " + code_list(kind.later) + ".";
  return text + "\n";
}

}  // namespace

std::string reference_page() {
  std::string page = R"(# Node kinds

Generated from the field tables; a test compares it. `!` marks what a node needs. The keys that every node has (`when`,
`set`, `next`, …) belong to `engine/run/`; authors read all of it in `docs/reference.md`.
)";
  for (const app::NodeKind& kind : kinds()) page += "\n" + section(kind);
  return page;
}

}  // namespace plenum::nodes
