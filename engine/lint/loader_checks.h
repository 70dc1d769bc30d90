// The checks that are made while an app is loaded: declared here, by the letter of their codes.
#pragma once

#include <vector>

#include "engine/lint/check.h"

namespace plenum::lint {

std::vector<Check> yaml_checks();        // Y
std::vector<Check> structure_checks();   // S
std::vector<Check> reference_checks();   // R and G
std::vector<Check> data_checks();        // D and A
std::vector<Check> outbound_checks();    // A
std::vector<Check> expression_checks();  // X
std::vector<Check> template_checks();    // T
std::vector<Check> schema_checks();      // J

// Those of the language that nothing can report yet.
std::vector<Check> waiting_checks();

inline std::vector<Check> loader_checks() {
  std::vector<Check> all;
  for (const auto& letter :
       {yaml_checks(), structure_checks(), reference_checks(), data_checks(), outbound_checks(),
        expression_checks(), template_checks(), schema_checks(), waiting_checks()})
    all.insert(all.end(), letter.begin(), letter.end());
  return all;
}

}  // namespace plenum::lint
