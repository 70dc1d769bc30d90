// A checked app: what its YAML says, compiled.  Immutable once loaded; shared between threads by
// pointer.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/cron.h"
#include "engine/app/value.h"
#include "engine/base/json.h"
#include "engine/base/mark.h"
#include "engine/base/type.h"
#include "engine/schema/schema.h"

namespace plenum::run {
class Node;  // what a node does: run/node.h
}

namespace plenum::app {

using std::chrono::milliseconds;

// What every file value is: {id, name, mime, size}.
Type file_type();

// `string`, `list<file>`, `optional<…>`, a schema file or an inline schema.
struct FieldType {
  static schema::Schema anything();
  Type type;  // nullable when optional
  schema::Schema schema =
      anything();  // what a value must satisfy; for `file`: the file value's own shape
  bool optional = false;
  bool file = false;             // file or optional<file>: clients upload it
  std::optional<Json> fallback;  // `default`
};

// What becomes of a state key's value when another one is set.
enum class Reduce { last, first, append, merge, unite, sum, min, max };
// How far a state key's value lives.
enum class Keep { run, thread, user };

// A key of a graph's state or input, a field of a collection, an expected field of an interrupt.
struct Field {
  std::string name;
  Span span;
  FieldType type;
  Reduce reduce = Reduce::last;  // of state keys only, as are keep and last
  Keep keep = Keep::run;
  int last = 0;  // how many items of a list are kept, counted from its end; 0: all
  bool required() const { return !type.optional && !type.fallback; }
};
using FieldMap = std::vector<Field>;
const Field* find(const FieldMap& fields, std::string_view name);
// One object schema for a field map: for request bodies and OpenAPI.
Json object_schema(const FieldMap& fields);

// Where an edge leads: the index of a later node in the same list, or out.
struct Target {
  static constexpr int kNext = -1, kEnd = -2, kBreak = -3;
  int node = kNext;
};

struct Edge {
  Expr when;  // none: always
  Target to;
};

struct Set {
  std::string key;
  Value value;         // with `whole`, unused
  bool check = false;  // its type was not certain: validate against the key's schema when it is set
  Reduce reduce = Reduce::last;
  int last = 0;  // of a list: how many items are kept; 0: all
};

struct Retry {
  int max = 0;  // tries after the first
  milliseconds wait{1000};
  double factor = 2;
  bool timeout = true, rate_limit = true, server = true;
};

struct OnError {
  enum class Then { fail, value, next } then = Then::fail;
  Value value;
  Target next;
};

struct Block;

// What a node that holds others runs: a list of nodes, and what is known of its last result.
struct Body {
  std::shared_ptr<const Block> block;
  Type result;
};

// Replies of the node's effects are given again for a while.
struct Cache {
  milliseconds ttl{0};
  std::optional<Value> key;  // instead of the request
  bool app_wide = false;     // for every user of the app, not for the owner alone
};

struct NodeDef {
  std::string id;
  std::string kind;   // "llm"; "" when it only sets or switches
  std::string calls;  // the graph that a `graph` node names
  Span span;          // of its id
  Expr when;
  std::shared_ptr<const run::Node> body;  // null when it only sets or switches
  bool sets_whole = false;                // `set: key`: sets[0] takes the whole result
  std::vector<Set> sets;
  std::vector<Edge> next;
  Retry retry;
  milliseconds timeout{0};  // per attempt; 0: none
  std::optional<Cache> cache;
  OnError on_error;
  OnError on_timeout;            // of an interrupt: what follows when nobody answers
  std::vector<std::string> who;  // … the roles of which one may answer; empty: its owner
  std::vector<std::shared_ptr<const Block>> bodies;  // that it holds, in the author's order
  bool pauses = false;                               // it may wait for a client's answer
  int percent = -1;                                  // of `progress`; -1: none
  Value say;
};

struct Block {
  std::string id;    // "reply"; of a body "reply/improve", of a branch "reply/gather/web"
  std::string name;  // of a branch: "web"
  std::vector<NodeDef> nodes;
  int index_of(std::string_view id) const;  // -1: none
};
// Every node of a block, with those of the bodies inside, in the file's order.
std::vector<const NodeDef*> all_nodes(const Block& block);
const NodeDef* find_node(const Block& block, std::string_view id);  // among all_nodes, or nullptr

struct Graph {
  std::string name;
  Span span;
  FieldMap input, state;
  schema::Schema input_schema = FieldType::anything();  // of all of the input
  Block nodes;
  std::optional<Value> output;  // default: the last node's result
  Type output_type;
  bool pauses = false;  // it, or a graph that it calls, has an interrupt
  bool keeps = false;   // some state key outlives the run
  // It finds what its owner has without being told an id: `keep: user`, queries.  Callers without
  // sign-in are all one owner.
  bool reads_owner = false;
  const Field* field(std::string_view name) const;  // of input or state
};

// What a model may ask for: one node, run as a graph of its own with the model's input.
struct Tool {
  std::string name, description;
  Span span;
  bool confirm = false;  // a client must agree before it runs
  Graph graph;           // named "tool:name", which no graph of an author's can be
};

struct Price {  // USD per million tokens
  double input = 0, output = 0, cached = 0;
  bool known = false;
};

struct Model {
  std::string name;      // as nodes name it
  std::string provider;  // "gemini"
  std::string model;     // "gemini-3-flash-preview"
  Span span;
  std::optional<double> temperature, top_p;
  std::optional<int> max_tokens, seed;
  std::vector<std::string> stop;
  std::string reasoning;
  std::shared_ptr<const Json> params;  // null: none
  std::string key;                     // the name of the app's own secret; "": the operator's key
  milliseconds timeout{60'000};
  bool embeds = false;  // kind: embedding
  Price price;
  std::vector<std::shared_ptr<const Model>> fallback;
};

// How texts are cut before they are embedded, in characters.
struct Chunking {
  int size = 800, overlap = 100;
};

struct Collection {
  std::string name;
  Span span;
  FieldMap fields;                      // of one that holds rows
  std::shared_ptr<const Model> vector;  // of one that holds texts: what embeds them; else null
  Chunking chunk;                       // … and how they are cut
  std::optional<milliseconds> ttl;
  bool owned_by_app = false;
  bool list = false, get = false, remove = false;  // exposed
  Type row_type() const;                           // {id, data}
};

struct Upload {
  std::string field;
  std::vector<std::string> accept;  // "pdf", "docx", …; empty: any
  size_t max_bytes = 10 << 20;
};

struct Quota {
  int64_t count = 0;
  milliseconds period{0};
};

struct Route {
  enum class Does { start, resume, waiting, read } does = Does::start;
  std::string method, path;  // below /api/v1/{app}; parameters as {name}
  Span span;
  std::string graph;       // for start, resume and waiting
  std::string interrupt;   // for resume and waiting
  std::string collection;  // for read
  bool async = false;
  Values with;
  bool has_with = false;
  std::optional<Value> output;
  enum class Auth { required, optional, open } auth = Auth::required;
  std::vector<std::string> roles;  // of which the caller needs one; empty: none
  std::vector<std::string>
      answers;  // of `resume` and `waiting`: the roles that the interrupt asks for
  std::vector<std::string> plans;      // empty: any
  std::map<std::string, Quota> quota;  // by plan; "" for all
  std::map<std::string, Quota> rate;   // the same, of calls
  std::vector<Upload> uploads;
  int priority = 0;     // of its jobs
  int concurrency = 0;  // of its jobs, per user; 0: no limit
  std::optional<milliseconds> timeout;
  std::optional<milliseconds> ttl;
  std::string summary;
  std::string key() const { return method + " " + path; }
};

// A graph that starts by the clock, as a job that belongs to the app itself.
struct Schedule {
  std::string text;  // "0 9 * * mon-fri"
  Cron cron;
  std::string zone = "UTC";
  std::string graph;
  Values input;
  bool queues = false;  // starts also while its last run is not finished
  Span span;
};

struct Limits {
  double cost_per_run = 0.50;  // USD
  int steps = 500;
  std::optional<milliseconds> timeout;  // default: 60 s, jobs 30 min
  size_t state_bytes = 1 << 20;
  // The hosts that an `http` node may reach: "api.example.com", in development also
  // "http://127.0.0.1:8081".
  std::vector<std::string> hosts;
  Span hosts_span;
};

struct App {
  std::string name, title, description, version;
  Span span;
  std::string hash;                          // of every file it was made from
  std::map<std::string, std::string> files;  // those files
  std::shared_ptr<const Json> env;           // what expressions see as `env`
  struct Secret {
    std::string name;
    Span span;
  };
  std::vector<Secret> secrets;  // names whose values the operator must set
  std::map<std::string, std::shared_ptr<const Model>> models;
  std::map<std::string, Collection> collections;
  std::map<std::string, Graph> graphs;
  std::map<std::string, std::shared_ptr<const Tool>> tools;
  std::vector<Route> routes;
  std::vector<Schedule> schedules;
  Limits limits;

  // By a block's id, for runs that come back from the store; nullptr: there is none.
  const Block* block(std::string_view id) const;
  // The graph, or the tool's, that this is the list of; nullptr: it is a body of one.
  const Graph* graph_of(std::string_view block) const;
  std::map<std::string, const Block*, std::less<>> blocks;
};

}  // namespace plenum::app
