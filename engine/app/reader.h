// Reads YAML values into the parts of an app, checks them against the names in scope, and reports
// every mistake at its place.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/app/app.h"
#include "engine/app/files.h"
#include "engine/app/kind.h"
#include "engine/app/outbound.h"
#include "engine/base/diagnostic.h"
#include "engine/yaml/yaml.h"

namespace plenum::app {

// A model that a node names, resolved.
using ModelRef = std::shared_ptr<const Model>;

// `prompt: prompts/a.md` or the text itself.
struct Prompt : Text {};

// `system:`, which may hold only names that the operator controls: a user's text never speaks with
// its voice.
struct System : Prompt {};

// `template:` of a page: a file under templates/, whose path may hold {{names}} with a known list
// of values, or the text.
struct Page {
  Text path;                          // when the path is computed
  std::map<std::string, Text> files;  // every file it can be
  Text text;                          // when the text or one constant path was given
  Result<std::string> in(const Scope& path_scope, const Scope& scope) const;
};

// `output: schemas/a.json`: what a structured reply must satisfy.
struct Output {
  std::optional<FieldType> type;
};

// `expects:` of an interrupt: fields whose inline schemas may hold `=` values, computed when the
// run pauses.
struct Expects {
  struct Item {
    std::string name;
    FieldType type;  // as far as it is known before it is computed
    bool computed = false;
    Value schema;  // when computed: gives the field's JSON Schema
  };
  std::vector<Item> items;
  Type type() const;  // of the validated answer
};

// A list of nodes, as `do:` of a loop.
struct DoBody : Body {};

// `branches:` by name, in the author's order.
struct Branches {
  std::vector<std::pair<std::string, Body>> list;
};

// A graph that a node names.
struct GraphRef {
  const Graph* graph = nullptr;
};

// What is particular about the names of a body.
struct BodyScope {
  cel::Names locals;        // beside the state: item, index, round
  bool copies = false;      // what it sets does not leave it
  bool concurrent = false;  // others run at the same time: it cannot pause
};

// A collection that a node names.
struct CollectionRef {
  std::string name;
  const Collection* collection = nullptr;
};

// `tools:` of a model's node.
struct ToolRefs {
  std::vector<std::shared_ptr<const Tool>> list;
};

struct Use;  // load.h
// `headers:` of a request.
struct Headers {
  Values values;
};

class Reader {
 public:
  Reader(const Files& files, Report& report) : files(files), report(report) {}

  // Maps a stretch of a text to where it stands in its file.
  using Place = std::function<Span(Position, Position)>;

  const Files& files;
  Report& report;

  // What nodes may refer to.
  std::map<std::string, ModelRef> models;
  const std::map<std::string, Collection>* collections = nullptr;
  std::string prefix;  // of this library's names in the app: "common."; "" in an app file
  const std::vector<std::string>* hosts = nullptr;  // `limits.hosts`
  std::set<std::string> secrets;                    // declared names

  // The names in scope, with their types; and which of them are state keys that no path has written
  // yet.
  cel::Names names;
  std::set<std::string> unwritten;
  std::string graph;  // "" outside of graphs
  Type env = Type::object({}, false, "`env`");
  // Given by the loader: reads the list of nodes of a body of the node at hand (`branch`: its name,
  // or ""), and finds a graph by name, nullptr when it is none (reported).
  std::function<Body(const yaml::Node&, const std::string& branch, const BodyScope&)> body;
  std::function<const Graph*(const yaml::Node&, const std::string&)> graph_named;
  // … and a tool; unset: there are none here.
  std::function<std::shared_ptr<const Tool>(const yaml::Node&, const std::string&)> tool_named;
  bool concurrent = false;           // inside of a map or of parallel branches
  std::vector<const Graph*> called;  // by the graph at hand
  bool reads_owner = false;    // it asks for rows of its owner's by other things than their id
  const With* with = nullptr;  // of the node being read
  std::vector<Use>* uses = nullptr;  // every name that texts read is added; may be null

