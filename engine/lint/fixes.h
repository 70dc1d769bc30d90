// Fixes for findings whose message and help say exactly what should stand there: missing quotes, a
// single near name, markers such as `=`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"

namespace plenum::lint {

// `text`: the file that the finding stands in.  Empty: there is no fix that is certain.
std::vector<Fix> fixes_for(const Diagnostic& finding, std::string_view text);

// The bytes of a span in its file's text; nullopt: the span is not in it.
struct Bytes {
  size_t begin = 0, end = 0;
};
std::optional<Bytes> bytes_of(const Span& span, std::string_view text);

// The text with the edits of the fixes, all of which belong to it.  A fix that overlaps an earlier
// one is left out: the next time it is found again.  `applied` counts the others.
std::string mended(std::string_view text, const std::vector<const Fix*>& fixes, size_t& applied);

}  // namespace plenum::lint
