// An app's own tests: calls with scripted replies, and what must hold of the answers.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/app/load.h"

namespace plenum::app {

// What a peer says in one visit of a node: a value, or the HTTP status and body of its failure.
struct TestReply {
  Value value;
  std::string fixture;  // the file that holds it; "": it stands in the test itself
  int status = 0;       // 0: it did not fail
};

// The replies of one node.
struct TestReplies {
  std::string node;  // its path within the graph that the call runs: "improve/critique"
  std::string kind;  // "llm"
  Span span;
  std::vector<TestReply> visits;
  bool each = false;  // a list: one per visit; else visits[0] answers all of them
};

struct TestUpload {
  std::string field, name, bytes;
};

struct TestStep {
  Span span;
  Value call;             // "POST /analyze", the path below /api/v1/{app}
  milliseconds after{0};  // the clock moves on by so much before the call
  Value body;             // null: none
  std::vector<TestReplies> replies;
  std::vector<TestUpload> uploads;
  std::vector<Expr> expect;  // over `response`, `last`, `user`, `env`, `now`
};

struct TestCase {
  std::string name;
  Span span;
  std::string user, plan;  // who calls
  std::vector<std::string> roles;
  std::vector<TestStep> steps;
};

struct Tests {
  std::vector<TestCase> cases;
  std::map<std::string, std::string> files;  // that were read for them, by path
};

// The tests of an app, checked against what could be read of it.  A served app has no need of them:
// they and their fixtures are not part of its bundle.
Tests read_tests(const Draft& draft, const Files& files, Report& report);

// What an expectation and, from the second step on, every value of a step may read.
cel::Names test_names(const App& app, bool answered, bool first);

// Whether a node's kind is one that `replies` answer; all others really run.
bool takes_replies(std::string_view kind);

}  // namespace plenum::app
