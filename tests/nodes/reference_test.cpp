// The reference page of the folder is what the field tables say.  UPDATE_GOLDEN=1 writes it anew.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/nodes/nodes.h"

using namespace plenum;

TEST_CASE("engine/nodes/README.md is the page that the field tables make", "[nodes]") {
  const std::string path = SOURCE_ROOT "/engine/nodes/README.md";
  const std::string now = nodes::reference_page();
  if (getenv("UPDATE_GOLDEN")) std::ofstream(path, std::ios::binary) << now;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  CHECK(now == text.str());
}

TEST_CASE("every kind has a summary, and every field says what it is", "[nodes]") {
  REQUIRE(!nodes::kinds().empty());
  for (const app::NodeKind& kind : nodes::kinds()) {
    CAPTURE(kind.name);
    CHECK(kind.summary.ends_with("."));
    CHECK(!kind.fields.empty());
    for (const app::FieldSpec& field : kind.fields) {
      CAPTURE(field.name);
      CHECK(!field.type.empty());
      CHECK(field.summary.ends_with("."));
    }
    CHECK(app::find_kind(nodes::kinds(), kind.name) == &kind);
  }
  CHECK(!app::find_kind(nodes::kinds(), "nothing"));
}
