// The official conformance data, each case twice: as a batch line, where nothing is checked first,
// and, unless the case says `unchecked`, under the strict rules for applications.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/cel/batch.h"

namespace {

using namespace plenum;

const char kFolder[] = SOURCE_ROOT "/../shared/conformance/cel";

// Cases that are not met, by "file/section/name", each with its reason behind it.  At most 2 of
// 100; there are none.
const std::vector<std::string> kExcluded = {};

bool is_excluded(const std::string& name) {
  return std::find(kExcluded.begin(), kExcluded.end(), name) != kExcluded.end();
}

// The same tagged value: doubles by number (1 and 1.0 are both written), entries of maps in any
// order.
bool same(const Json& a, const Json& b) {
  if (!a.is_object() || !b.is_object() || a.size() != 1 || b.size() != 1) return false;
  const std::string tag = a.begin().key();
  if (tag != b.begin().key()) return false;
  const Json& x = a.begin().value();
  const Json& y = b.begin().value();
  if (tag == "double" && x.is_number() && y.is_number()) return x.get<double>() == y.get<double>();
  if (tag != "list" && tag != "map") return x == y;
  if (x.size() != y.size()) return false;
  for (size_t i = 0; i < x.size(); ++i) {
    const auto matches = [&](const Json& other) {
      return tag == "list" ? same(x[i], other) : same(x[i][0], other[0]) && same(x[i][1], other[1]);
    };
    if (tag == "list" ? !matches(y[i]) : std::none_of(y.begin(), y.end(), matches)) return false;
  }
  return true;
}

std::string answer_fails(const Json& vector, const Json& line) {
  const Json answer = cel::evaluate_line(line);
  const Json* wanted = find(vector, "value");
  if (!wanted) return answer.contains("error") ? "" : "wanted an error, got " + to_text(answer);
  const Json* value = find(answer, "value");
  return value && same(*wanted, *value) ? ""
                                        : "wanted " + to_text(*wanted) + ", got " + to_text(answer);
}

}  // namespace

TEST_CASE("the official conformance cases give the official values", "[cel]") {
  if (!std::filesystem::exists(kFolder)) {
    WARN("skipped: there is no conformance data beside the project");
    return;
  }
  size_t all = 0, met = 0;
  for (const auto& file : std::filesystem::directory_iterator(kFolder)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    for (const Json& vector : Json::parse(text)) {
      ++all;
      const std::string name = text_or(vector, "file") + "/" + text_or(vector, "section") + "/" +
                               text_or(vector, "name");
      Json line = Json::object();
      line["expr"] = vector["expr"];
      if (vector.contains("bindings")) line["bindings"] = vector["bindings"];
      std::string failure = answer_fails(vector, line);
      if (failure.empty() && !vector.contains("unchecked")) {
        line["types"] = vector.contains("types") ? vector["types"] : Json::array();
        failure = answer_fails(vector, line);
        if (!failure.empty()) failure = "checked: " + failure;
      }
      if (failure.empty()) ++met;
      if (failure.empty() || is_excluded(name)) continue;
      INFO(name << "\n  " << vector["expr"].get<std::string>());
      CHECK(failure == "");
    }
  }
  CAPTURE(met, all);
  CHECK(all > 1000);
  CHECK(met * 100 >= all * 98);
}
