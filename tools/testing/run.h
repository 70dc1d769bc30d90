// Runs the tests of one app: its cases one after the other, each in a world of its own.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/app/tests.h"
#include "tools/testing/record.h"

namespace plenum::testing {

struct CaseResult {
  std::string name, place;
  double seconds = 0;
  std::vector<std::string> failures;  // each a text of one or more lines; none: it passed
};

// What a run's nodes did, in their order, and which routes were called.
struct Reached {
  struct Node {
    std::string graph, path, status;  // path without indexes; status: done, failed, skipped
  };
  std::vector<std::vector<Node>> runs;
  std::set<std::string> routes;  // "POST /analyze"
};

struct AppResult {
  std::string app;
  std::vector<CaseResult> cases;
  std::vector<std::string> coverage;  // lines for people
  Recording recording;                // of the cases that passed
};

struct RunOptions {
  std::string extract_helper;                   // absolute path of plenum-extract
  std::string scratch;                          // an empty folder of our own
  std::string only;                             // cases whose names hold this text; "": all
  std::shared_ptr<const RecordOptions> record;  // null: nothing is recorded
};

// Blocks.  Nothing leaves this machine, unless it is recorded: models and peers are the tests' own
// replies; documents, texts and rows really are made.
AppResult run_tests(std::shared_ptr<const app::App> app, const app::Tests& tests,
                    const RunOptions& options);

// Lines such as "nodes 5 of 6; never reached: reply/generate".
std::vector<std::string> coverage(const app::App& app, const Reached& reached);

}  // namespace plenum::testing
