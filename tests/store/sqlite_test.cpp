// The SQLite store keeps the contract, and what is its own: files, locks, migrations, plans.
#include <catch2/catch.hpp>

#include "tests/store/contract.h"
#include "tests/store/places.h"

using namespace plenum;
using namespace plenum::testing;

TEST_CASE("a SQLite file keeps the store's contract", "[store][sqlite]") {
  keeps_the_store_contract([] { return std::make_unique<SqliteFile>(); });
}

TEST_CASE("a SQLite database in memory keeps the store's contract", "[store][sqlite]") {
  keeps_the_store_contract([] { return std::make_unique<SqliteMemory>(); });
}
