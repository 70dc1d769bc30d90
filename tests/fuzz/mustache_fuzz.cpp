// Any bytes as a template, with data that has every kind of value: it ends, inside its limits,
// without a crash.

#include <cstdlib>

#include "engine/mustache/mustache.h"

using namespace plenum;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using K = Type::Kind;
  static const Json data = Json::parse(
      R"({"a": [1, {"b": null, "a": "<&>"}, [[]]], "b": {"a": 1.5, "b": {"a": true}}, "c": "", "d": -0.0})");
  static const mustache::Names names = {{"a", Type::list(Type::object({{"b", {K::any, false}}}))},
                                        {"b", Type::object({{"a", {K::real}}}, true)},
                                        {"c", Type(K::string).nullable()},
                                        {"d", K::number}};
  if (size == 0) return 0;
  mustache::Options options;
  options.strict = bytes[0] & 1;
  options.escape = bytes[0] & 2 ? mustache::Escape::html : mustache::Escape::none;
  const auto page =
      mustache::Template::parse({reinterpret_cast<const char*>(bytes) + 1, size - 1}, options);
  if (!page) {
    const Problem& problem = page.error().front();
    if (problem.code != "T601" || problem.start.line < 1 || problem.end < problem.start)
      std::abort();
    return 0;
  }
  page->check(names);
  page->reads(names);
  mustache::Limits limits;
  limits.output_bytes = 100'000;
  limits.steps = 20'000;
  const ObjectScope scope(data);
  const mustache::Partials partials = [&](std::string_view name) {
    return name.size() > 1 ? nullptr : &*page;
  };
  for (const mustache::Template& one : {*page, page->typed(names)}) {
    const auto text = one.render(scope, partials, limits);
    if (text && text->size() > limits.output_bytes) std::abort();
    if (!text && text.error().kind != Kind::invalid) std::abort();
  }
  return 0;
}
