// A check as data: what it is called, why it is there, an example that has the mistake and one that
// has not.
//
// Some checks are made while an app is loaded (loader/ declares them); the others look at the app
// that was loaded and live in checks/, one file each.  Both kinds are declared the same way, so
// that `plenum explain`, the page of all checks and the golden tests know every code.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/app/load.h"
#include "engine/base/diagnostic.h"

namespace plenum::lint {

struct Answer;  // schema_walk.h

// One app to look at.  Everything in it outlives the call.
class Subject {
 public:
  Subject(const app::Draft& draft, const app::Files& files, const std::vector<Diagnostic>& loaders);

  const app::App& app;
  const yaml::Node& root;
  const app::Draft& draft;
  const app::Files& files;

  // The map of a node by the place of its `id`; nullptr: there is none.
  const yaml::Node* node(const app::NodeDef& def) const;
  // Whether the loader found no error in this part of the app file, nor in any other file: what can
  // be said of all of it (that a name is never used) can only be said then.
  bool sound(const yaml::Node& part) const;
  // Whether an error's message or help speaks of the name: then it is probably what was meant
  // there.
  bool spoken_of(const std::string& name) const;
  // What `answers` (schema_walk.h) found, once it was asked.
  mutable std::shared_ptr<const std::vector<Answer>> answers;

 private:
  void index(const yaml::Node& node);

  const std::vector<Diagnostic>& loaders_;
  std::map<Position, const yaml::Node*> nodes_;
};

// The text of an app file, or what stands inside the one graph `main` of it; `«` and `»` stand
// around the place of the finding.  Further files follow, each after a line `--- prompts/a.md`.
using Example = std::string;

struct Check {
  std::string code;
  Severity severity = Severity::error;
  std::string summary;      // one line, without a full stop
  std::string explanation;  // why it matters and what to do
  Example bad;              // gives the finding, at the marked place
  Example good;             // gives no finding with this code
  // Looks at an app that the loader could read, at least in parts; null: the loader's own.
  void (*run)(const Subject& subject, Report& report) = nullptr;
  // Of a check that nothing can report yet: what it waits for.  Its bad example is refused until
  // then.
  std::string waits_for = {};
};

// Every check, by code.
const std::vector<Check>& checks();
const Check* find_check(std::string_view code);  // nullptr: there is none

// A finding, with the severity that its check declares.
void found(Report& report, const Check& check, const Span& span, std::string message,
           std::string help = {}, std::vector<Fix> fixes = {});

}  // namespace plenum::lint
