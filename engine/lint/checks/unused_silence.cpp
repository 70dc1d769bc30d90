// S110: a `# lint: ok` comment that silences nothing (silence.cpp).
#include "engine/lint/check.h"

namespace plenum::lint {

Check unused_silence_check() {
  return {"S110",
          Severity::warning,
          "a `# lint: ok` comment that silences nothing, or gives no reason",
          "A warning or advice is silenced by its code and the reason, on its line or alone on the "
          "line "
          "above. A comment that silences nothing hides the next mistake there; errors cannot be "
          "silenced.",
          R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello}}  «# lint: ok C902 the answer is short»
)",
          R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello}}
)"};
}

}  // namespace plenum::lint