  // One overload per field type.  On a mistake: reported, and `out` is left as it was.
  void read(const yaml::Node& node, bool& out);
  bool read(const yaml::Node& node, std::string& out);  // false: it was a mistake
  void read(const yaml::Node& node, double& out);
  void read(const yaml::Node& node, milliseconds& out);
  void read(const yaml::Node& node, std::optional<milliseconds>& out);
  void read(const yaml::Node& node, Expr& out);  // bare CEL, boolean
  // Bare CEL of another type; `what` names it in messages.
  void read_expr(const yaml::Node& node, Expr& out, const Type& wanted, const std::string& what);
  void read(const yaml::Node& node, Value& out);  // data
  void read(const yaml::Node& node, Text& out);   // inline text with {{…}}
  void read(const yaml::Node& node, Prompt& out);
  void read(const yaml::Node& node, System& out);
  void read(const yaml::Node& node, Page& out);
  template <typename T>
  void read(const yaml::Node& node, std::optional<T>& out) {
    read(node, out.emplace());
  }
  void read(const yaml::Node& node, With& out);
  void read(const yaml::Node& node, ModelRef& out);
  void read(const yaml::Node& node, Output& out);
  void read(const yaml::Node& node, Expects& out);
  void read(const yaml::Node& node, CollectionRef& out);
  void read(const yaml::Node& node, GraphRef& out);
  void read(const yaml::Node& node, ToolRefs& out);
  void read(const yaml::Node& node, FieldType& out);
  void read(const yaml::Node& node, FieldMap& out);
  void read(const yaml::Node& node, Quota& out);  // "20/day"
  void read(const yaml::Node& node, Values& out);
  void read(const yaml::Node& node, Headers& out);
  void read(const yaml::Node& node, Address& out);
  void read(const yaml::Node& node, Auth& out);
  void read(const yaml::Node& node, Statuses& out);
  void read_int(const yaml::Node& node, int& out, int low, int high);
  void read_size(const yaml::Node& node, size_t& out);
  void read_word(const yaml::Node& node, std::string& out, const std::vector<std::string>& words);
  void read_words(const yaml::Node& node, std::vector<std::string>& out);

  // Reports and returns false unless the node is a map; then also reports keys that are not in
  // `known`.
  bool map_of(const yaml::Node& node, const std::string& what,
              const std::vector<std::string>& known);
  bool is_map(const yaml::Node& node, const std::string& what, const std::string& help = {});
  // Neither the key is there nor one that was meant for it: an unknown key is one mistake, not two.
  static bool lacks(const yaml::Node& node, const std::string& key);
  bool is_list(const yaml::Node& node, const std::string& what);
  bool good_id(const std::string& id, const Span& span, const std::string& what);
  // Reports names that mean something else in expressions, or to `next`.
  bool free_name(const std::string& id, const Span& span, const std::string& what);
  void unsupported(const Span& span, const std::string& what);
  bool known_secret(const yaml::Node& node, const std::string& name);

  // Compiles with the names in scope; problems go to the report at their place inside `node`.
  std::optional<cel::Expression> compile(const yaml::Node& node, std::string text,
                                         Position text_start = {1, 1});
  // `escape` by the file's name; `visible` names.
  std::optional<Text> text_of(const yaml::Node& node, const std::string& text,
                              mustache::Escape escape);
  std::optional<Text> file_text(const yaml::Node& node, const std::string& path);
  // As it is; a path that leads nowhere or out of the folder is reported.
  std::optional<std::string> whole_file(const Span& span, const std::string& path);
  std::optional<Json> schema_file(const yaml::Node& node, const std::string& path);

  static bool is_path(std::string_view text);
  // Reports a value that can't be of `wanted`; a constant is checked now, against `schema` if
  // given.
  bool wants(const yaml::Node& node, const Value& value, const Type& wanted,
             const std::string& what, const schema::Schema* schema = nullptr);
  // A type as messages call it: "a file", "list<string>".
  static std::string word(const Type& type);
  // A way out for a key or word that is not known: a synonym of the language or a near name.
  static std::string suggest(const std::string& word, const std::vector<std::string>& known);

 private:
  bool names_a_value(std::string_view text) const;
  cel::Names visible() const;  // to templates: `with`, or everything in scope
  void note_reads(const std::vector<std::string>& name_and_fields, const Span& span,
                  const yaml::Node& from);
  std::optional<Text> parse(const yaml::Node& from, const std::string& text,
                            mustache::Escape escape, const Place& place);
  // The partials that a template's tags name, and those that these name; false: reported.
  struct Including;
  bool include(const Including& at, const mustache::Template& code);
  bool include(const Including& at, const mustache::Use& use);
  void report_all(const Problems& problems, const Place& place);
  std::optional<FieldType> named_type(const yaml::Node& node, std::string_view text);
  std::optional<FieldType> schema_type(const yaml::Node& node, const Json& schema,
                                       const std::string& path);
  void report_mistake(const schema::Mistake& mistake, const yaml::Node& node,
                      const std::string& path);
  void check_default(const FieldType& type, const yaml::Node& node, const std::string& path);
  void check_computed(const yaml::Node& schema);
  bool stays_inside(const Span& span, const std::string& path);
  void report_no_file(const Span& span, const std::string& path);
  bool looks_like_path(const yaml::Node& node, std::string_view text);
  bool fixed_origin(const yaml::Node& node, const std::string& text, Origin& origin);
  void computed_host(const yaml::Node& node);
  bool good_rest(const yaml::Node& node, std::string_view rest);
  void tell_scope(Diagnostic& found) const;
  bool reads_secret(const Problem& problem, const Place& place);
};

}  // namespace plenum::app
