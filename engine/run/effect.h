// What a node may ask of the outside world, as values.  effects/ performs them and posts the answer
// back.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/app/app.h"
#include "engine/base/json.h"

namespace plenum::run {

using std::chrono::milliseconds;

// One turn of the conversation that a model call sends.
struct Turn {
  bool from_model = false;
  std::string text;
  std::vector<std::string> files;  // ids, user turns only
};

struct CallModel {
  std::shared_ptr<const app::Model> model;
  std::string system;
  std::vector<Turn> turns;
  std::shared_ptr<const Json> schema;  // structured output wanted
  std::optional<int> max_tokens;
};

struct ExtractText {
  Json file;  // a file value
  int max_pages = 50;
};

struct MakePdf {
  std::string html, size, margin, name;
};

struct PutRow {
  std::string collection,
      id;  // no id: the effect's own key names the row, so that repeating it changes nothing
  Json data;
  std::optional<milliseconds> ttl;
  bool app_owned = false;
};
struct GetRow {
  std::string collection, id;
  bool app_owned = false;
};
struct DeleteRow {
  std::string collection, id;
  bool app_owned = false;
};

// Another run of the same app and owner, as a job; the result is its id.
struct StartRun {
  std::string graph;
  Json input;       // checked, with its defaults
  std::string key;  // starts once per key; "": whenever it is asked for
};

using Effect = std::variant<CallModel, ExtractText, MakePdf, PutRow, GetRow, DeleteRow, StartRun>;

}  // namespace plenum::run
