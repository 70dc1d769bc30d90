// Bringing a database to the schema that this program knows.
#pragma once

#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/store/sqlite/connection.h"
#include "engine/store/sqlite/statements.h"

namespace plenum::sqlite {

// Applies what is missing, each migration in a transaction of its own.  Before a database that has
// data is changed, a copy of it is written to `path`.before-N ("" or ":memory:": none).  `conflict`
// when the database is another program's, was written by a newer version (code "schema_newer"), or
// by one whose migrations differ (code "schema_changed").
Result<> migrate(Connection& db, const std::vector<Migration>& known, const std::string& path,
                 Millis now);

// For a reader: the database has just these migrations.  `conflict` as above, and "schema_older"
// when it lacks some.
Result<> check_schema(Connection& db, const std::vector<Migration>& known, const std::string& path);

// Writes the whole database, as it is now, to a new file (0600) and checks that.  `what` it is, for
// messages: "the backup".
Result<> copy_whole(Connection& db, const std::string& file, const std::string& what);

}  // namespace plenum::sqlite
