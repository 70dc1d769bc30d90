// A809: users' data that is kept for ever.
#include "engine/lint/check.h"

namespace plenum::lint {

namespace {

void run(const Subject& subject, Report& report) {
  const yaml::Node* collections = subject.root.find("collections");
  for (const auto& [name, collection] : subject.app.collections) {
    const yaml::Node* node = collections ? collections->find(name) : nullptr;
    if (collection.owned_by_app || collection.ttl || !node || !subject.sound(*node)) continue;
    report.warning("A809", collection.span,
                   "the users' data of " + quote(name) + " is kept for ever",
                   "say how long it is needed, for example ttl: 90d");
  }
}

}  // namespace

Check data_without_ttl_check() {
  return {"A809",
          Severity::warning,
          "users' data without an end",
          "What is kept has to be protected, and given or deleted on demand. A `ttl` deletes it "
          "when its "
          "purpose is over.",
          R"(plenum: 1
app: test
collections: {«cvs»: {fields: {text: string}}}
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, store: {put: cvs, data: {text: Hello}}}]}}
)",
          R"(plenum: 1
app: test
collections: {cvs: {fields: {text: string}, ttl: 90d}}
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, store: {put: cvs, data: {text: Hello}}}]}}
)",
          run};
}

}  // namespace plenum::lint
