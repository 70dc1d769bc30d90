// Text that a regular expression matches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plenum::llm {

// A text that matches `pattern` somewhere in it and has `least` to `most` characters, the same for
// the same seed; nothing when the pattern is beyond what is tried here.
std::optional<std::string> text_matching(std::string_view pattern, size_t least, size_t most,
                                         uint64_t seed);

}  // namespace plenum::llm
