// Recording: what real models say becomes fixtures, and replies of the tests that lacked them.
//
// What `retrieve` finds is recorded, too; its texts are embedded offline, so no key is needed.
//
// A test is asked for real where it says nothing: for a model node without a reply, and for a reply
// whose fixture is not there.  What its author wrote into the test stays as it is.  Only the reply
// is kept, nothing of the request, and only of tests that pass.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/app/tests.h"
#include "engine/llm/provider.h"

namespace plenum::testing {

struct RecordOptions {
  std::map<std::string, llm::Access> providers;         // those that can be asked
  bool again = false;                                   // asks for the fixtures that are there, too
  std::set<std::string> missing;                        // fixtures that tests name and nobody has
  std::function<bool(const std::string& path)> exists;  // below the root
};

// Replies that a step lacks: one for each visit of the node, all by fixtures.
struct Added {
  size_t test = 0, step = 0;  // counted from 0
  std::string node;
  std::vector<std::string> fixtures;
};

struct Recording {
  std::map<std::string, std::string> fixtures;  // path to text
  std::vector<Added> added;
};

// What the models of one step said: node path to visit to text.
using Heard = std::map<std::string, std::map<size_t, std::string>>;

// Of one app.
class Recorder {
 public:
  Recorder(std::string app, const RecordOptions& options)
      : app_(std::move(app)), options_(options) {}

  void begin(size_t test, const std::string& name);
  bool asks(const app::TestReplies& replies, const app::TestReply& reply) const;
  // What a fixture holds since it was recorded; nullptr: it was not.
  const Json* recorded(const std::string& fixture) const;
  // What was heard in a step.
  void keep(const app::TestStep& step, size_t index, const Heard& heard);
  void end(bool passed);

  Recording take() { return std::move(done_); }

 private:
  void keep_named(const app::TestReplies& replies, const std::map<size_t, std::string>& visits);
  void keep_new(const std::string& node, size_t step, const std::map<size_t, std::string>& visits);
  void write(const std::string& fixture, const std::string& said);

  const std::string app_;
  const RecordOptions& options_;
  size_t test_ = 0;
  std::string folder_;
  Recording done_, open_;               // of tests that passed; of the one that runs
  std::map<std::string, Json> values_;  // of all fixtures in both
};

// The fixtures that model nodes' replies name and that are not there.
std::set<std::string> missing_fixtures(const std::string& app_file, const app::Files& files);

// Files in which the missing fixtures of replies read as empty, so that the rest of the app's tests
// can be checked.
class WithPlaceholders final : public app::Files {
 public:
  WithPlaceholders(const app::Files& files, const std::set<std::string>* only)
      : files_(files), only_(only) {}
  std::optional<std::string> read(const std::string& path) const override;
  std::vector<std::string> list(const std::string& folder) const override {
    return files_.list(folder);
  }

 private:
  const app::Files& files_;
  const std::set<std::string>* only_;  // null: any fixture
};

// Writes the fixtures below `root`, and the replies into the app's tests; the paths of what was
// written.
Result<std::vector<std::string>> write(const Recording& recording, const std::string& root,
                                       const std::string& app_file);

// The file's text with the replies added to its steps: an app file, or a file of tests; nullopt:
// they cannot be written there.
std::optional<std::string> with_replies(const std::string& path, std::string text,
                                        const std::vector<Added>& added);

}  // namespace plenum::testing
