// C902: a model whose answers may be of any length.
#include "engine/lint/check.h"

namespace plenum::lint {

namespace {

// Whether every node that names the model has a `max_tokens` of its own.
bool bounded_in_nodes(const yaml::Node& node, const std::string& model, bool& named) {
  for (const yaml::Node& item : node.items)
    if (!bounded_in_nodes(item, model, named)) return false;
  for (const yaml::Member& member : node.members) {
    const yaml::Node* name = member.key == "llm" ? member.value.find("model") : nullptr;
    if (name && name->text == model) {
      named = true;
      if (!member.value.find("max_tokens")) return false;
    }
    if (!bounded_in_nodes(member.value, model, named)) return false;
  }
  return true;
}

void run(const Subject& subject, Report& report) {
  const yaml::Node* models = subject.root.find("models");
  if (!models) return;
  for (const yaml::Member& member : models->members) {
    bool named = false;
    const bool embeds = member.value.find("kind") && member.value.find("kind")->text == "embedding";
    const yaml::Node* use = member.value.find("use");
    const bool free = use && use->text.starts_with("offline/");
    if (free || !member.value.is(yaml::Node::Kind::map) || member.value.find("max_tokens") ||
        embeds || !subject.sound(member.value) ||
        (bounded_in_nodes(subject.root, member.key, named) && named))
      continue;
    report.warning(
        "C902", member.key_span,
        "model " + quote(member.key) + " has no `max_tokens`: what a call costs has no bound",
        "max_tokens: 2000, or as long as the longest answer should be");
  }
}

}  // namespace

Check model_without_max_tokens_check() {
  return {"C902",
          Severity::warning,
          "a model without `max_tokens`",
          "Output is what costs most, and only `max_tokens` bounds it. Without it 8192 tokens are "
          "reserved for every call.",
          R"(plenum: 1
app: test
models: {«m»: {use: openai/gpt-5-mini}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
)",
          R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 2000}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
)",
          run};
}

}  // namespace plenum::lint
