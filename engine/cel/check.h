// From a parsed tree to one that can be evaluated: names get slots, calls get their functions,
// types are inferred, and what does not fit is a problem.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/cel/lexer.h"
#include "engine/cel/program.h"

namespace plenum::cel {

class Checker {
 public:
  Checker(Compiled& program, const Names& names, Checking checking);

  // Resolves the whole tree.  The problems are in the order of their places.
  Problems run(Node& root);

 private:
  // What a chain of fields that starts at a name reads; not `known` for other expressions.
  struct Path {
    bool known = false;
    Read read;
  };
  struct Local {
    std::string_view name;
    Type type;
    uint16_t slot;
  };

  // check.cpp: names, fields, operators
  Type visit(Node& node);  // and records what it reads
  Type visit_path(Node& node, Path& path);
  Type resolve_name(Node& node, Path& path);
  Type resolve_global(Node& node, const std::string& name, const Type& type, Path& path);
  std::optional<Type> resolve_qualified(Node& node, Path& path);
  Type unknown_name(Node& node);
  Type select(Node& node, Path& path);
  Type has(Node& node);
  Type index(Node& node, Path& path);
  Type field_of(const Node& operand, const Type& type, std::string_view name, size_t start,
                size_t end);
  Type element_at(const Node& node, const Type& container, const Type& key);
  Type list(Node& node);
  Type map(Node& node);
  Type arithmetic(Node& node);
  Type arithmetic_step(const Node& node, size_t i, const Type& left, const Type& right);
  Type relation(Node& node);
  Type conditional(Node& node);
  void want_boolean(const Node& node, const Type& type, std::string_view who);
  void record(Path& path);

  // check_calls.cpp: functions and macros
  Type call(Node& node);
  bool namespaced(Node& node);
  Type lazy_optional(Node& node);
  Type unknown_function(const Node& node);
  std::string converted(const Node& node, const std::vector<Type>& arguments) const;
  Type wrong_arguments(const Node& node, const std::vector<Type>& arguments);
  Type literal_pattern(Node& node);
  void literal_time(const Node& node);
  Type macro(Node& node);
  Type comprehension(Node& node);
  Type range_type(const Node& node, const Type& range, Type* value);
  uint16_t push(std::string_view name, Type type);
  void pop(size_t count) { locals_.resize(locals_.size() - count); }

  Type wrong(std::string code, size_t start, size_t end, std::string message,
             std::string help = {});
  std::string text(size_t start, size_t end) const {
    return program_.text.substr(start, end - start);
  }
  std::string text(const Node& node) const { return text(node.start, node.end); }
  std::string path_text(const Node& node) const;  // "a.b.c", or "" for anything else
  const Local* local(std::string_view name) const;

  Compiled& program_;
  const Names& names_;
  const Places places_;
  const bool strict_;
  bool qualified_names_ = false;
  std::vector<Local> locals_;
  std::vector<std::pair<uint32_t, Problem>> problems_;
};

// "a string", "an integer", "a list": a type in a sentence.
std::string a_word(const Type& type);

}  // namespace plenum::cel
