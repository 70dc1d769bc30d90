// Makes the nodes of a schema.  See compile.cpp for the idea; the keywords are in
// compile_keywords.cpp.
#pragma once

#include <unordered_map>

#include "engine/schema/documents.h"
#include "engine/schema/program.h"

namespace plenum::schema {

struct Place {
  const Json* schema;
  uint32_t resource;
  std::string pointer;  // "#/…" in the document itself, "job.json#/…" in another
  std::string via;      // for the latter: the pointer of the $ref that led there
};

class Compiler {
 public:
  Compiler(Program& program, const Options& options, bool shape_only,
           std::vector<Mistake>& mistakes)
      : program_(program),
        options_(options),
        shape_only_(shape_only),
        mistakes_(mistakes),
        documents_(program.root, options, program.documents, mistakes) {}

  void run();

 private:
  // A node while its keywords are read.
  struct Draft {
    Node node;
    const Place& place;
    std::unordered_map<std::string_view, size_t> slots;
    bool asserts = false;

    Numbers& numbers() { return part(node.numbers); }
    Strings& strings() { return part(node.strings); }
    Arrays& arrays() { return part(node.arrays); }
    Objects& objects() { return part(node.objects); }
    template <typename Part>
    Part& part(std::unique_ptr<Part>& owner) {
      if (!owner) owner = std::make_unique<Part>();
      return *owner;
    }
  };
  // The keyword being read.
  struct Word {
    std::string_view key;
    const Json& value;
  };
  using Handler = void (Compiler::*)(Draft&, const Word&);
  static const std::unordered_map<std::string_view, Handler>& handlers();

  Ref add(const Json& schema, uint32_t resource, std::string pointer, std::string via);
  Ref child(Draft& draft, const Json& value, const std::string& path);
  void compile(Ref ref, const Place& place);
  void finish(Draft& draft);
  void bind_dynamic_anchors();
  void find_loops();

  void mistake(const Place& place, const std::string& path, std::string code, std::string message,
               std::string help);
  void wrong(Draft& draft, const Word& word, const std::string& rule, std::string help = {});

  void identifier(Draft&, const Word&);
  void anchor(Draft&, const Word&);
  void meta_schema(Draft&, const Word&);
  void vocabulary(Draft&, const Word&);
  void reference(Draft&, const Word&);
  void annotation(Draft&, const Word&);
  void text_annotation(Draft&, const Word&);
  void flag_annotation(Draft&, const Word&);
  void list_annotation(Draft&, const Word&);
  void definitions(Draft&, const Word&);
  void type(Draft&, const Word&);
  void constant(Draft&, const Word&);
  void enumeration(Draft&, const Word&);
  void limit(Draft&, const Word&);
  void multiple_of(Draft&, const Word&);
  void count(Draft&, const Word&);
  void pattern(Draft&, const Word&);
  void format(Draft&, const Word&);
  void unique_items(Draft&, const Word&);
  void one_schema(Draft&, const Word&);
  void schema_list(Draft&, const Word&);
  void properties(Draft&, const Word&);
  void pattern_properties(Draft&, const Word&);
  void dependent_schemas(Draft&, const Word&);
  void required(Draft&, const Word&);
  void dependent_required(Draft&, const Word&);

  Slot& slot(Draft& draft, const std::string& name);
  Pattern compiled(Draft& draft, const std::string& text, const std::string& path);
  bool is_list_of_names(Draft& draft, const Word& word, const Json& list);

  Program& program_;
  const Options& options_;
  const bool shape_only_;
  std::vector<Mistake>& mistakes_;
  Documents documents_;
  std::unordered_map<const Json*, Ref> refs_;
  std::vector<Place> places_;  // by node
  std::unordered_map<std::string, Pattern> patterns_;
  std::unordered_map<std::string, int> anchors_;
};

}  // namespace plenum::schema
