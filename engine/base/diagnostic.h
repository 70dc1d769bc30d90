// What is wrong in an author's file: one place, one rule, one way out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mark.h"

namespace plenum {

enum class Severity { error, warning, advice };  // E: not served; W: probably wrong; I: advice

// One change of a file's text: what stands in the span becomes `text`.  Columns count bytes, so a
// span is a range of bytes.
struct Edit {
  Span span;
  std::string text;
  bool operator==(const Edit&) const = default;
};

// A way to mend the finding.  Safe: the file then says what it was meant to say.  Not safe:
// something the author wrote goes away.
struct Fix {
  std::string title;
  bool safe = true;
  std::vector<Edit> edits;
  bool operator==(const Fix&) const = default;
};

struct Diagnostic {
  std::string code;  // as in the list of checks: "X502"
  Severity severity = Severity::error;
  Span span;
  std::string message;  // stands alone: names the thing and the rule
  std::string help;     // the way out; may be empty
  std::vector<Fix> fixes = {};
  // For people who see the line: what its mark means, and a line of facts.
  std::string label = {}, note = {};
};

// Collects findings; the same finding at the same place is kept once.
class Report {
 public:
  void error(std::string code, Span span, std::string message, std::string help = {});
  void warning(std::string code, Span span, std::string message, std::string help = {});
  void advice(std::string code, Span span, std::string message, std::string help = {});
  void add(Diagnostic diagnostic);

  bool has_errors() const;
  std::vector<Diagnostic> sorted() const;  // by file, line, column, code
  bool empty() const { return all_.empty(); }
  size_t size() const { return all_.size(); }

 private:
  std::vector<Diagnostic> all_;
};

// "apps.d/a.yaml:31:13: error[R203]: no such node: `rewrit`" and, when there is help, "\n  help:
// …".
std::string to_text(const Diagnostic& diagnostic);

// `text` in backquotes, control characters escaped, cut after 60 characters.
std::string quote(std::string_view text);

// The one candidate within an edit distance of 2 (1 for words under 4 letters) of `word` that is
// nearer than all others, those with the same first letter before others; or "".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// "a, b or c"
std::string any_of(const std::vector<std::string>& words);

}  // namespace plenum
