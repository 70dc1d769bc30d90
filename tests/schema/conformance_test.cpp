// The official cases of draft 2020-12, from beside the project.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "engine/schema/schema.h"

using namespace plenum;
using namespace plenum::schema;

TEST_CASE("the JSON Schema test suite's cases hold", "[schema]") {
  const std::filesystem::path folder = SOURCE_ROOT "/../shared/conformance/json-schema-2020-12";
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: no " << folder.string());
    return;
  }
  Options options;
  options.refuse_unknown_keywords = false;
  options.assert_formats = false;  // the suite's convention
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    for (const Json& group : Json::parse(file)) {
      INFO(entry.path().filename().string() << ": " << group["description"]);
      const auto schema = Schema::compile(group["schema"], options);
      const std::string mistake = schema ? "" : schema.error()[0].message;
      REQUIRE(mistake == "");
      for (const Json& test : group["tests"]) {
        ++cases;
        INFO(test["description"]);
        CHECK(schema->valid(test["data"]) == test["valid"].get<bool>());
        CHECK(schema->validate(test["data"]).empty() == test["valid"].get<bool>());
      }
    }
  }
  CHECK(cases > 800);
}
