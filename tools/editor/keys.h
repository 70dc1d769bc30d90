// Every key of app files with what it takes and means: the source of the editor's schema, of hovers
// and of completions.  A test compares it with what the loader knows.  A node kind's own keys come
// from its field table.
#pragma once

#include <string>
#include <vector>

namespace plenum::editor {

struct Key {
  std::string name;
  std::string schema;   // JSON Schema text of its value, "#/definitions/…" for what occurs often
  std::string summary;  // one sentence, maybe two
  bool required = false;
};

struct Place {
  std::string name;  // as messages call it: "a route"
  std::vector<Key> keys;
};

const std::vector<Place>& places();
const Place& place(const std::string& name);  // which must be there

}  // namespace plenum::editor
