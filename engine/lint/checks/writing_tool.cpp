// A808: a tool that writes without asking anybody.
#include "engine/lint/check.h"

namespace plenum::lint {

namespace {

bool writes(const yaml::Node& tool) {
  const auto any = [&](const char* kind, std::initializer_list<const char*> keys) {
    const yaml::Node* args = tool.find(kind);
    return args && std::any_of(keys.begin(), keys.end(),
                               [&](const char* key) { return args->find(key) != nullptr; });
  };
  const yaml::Node* mcp = tool.find("mcp");
  const yaml::Node* repeatable = mcp ? mcp->find("repeatable") : nullptr;
  return any("http", {"post", "put", "patch", "delete"}) || any("store", {"put", "delete"}) ||
         any("ingest", {"into"}) ||
         (mcp && !(repeatable && repeatable->boolean));
}

void run(const Subject& subject, Report& report) {
  const yaml::Node* tools = subject.root.find("tools");
  if (!tools) return;
  for (const yaml::Member& member : tools->members) {
    const auto tool = subject.app.tools.find(member.key);
    if (tool == subject.app.tools.end() || tool->second->confirm) continue;
    if (member.value.find("confirm") || !writes(member.value)) continue;
    report.warning("A808", member.key_span,
                   "tool " + quote(member.key) + " writes whenever a model asks for it",
                   "confirm: true asks the client first; confirm: false says that this is meant");
  }
}

}  // namespace

Check writing_tool_check() {
  return {
      "A808",
      Severity::warning,
      "a tool that writes without `confirm`",
      "A model decides when a tool is called, and texts that it reads may talk it into that. "
      "What it cannot take back is asked about first; `confirm: false` says that this is meant.",
      R"(plenum: 1
app: test
models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
tools: {«refund»: {description: Pays back, http: {post: "https://crm.example/refund", idempotency: =run.id}}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello, tools: [refund]}}]}}
limits: {hosts: [crm.example]}
)",
      R"(plenum: 1
app: test
models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
tools: {refund: {description: Pays back, confirm: true, http: {post: "https://crm.example/refund", idempotency: =run.id}}}
routes: {POST /go: {start: main, quota: 10/day}, POST /agree: {resume: main.a}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello, tools: [refund]}}]}}
limits: {hosts: [crm.example]}
)",
      run};
}

}  // namespace plenum::lint
