// An authored JSON Schema as each provider enforces it, and a reply's way back.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "engine/base/json.h"

namespace plenum::llm {

enum class Dialect { gemini, openai, anthropic };

struct Lowered {
  Json schema;  // what to send
  // False: this dialect cannot hold the schema (a map with free keys, a tuple, recursion …).
  // `schema` is the authored one then, to be put into words.
  bool enforced = true;
  bool wrapped = false;  // the root must be an object here: the value is its member "value"
  Json sent;             // `schema` as `verbatim` text (json_text.h), for a request's body
};

// Keeps what the provider enforces, writes the other rules into descriptions, and drops what only
// tools read.  The reply still has to be validated against the authored schema.  Total: any JSON is
// accepted.
Lowered lower(const Json& authored, Dialect dialect);

// Lowers each schema once (an app has few, and calls them often), and knows one that is shared by
// its address.  Callable from any thread.
class LoweredSchemas {
 public:
  explicit LoweredSchemas(Dialect dialect) : dialect_(dialect) {}
  std::shared_ptr<const Lowered> of(const Json& authored) const;
  std::shared_ptr<const Lowered> of(const std::shared_ptr<const Json>& authored) const;
  // Provider::partial of a reply to the lowered schema.
  Json partial(const std::shared_ptr<const Json>& authored, std::string_view text) const;

 private:
  const Dialect dialect_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::shared_ptr<const Lowered>>
      known_;  // by the schema's text
  struct Shared {
    std::shared_ptr<const Json> authored;  // held, so that no other one gets its address
    std::shared_ptr<const Lowered> lowered;
  };
  mutable std::unordered_map<const Json*, Shared> shared_;
};

// The reply as the authored schema means it: unwrapped, and without the nulls that stand for absent
// members (OpenAI has no optional ones).  Text that is not JSON comes back as it is.
std::string restored(const Json& authored, const Lowered& lowered, std::string text);

}  // namespace plenum::llm
