// Findings as people, scripts and CI services read them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"

namespace plenum::lint {

// Texts of the files that findings stand in, by path.
using Texts = std::map<std::string, std::string>;

// With the line and a mark under the place; `colour` for terminals.
std::string print_human(const std::vector<Diagnostic>& findings, const Texts& texts, bool colour);
// One object per line; the fixes' edits are byte ranges.
std::string print_json(const std::vector<Diagnostic>& findings, const Texts& texts);
// SARIF 2.1.0: one run, paths relative to the project's folder, fingerprints that survive moved
// lines.
std::string print_sarif(const std::vector<Diagnostic>& findings, const Texts& texts);
// Workflow commands of GitHub Actions: annotations of a pull request.
std::string print_github(const std::vector<Diagnostic>& findings);

const char* word_for(Severity severity);  // "error", "warning", "advice"

}  // namespace plenum::lint
