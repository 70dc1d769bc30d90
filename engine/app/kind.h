// Node kinds as data: name, summary and a table of fields.  The table is the single source: the
// loader fills the node's struct from it, unknown and missing keys are found by it, `plenum
// explain` and the reference page print it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/app/app.h"
#include "engine/yaml/yaml.h"

namespace plenum::app {

class Reader;

// `with:` of a node whose template then sees only these names.
struct With {
  bool given = false;
  Values values;
};

struct FieldSpec {
  std::string name;
  std::string type;  // in the words of the app language: "text or path", "1 to 600 (50)"
  bool required = false;
  std::string summary;
  std::function<void(Reader&, const yaml::Node&, run::Node&)> read;
  // Of `with`: what the node's templates then see.
  std::function<const With*(const run::Node&)> with = {};
};

struct NodeKind {
  std::string name, summary;
  std::vector<FieldSpec> fields;
  std::vector<std::string> later;  // keys of the language that are refused with "not supported yet"
  std::string
      shorthand;    // the field that a plain value stands for: `emit: done`; "": a map is needed
  int retries = 0;  // default of `retry`
  milliseconds timeout{0};  // default of `timeout`; 0: none
  // Whether the replies of a filled node's effects can be kept; unset: never.
  std::function<bool(const run::Node&)> cacheable;
  // Whether a filled node may pause its run; unset: never.
  std::function<bool(const run::Node&)> pauses;
  std::function<std::shared_ptr<run::Node>()> make;
  // The type of a filled node's result.
  std::function<Type(const run::Node&)> result;
  // Checks what no single field can say, once all are read.
  std::function<void(Reader&, const yaml::Node&, run::Node&)> check;
};

// The kinds an app may use; the loader is handed the list and never includes nodes/.
using Kinds = std::vector<NodeKind>;
const NodeKind* find_kind(const Kinds& kinds, std::string_view name);

// The word for a field's type in `plenum explain`; see reader.cpp for what each accepts.
template <typename T>
const char* type_word();

}  // namespace plenum::app
