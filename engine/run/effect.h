// What a node may ask of the outside world, as values.  effects/ performs them and posts the answer
// back.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/app/app.h"
#include "engine/app/outbound.h"
#include "engine/base/json.h"

namespace plenum::run {

using std::chrono::milliseconds;

// kKind: what the journal and failpoints call it.

// One turn of the conversation that a model call sends.
struct Turn {
  bool from_model = false;
  std::string text;
  std::vector<std::string> files;  // ids, user turns only
  // Of a turn with tools: what the model asked for, [{id, name, input}], and that turn as its
  // provider wants it back, or null; then, in our turn, [{id, name, text, error}].
  Json calls = {}, raw = {}, results = {};
};

struct CallModel {
  static constexpr const char* kKind = "model";
  std::shared_ptr<const app::Model> model;
  std::string system;
  std::vector<Turn> turns;
  std::shared_ptr<const Json> schema;  // structured output wanted
  std::optional<int> max_tokens;
  std::shared_ptr<const Json> tools = nullptr;  // [{name, description, input}]; null: none
};

// A request to somebody else's server.
struct CallHttp {
  static constexpr const char* kKind = "http";
  std::string method, url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  app::Auth auth;  // names the secret; effects/ puts in its value
  app::Statuses expect;
  bool local = false;         // http:// to this machine
  bool at_most_once = false;  // a write that the peer cannot tell from its repetition
};

// A call of a tool that an MCP server has.
struct CallMcp {
  static constexpr const char* kKind = "mcp";
  std::string url, tool;
  Json arguments;  // an object
  std::vector<std::pair<std::string, std::string>> headers;
  app::Auth auth;
  bool local = false;
  bool at_most_once = true;  // the tool may change something
};

struct ExtractText {
  static constexpr const char* kKind = "extract";
  Json file;  // a file value
  int max_pages = 50;
};

struct MakePdf {
  static constexpr const char* kKind = "pdf";
  std::string html, size, margin, name;
};

struct PutRow {
  static constexpr const char* kKind = "put";
  std::string collection,
      id;  // no id: the effect's own key names the row, so that repeating it changes nothing
  Json data;
  std::optional<milliseconds> ttl;
  bool app_owned = false;
};
struct GetRow {
  static constexpr const char* kKind = "get";
  std::string collection, id;
  bool app_owned = false;
};
struct DeleteRow {
  static constexpr const char* kKind = "delete";
  std::string collection, id;
  bool app_owned = false;
};

// Another run of the same app and owner, as a job; the result is its id.
struct StartRun {
  static constexpr const char* kKind = "start";
  std::string graph;
  Json input;       // checked, with its defaults
  std::string key;  // starts once per key; "": whenever it is asked for
};

// Which rows are wanted.
struct Wanted {
  app::Expr where;  // sees `row` and `names`; none: every row
  Json names = Json::object();
  Json equal = Json::object();  // {field: value} that `where` asks for anyway
};

// Rows that a condition holds for.
struct QueryRows {
  static constexpr const char* kKind = "query";
  std::string collection;
  Wanted wanted;
  std::string sort;  // a field; "": newest first
  bool descending = false;
  int limit = 50;
  bool app_owned = false;
};

// The vectors of texts that are to be searched, kept beside the run under the effect's key.  The
// result is {part: that key, count: how many of the texts, from the first on}: a provider may take
// fewer at a time.
struct EmbedTexts {
  static constexpr const char* kKind = "embed";
  std::shared_ptr<const app::Model> model;
  std::vector<std::string> texts;
};

// Makes what EmbedTexts has kept one document of a collection, in place of the one that has its id.
// The result is {chunks}.
struct PutDocument {
  static constexpr const char* kKind = "ingest";
  std::string collection, id;
  Json meta = Json::object();
  std::vector<std::string> parts;  // in the texts' order; none: there is no such document any more
  std::optional<milliseconds> ttl;
  bool app_owned = false;
};

// The chunks of a collection's documents that say what is nearest to a question: a list of
// {id, text, score, meta}.
struct Retrieve {
  static constexpr const char* kKind = "retrieve";
  std::shared_ptr<const app::Model> model;
  std::string collection, query;
  int k = 5;
  std::optional<double> min_score;
  Wanted wanted;  // `row` is a document's meta
  bool app_owned = false;
};

using Effect = std::variant<CallModel, CallHttp, ExtractText, MakePdf, PutRow, GetRow, DeleteRow,
                            QueryRows, StartRun, CallMcp, EmbedTexts, PutDocument, Retrieve>;

inline const char* kind_of(const Effect& effect) {
  return std::visit([](const auto& one) { return one.kKind; }, effect);
}

}  // namespace plenum::run
