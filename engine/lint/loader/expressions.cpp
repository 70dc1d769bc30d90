// X: expressions.
#include "engine/lint/loader_checks.h"

namespace plenum::lint {

std::vector<Check> expression_checks() {
  return {
      {"X501", Severity::error, "an expression that does not end, or is no CEL",
       "Expressions are CEL: `size(text) > 0 && tone == 'calm'`.",
       R"(input: {text: {type: string, maxLength: 900}}
nodes:
  - id: a
    when: (size(text) > 9«»
    fail: {code: no, message: No.}
)",
       R"(input: {text: {type: string, maxLength: 900}}
nodes:
  - {id: a, when: size(text) > 9, fail: {code: no, message: No.}}
)"},
      {"X502", Severity::error, "a name that is not known in an expression",
       "Expressions see the graph's input and state, and `run`, `user`, `env`, `now`; some places "
       "see "
       "more, such as `result` in `set`.",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, when: size(«mesage») > 9, fail: {code: no, message: No.}}
  - {id: b, render: {template: "{{message}}"}}
)",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, when: size(message) > 9, fail: {code: no, message: No.}}
)"},
      {"X503", Severity::error, "a function that is not there",
       "CEL's standard library, its strings, math, lists, encoders, bindings and optionals, and a "
       "few of "
       "Plenum's own.",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, when: «len»(message) > 9, fail: {code: no, message: No.}}
)",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, when: size(message) > 9, fail: {code: no, message: No.}}
)"},
      {"X504", Severity::error, "a type that does not fit, or a value whose `=` is missing",
       "What is compared and called is checked by type before a run. In data, text is text: a "
       "field of a "
       "value is computed with `=`.",
       R"(state: {id: string}
nodes:
  - {id: a, set: {id: «run.id»}}
output: {id: =id}
)",
       R"(state: {id: string}
nodes:
  - {id: a, set: {id: =run.id}}
output: {id: =id}
)"},
      {"X505", Severity::error, "`=` or `{{ }}` where an expression stands anyway",
       "`when`, `until`, `over`, `where` and `expect` are expressions by themselves.",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, when: «=size(message) > 9», fail: {code: no, message: No.}}
  - {id: b, render: {template: "{{message}}"}}
)",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, when: size(message) > 9, fail: {code: no, message: No.}}
)"},
      {"X506", Severity::error, "a condition that is neither true nor false",
       "There is no truthiness: compare the value with something.",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, when: «message», fail: {code: no, message: No.}}
)",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, when: message == 'x', fail: {code: no, message: No.}}
)"},
      {"X507", Severity::error, "arithmetic of int and double",
       "CEL does not mix them: convert one with `double(x)` or `int(x)`.",
       R"(input: {score: integer}
nodes:
  - {id: a, when: «score * 1.5» > 3.0, fail: {code: no, message: No.}}
)",
       R"(input: {score: integer}
nodes:
  - {id: a, when: double(score) * 1.5 > 3.0, fail: {code: no, message: No.}}
)"},
  };
}

}  // namespace plenum::lint
