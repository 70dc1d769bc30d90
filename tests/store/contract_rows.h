// Rows of collections, records of files, definitions.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

inline std::string ids(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) text += (text.empty() ? "" : " ") + row.id;
  return text;
}

inline void keeps_rows_and_files(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());

  SECTION("a row is kept, and putting it again replaces all but its creation") {
    const Row first = store.put_row(kAda, "notes", {"n1", R"({"a":1})", 1000, 0}).value();
    CHECK(first.created_at == 1000);
    const Row second = store.put_row(kAda, "notes", {"n1", R"({"a":2})", 2000, 9000}).value();
    CHECK(second.created_at == 1000);
    const Row kept = store.row(kAda, "notes", "n1").value();
    CHECK(kept.id + kept.data == R"(n1{"a":2})");
    CHECK(kept.created_at == 1000);
    CHECK(kept.expires_at == 9000);
  }
  SECTION("a row that is not there cannot be read or deleted") {
    CHECK(outcome(store.row(kAda, "notes", "n1")) == "not_found");
    CHECK(outcome(store.delete_row(kAda, "notes", "n1")) == "not_found");
    REQUIRE(store.put_row(kAda, "notes", {"n1", "{}", 1000, 0}));
    CHECK(outcome(store.delete_row(kAda, "notes", "n1")) == "ok");
    CHECK(outcome(store.row(kAda, "notes", "n1")) == "not_found");
    CHECK(outcome(store.delete_row(kAda, "notes", "n1")) == "not_found");
  }
  SECTION("collections of one owner are apart") {
    REQUIRE(store.put_row(kAda, "notes", {"n1", "{}", 1000, 0}));
    CHECK(outcome(store.row(kAda, "letters", "n1")) == "not_found");
    CHECK(outcome(store.delete_row(kAda, "letters", "n1")) == "not_found");
    CHECK(store.rows(kAda, "letters").value().empty());
  }
  SECTION("a row without id is refused") {
    CHECK(outcome(store.put_row(kAda, "notes", {"", "{}", 1, 0})) == "invalid");
  }
  SECTION("rows are listed newest first, a page at a time; replacing one moves nothing") {
    for (const char* id : {"a", "b", "c", "d", "e"})
      REQUIRE(store.put_row(kAda, "notes", {id, "{}", 1000, 0}));
    REQUIRE(store.put_row(kAda, "notes", {"b", R"({"new":1})", 1000, 0}));
    CHECK(ids(store.rows(kAda, "notes", {2, ""}).value()) == "e d");
    CHECK(ids(store.rows(kAda, "notes", {2, "d"}).value()) == "c b");
    CHECK(ids(store.rows(kAda, "notes", {100, "b"}).value()) == "a");
    CHECK(outcome(store.rows(kAda, "notes", {2, "zzz"})) == "not_found");
    CHECK(ids(store.rows(kAda, "notes", {0, ""}).value()) == "e");
  }
  SECTION("a file's record is kept; the same id again keeps the first") {
    REQUIRE(store.put_file({"file_1", kAda, "cv.pdf", "application/pdf", "abcd", 3, 1000, 2000}));
    const FileRow second = store.put_file({"file_1", kAda, "x", "y", "z", 9, 9, 9}).value();
    CHECK(second.name + second.mime + second.digest == "cv.pdfapplication/pdfabcd");
    const FileRow kept = store.file(kAda, "file_1").value();
    CHECK(kept.id + kept.name + kept.mime + kept.digest == "file_1cv.pdfapplication/pdfabcd");
    CHECK(kept.owner == kAda);
    CHECK(kept.size == 3);
    CHECK(kept.created_at == 1000);
    CHECK(kept.expires_at == 2000);
    CHECK(outcome(store.file(kAda, "file_2")) == "not_found");
    CHECK(outcome(store.put_file({"", kAda, "x", "y", "z", 9, 9, 9})) == "invalid");
  }
  SECTION("a definition is kept per app and hash; the same hash again keeps the first") {
    REQUIRE(store.put_bundle("shop", "b1", "first"));
    REQUIRE(store.put_bundle("shop", "b1", "second"));
    CHECK(store.bundle("shop", "b1").value() == "first");
    CHECK(outcome(store.bundle("shop", "b2")) == "not_found");
    CHECK(outcome(store.bundle("clinic", "b1")) == "not_found");
    CHECK(outcome(store.put_bundle("", "b1", "x")) == "invalid");
  }
}

}  // namespace plenum::testing
