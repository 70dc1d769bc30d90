// Any text as an expression: compiled under the strict rules and without them, evaluated against
// one document.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/cel/batch.h"

namespace {

using namespace plenum;

const Json& document() {
  static const Json data =
      Json::parse(R"({"s": "héllo wörld 😀", "n": 3, "d": 2.5, "big": 9223372036854775807,
      "yes": true, "nothing": null, "list": [3, 1.5, "a", null, [1, [2]], {"id": 1}], "texts": ["b", "a"],
      "o": {"a": {"b": [1, 2]}, "content-type": "x", "tones": [{"id": "warm"}, {"id": "firm"}]}})");
  return data;
}

const cel::Names& names() {
  static const cel::Names all = [] {
    const Type tone = Type::object({{"id", {Type::one_of({"warm", "firm"})}}});
    return cel::Names{{"s", Type::Kind::string},
                      {"n", Type::Kind::integer},
                      {"d", Type::Kind::real},
                      {"big", Type::Kind::number},
                      {"yes", Type::Kind::boolean},
                      {"nothing", Type(Type::Kind::string).nullable()},
                      {"list", Type::list({})},
                      {"texts", Type::list(Type::Kind::string)},
                      {"o", Type::object({{"a", {Type()}}, {"tones", {Type::list(tone)}}}, true)}};
  }();
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const cel::Limits limits{20'000, 1 << 16};
  if (const auto expression = cel::Expression::compile(text, names())) {
    (void)expression->evaluate(ObjectScope(document()), limits);
    (void)expression->holds(ObjectScope(document()), limits);
  }
  Json line = Json::object();
  line["expr"] = std::string(text);
  line["bindings"]["x"] =
      Json::parse(R"({"map": [[{"int": "1"}, {"list": [{"double": "NaN"}]}]]})");
  (void)cel::evaluate_line(line, limits);
  return 0;
}
