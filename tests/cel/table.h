// Tables of expressions: what they give for some data.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "engine/base/json.h"
#include "engine/cel/cel.h"

namespace plenum::cel {

// wanted: JSON text; or "! " and a part of the error, "? " and a part of the first problem ("X501
// 1:3 …").
struct Case {
  const char* expression;
  const char* wanted;
};

// "X501 1:3-1:4 message | help"
inline std::string text_of(const Problem& p) {
  const auto place = [](const Position& at) {
    return std::to_string(at.line) + ":" + std::to_string(at.column);
  };
  return p.code + " " + place(p.start) + "-" + place(p.end) + " " + p.message +
         (p.help.empty() ? "" : " | " + p.help);
}

inline std::string text_of(const Problems& problems) {
  std::string text;
  for (const Problem& problem : problems) text += (text.empty() ? "" : "\n") + text_of(problem);
  return text;
}

// The names of an object's members, of any type.
inline Names names_in(const Json& data) {
  Names names;
  for (const auto& [name, value] : data.items()) names[name] = Type();
  return names;
}

inline std::string answer(const std::string& expression, const Json& data, const Names& names,
                          const Limits& limits = {}) {
  const auto compiled = Expression::compile(expression, names);
  if (!compiled) return "? " + text_of(compiled.error());
  const Result<Json> value = compiled->evaluate(ObjectScope(data), limits);
  return value ? to_text(*value) : "! " + value.error().message;
}

inline void check_case(const Case& row, const Json& data, const Names& names) {
  INFO(row.expression);
  const std::string got = answer(row.expression, data, names);
  const std::string wanted = row.wanted;
  if (wanted.substr(0, 2) == "! " || wanted.substr(0, 2) == "? ") {
    INFO("got " << got);
    CHECK(got.substr(0, 2) == wanted.substr(0, 2));
    CHECK_THAT(got, Catch::Contains(wanted.substr(2)));
  } else {
    CHECK(got == wanted);
  }
}

template <size_t kSize>
void check_all(const Case (&rows)[kSize], const char* data = "{}") {
  const Json json = Json::parse(data);
  const Names names = names_in(json);
  for (const Case& row : rows) check_case(row, json, names);
}

}  // namespace plenum::cel
