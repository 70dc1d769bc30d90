// R205: a model that no node names, not even as a fallback.
#include "engine/lint/check.h"
#include "engine/lint/deletion.h"

namespace plenum::lint {

namespace {

// Every text of the file; a model's name in any of them counts as used: better silent than wrong.
void collect(const yaml::Node& node, std::set<std::string>& words) {
  if (!node.text.empty()) words.insert(node.text);
  for (const yaml::Node& item : node.items) collect(item, words);
  for (const yaml::Member& member : node.members) collect(member.value, words);
}

void run(const Subject& subject, Report& report) {
  const yaml::Node* models = subject.root.find("models");
  if (!models || !subject.root.find("app")) return;  // a library's are for others
  std::set<std::string> words;
  collect(subject.root, words);
  for (const yaml::Member& member : models->members)
    if (!words.contains(member.key) && !subject.spoken_of(member.key))
      report.add({"R205", Severity::warning, member.key_span,
                  "model " + quote(member.key) + " is never used",
                  "remove it, or name it in a node or a fallback", deletion(*models, member)});
}

}  // namespace

Check unused_model_check() {
  return {"R205",
          Severity::warning,
          "a model that is never used",
          "A model that no node and no fallback names is left over from a change, or a node names "
          "another one by mistake.",
          R"(plenum: 1
app: test
models:
  writer: {use: openai/gpt-5-mini, max_tokens: 100}
  «judge»: {use: openai/gpt-5-mini, max_tokens: 100}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: writer, prompt: Hello}}]}}
)",
          R"(plenum: 1
app: test
models:
  writer: {use: openai/gpt-5-mini, max_tokens: 100, fallback: [judge]}
  judge: {use: openai/gpt-5-mini, max_tokens: 100}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: writer, prompt: Hello}}]}}
)",
          run};
}

}  // namespace plenum::lint
