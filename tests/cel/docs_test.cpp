// The documentation of functions and macros.
#include "engine/cel/functions.h"
#include "engine/cel/parser.h"
#include "tests/cel/table.h"

using namespace plenum;
using namespace plenum::cel;

TEST_CASE("every function and macro is documented once, and nothing else", "[cel]") {
  std::set<std::string> documented;
  for (const FunctionDoc& doc : functions()) {
    INFO(doc.name);
    CHECK(documented.insert(doc.name).second);
    CHECK_FALSE(doc.summary.empty());
    CHECK(doc.summary.back() == '.');
    CHECK(doc.signature.find(doc.name.substr(doc.name.find('.') + 1)) != std::string::npos);
  }
  std::set<std::string> existing = {"has", "or", "orValue"};
  for (const std::string& name : library().names()) existing.insert(name);
  size_t count = 0;
  const MacroRule* rules = macro_rules(&count);
  for (size_t i = 0; i < count; ++i) existing.emplace(rules[i].name);
  CHECK(documented == existing);
}

TEST_CASE("every example of the documentation is true", "[cel]") {
  const Json none = Json::object();
  for (const FunctionDoc& doc : functions()) {
    INFO(doc.example);
    CHECK(answer(doc.example, none, {}) == "true");
    CHECK(doc.example.find(doc.name.substr(doc.name.find('.') + 1)) != std::string::npos);
  }
}
