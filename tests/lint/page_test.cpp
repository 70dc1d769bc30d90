// The page of all checks is what the declarations make.  UPDATE_GOLDEN=1 writes it anew.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/lint/check.h"
#include "engine/lint/pages.h"

using namespace plenum;

TEST_CASE("engine/lint/README.md is the page that the checks make", "[lint]") {
  const std::string path = SOURCE_ROOT "/engine/lint/README.md";
  const std::string now = lint::reference_page();
  if (getenv("UPDATE_GOLDEN")) std::ofstream(path, std::ios::binary) << now;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  CHECK(now == text.str());
}

TEST_CASE("every check can be explained, and only checks can", "[lint]") {
  for (const lint::Check& check : lint::checks()) {
    const std::string text = lint::explained(check.code);
    CAPTURE(text);
    CHECK(text.starts_with(check.code + ": " + check.summary));
    CHECK(text.find("[" + check.code + "]: ") != std::string::npos);  // what it says of its example
    CHECK(text.find("«") == std::string::npos);
    CHECK(text.find("\nBetter:\n") != std::string::npos);
  }
  CHECK(lint::explained("Z999") == "");
  CHECK(lint::explained("") == "");
}
