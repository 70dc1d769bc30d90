// A language server for app files: diagnostics as `plenum lint` gives them, also of unsaved text;
// hovers, definitions, completions.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "engine/base/json.h"
#include "engine/lint/lint.h"

namespace plenum::editor {

// One thread.  Nothing that a client sends ends it but `exit`.
class LanguageServer {
 public:
  explicit LanguageServer(std::function<void(const Json&)> send) : send_(std::move(send)) {}

  // One message's text.  False: the client said `exit`.
  bool take(const std::string& text);
  int status() const { return shut_down_ ? 0 : 1; }  // of the process, as the protocol has it

 private:
  // An app file that is open, or that an open file belongs to.
  struct Known {
    lint::Linted now;            // as the text is
    app::Draft good;             // the last one that was YAML: for completions while typing
    std::set<std::string> told;  // URIs that findings were published for
  };

  Json answer(const std::string& method, const Json& params);
  void notice(const std::string& method, const Json& params);
  void reply(const Json& id, const char* member, Json value);

  void refresh(const std::string& uri);
  void check(const std::string& root, const std::string& path);
  void publish(const std::string& root, Known& known);

  Json hover(const Json& params);
  Json definition(const Json& params);
  Json completion(const Json& params);

  // A place in a file that a request names.
  struct At {
    std::string root, path, text;
    Position position;
    Known* known = nullptr;  // of app files
  };
  std::optional<At> at(const Json& params);
  std::string text_of(const std::string& root, const std::string& path) const;

  std::function<void(const Json&)> send_;
  bool ready_ = false, shut_down_ = false;
  std::map<std::string, std::string> open_;  // text by absolute path
  std::map<std::string, Known> apps_;        // by absolute path
};

}  // namespace plenum::editor
