// Which answers a client takes, by what it says and what clients write there.
#include "server/negotiation.h"

#include <catch2/catch.hpp>

using plenum::server::accepts;

namespace {
const std::vector<std::string> kJson = {"application/json"};
const std::vector<std::string> kBoth = {"application/json", "text/event-stream"};
}  // namespace

TEST_CASE("a client gets what it takes", "[server]") {
  for (const char* accept :
       {"application/json", "*/*", "application/*", "Application/JSON", "text/html, */*;q=0.1",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/json; charset=utf-8", "application/json;q=0.5", " application/json ,text/x",
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",  // Java's own
        "application/json;v=1;q=0.001"}) {
    INFO(accept);
    CHECK(accepts(accept, kJson));
  }
  CHECK(accepts("text/event-stream", kBoth));
  CHECK(accepts("text/*", kBoth));
}

TEST_CASE("what is no list of types leaves the choice to us", "[server]") {
  for (const char* accept : {"", " ", ",", ", ,", "*", "json", ";q=1", "*;q=.2", "application"}) {
    INFO(accept);
    CHECK(accepts(accept, kJson));
  }
}

TEST_CASE("a client that names only what we have not gets nothing", "[server]") {
  for (const char* accept :
       {"image/png", "text/html", "text/event-stream", "application/jsonx", "application/json;q=0",
        "application/json;q=0.000", "*/*;q=0", "text/html, image/*;q=0.8", "application/xml",
        "application/json;v=1;q=0", "/", "a/b,"}) {
    INFO(accept);
    CHECK_FALSE(accepts(accept, kJson));
  }
  CHECK_FALSE(accepts("image/*", kBoth));
}
