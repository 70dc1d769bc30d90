// How a job becomes a command line: resource limits, then bubblewrap, then the program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/effects/child/sandbox.h"

namespace plenum::child {

struct Jail {
  bool sandboxed = true;  // false: limits only
  bool proc = true;       // its own /proc; some containers do not allow one to be mounted
  std::string seccomp;    // the filter, which the child finds as descriptor 3; empty: none

  std::vector<std::string> command(const Job& job) const;
  std::vector<std::string> environment(const Job& job) const;  // of the outermost program
};

// Tries bubblewrap on this machine, at most some seconds; the error says what is missing and how to
// get it.
Result<Jail> find_jail();

}  // namespace plenum::child
