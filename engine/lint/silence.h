// `# lint: ok C903 why` on the line of a finding, or alone on the line above it; for a finding in a
// prompt, schema or template, at the line that names the file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"

namespace plenum::lint {

// The findings without those that the app's files silence.  Only warnings and advice can be; a
// comment that silences nothing, or an error, is itself a warning (S110), as is one without a
// reason.
std::vector<Diagnostic> unsilenced(std::vector<Diagnostic> findings,
                                   const std::map<std::string, std::string>& files);

}  // namespace plenum::lint
