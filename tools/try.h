// What `plenum eval`, `render` and `validate` share: where their data comes from, and working line
// by line.
#pragma once

#include <functional>
#include <string>

#include "engine/base/json.h"

namespace plenum::tools {

// A file's whole text.
Result<std::string> file_text(const std::string& path);
// JSON text itself (it starts like JSON), or the JSON file of that name; nothing: {}.
Result<Json> data_argument(const std::string& text);
// One JSON object per line of standard input, one answer per line of standard output, until the
// end.  A line that is no JSON is answered with {"error"}.  Returns the exit status.
int batch(const std::function<Json(const Json&)>& answer);

// Prints an error as the commands do and returns the exit status for it.
int complain(const std::string& command, const std::string& message);

}  // namespace plenum::tools
