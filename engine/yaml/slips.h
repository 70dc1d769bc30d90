// Usual slips of people who write YAML: what they meant, told from the source around the place
// where reading failed.
#pragma once

#include <optional>
#include <string>

#include "engine/yaml/source.h"

namespace plenum::yaml {

// One mistake over [begin, end).  `mend`: what stands there was meant as text, so reading can go on
// as if it were quoted, and the file's other mistakes are found, too.
struct Slip {
  size_t begin = 0;
  size_t end = 0;
  std::string code;
  std::string message;
  std::string help;
  bool mend = true;
};

// What was read before the place of failure.
struct Reached {
  size_t cursor = 0;                    // behind the last thing that was read
  size_t word = 0;                      // where the last scalar begins
  bool is_key = false;                  // it is a key without its value
  bool is_block_text = false;           // it is a literal or folded text
  std::optional<size_t> bracket;        // the innermost open `{` or `[`
  size_t last_begin = 0, last_end = 0;  // the last plain value inside it; equal when there is none
};

// `at` and `words`: the parser's place and message.
Slip explain(const Source& source, size_t at, const std::string& words, const Reached& reached);

Slip unclosed_bracket(const Source& source, size_t bracket);
Slip bad_escape(const Source& source, size_t begin);
Slip unclosed_quote(const Source& source, size_t begin, bool in_flow);

}  // namespace plenum::yaml
