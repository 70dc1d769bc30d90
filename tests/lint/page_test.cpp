// The page of all checks is what the declarations make.  UPDATE_GOLDEN=1 writes it anew.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/lint/check.h"
#include "engine/lint/pages.h"
#include "engine/nodes/nodes.h"

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
    if (check.waits_for.empty())  // what it says of its example
      CHECK(text.find("[" + check.code + "]: ") != std::string::npos);
    CHECK(text.find("«") == std::string::npos);
    CHECK(text.find("\nBetter:\n") != std::string::npos);
  }
  CHECK(lint::explained("Z999") == "");
  CHECK(lint::explained("") == "");
}

// The table of the specification, by code.
TEST_CASE("every code of the specification can be explained", "[lint]") {
  for (const char* code :
       {"Y001", "Y002", "Y003", "Y004", "Y005", "Y006", "Y007", "Y008", "Y009", "Y010",
        "Y011", "Y012", "S101", "S102", "S103", "S104", "S105", "S106", "S107", "S108",
        "R201", "R202", "R203", "R204", "R205", "R206", "R207", "R208", "R209", "R210",
        "G301", "G302", "G304", "G306", "G308", "D401", "D402", "D403", "D404", "D405",
        "D406", "D408", "D409", "D410", "X501", "X502", "X503", "X504", "X505", "X506",
        "X507", "X508", "T601", "T602", "T603", "T604", "T605", "T606", "J701", "J702",
        "J703", "J704", "J705", "J706", "A801", "A802", "A803", "A804", "A805", "A806",
        "A807", "A808", "A809", "A810", "C901", "C902", "C903", "C904"}) {
    CAPTURE(code);
    CHECK(lint::explained(code) != "");
  }
}

// Those that the loader reports, once it reads bodies.
TEST_CASE("the checks of bodies can be explained when there are any", "[lint]") {
  for (const auto& [kind, code] : std::map<std::string, std::string>{
           {"loop", "G303"}, {"map", "G305"}, {"graph", "G307"}, {"parallel", "D407"}}) {
    CAPTURE(code);
    CHECK((lint::explained(code) != "") == (app::find_kind(nodes::kinds(), kind) != nullptr));
  }
}
