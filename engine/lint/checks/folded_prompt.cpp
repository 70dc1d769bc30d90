// Y008: a prompt written with `>`, which joins its lines.
#include "engine/lint/check.h"

namespace plenum::lint {

namespace {

void look(const Subject& subject, const yaml::Node& node, Report& report) {
  for (const yaml::Node& item : node.items) look(subject, item, report);
  for (const yaml::Member& member : node.members) {
    look(subject, member.value, report);
    const bool prompt = member.key == "prompt" || member.key == "system";
    if (!prompt || member.value.style != yaml::Node::Style::folded) continue;
    Span mark = member.value.span;
    mark.end = {mark.start.line, mark.start.column + 1};
    report.add({"Y008",
                Severity::warning,
                mark,
                "`>` joins the lines of this prompt into one",
                "write `|`, which keeps them",
                {{"write `|`", true, {{mark, "|"}}}}});
  }
}

}  // namespace

Check folded_prompt_check() {
  return {"Y008",
          Severity::warning,
          "a prompt written with `>`",
          "`>` folds lines into one paragraph: lists and sections of a prompt run together. `|` "
          "keeps the "
          "lines as they are written.",
          R"(nodes:
  - id: a
    llm:
      model: quick
      prompt: «>»
        Answer with
        - a greeting
)",
          R"(nodes:
  - id: a
    llm:
      model: quick
      prompt: |
        Answer with
        - a greeting
)",
          [](const Subject& subject, Report& report) { look(subject, subject.root, report); }};
}

}  // namespace plenum::lint
