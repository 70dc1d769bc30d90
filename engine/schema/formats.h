// The values of `format` that are asserted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plenum::schema {

struct Format {
  const char* name;
  const char* what;  // "a date, e.g. 2026-03-31"
  bool (*holds)(std::string_view text);
};

const Format* find_format(std::string_view name);  // nullptr: not one of them
const std::vector<std::string>& format_names();

}  // namespace plenum::schema
