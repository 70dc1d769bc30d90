// The official cases of the six required modules, from beside the project.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "engine/mustache/batch.h"

using namespace plenum;

TEST_CASE("the mustache specification's six required modules hold in lenient mode", "[mustache]") {
  const std::filesystem::path folder = SOURCE_ROOT "/../shared/conformance/mustache";
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: no " << folder.string());
    return;
  }
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    const Json suite = Json::parse(file);
    for (const Json& test : suite["tests"]) {
      ++cases;
      INFO(entry.path().filename().string() << ": " << test["name"]);
      Json request = {{"template", test["template"]}, {"data", test["data"]}, {"html", true}};
      if (test.contains("partials")) request["partials"] = test["partials"];
      CHECK(mustache::batch(request).dump() == Json{{"text", test["expected"]}}.dump());
    }
  }
  CHECK(cases == 136);
}
