// Errors as values.  What can fail returns Result<T>; a bug is an assertion or an exception.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace plenum {

// Who can act, and whether trying again helps; nothing else.
enum class Kind { invalid, not_found, denied, conflict, limited, timeout, unavailable, internal };
const char* name(Kind kind);

// One place in a document that is wrong: an RFC 6901 JSON pointer and a sentence.
struct Violation {
  std::string pointer;
  std::string message;
  bool operator==(const Violation&) const = default;
};

struct Error {
  Kind kind = Kind::internal;
  std::string message;  // one sentence for the person who can act; no secrets, no prompt text
  std::string
      code;  // stable and machine-readable, e.g. "unreadable_cv"; empty: the kind's own name
  std::string trail;  // what was being done: "running fitmycv: node extract: asking openai"
  std::optional<std::chrono::milliseconds> retry_after =
      std::nullopt;                        // a lower bound that a peer asked for
  std::vector<Violation> violations = {};  // what exactly breaks a schema
  int status = 0;  // an HTTP status an author chose with `fail`, 400 to 599; 0: the kind's own

  // The same error, with what was being done put in front of its trail.
  Error during(std::string_view doing) &&;
  std::string stable_code() const;  // `code`, or the kind's name
};

template <typename T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Kind kind, std::string message, std::string code = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), std::move(code), {}});
}
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace plenum

// The value of a Result, or return its error from the surrounding function.
#define TRY(expression)                                                    \
  __extension__({                                                          \
    auto&& try_result = (expression);                                      \
    if (!try_result) return tl::unexpected(std::move(try_result).error()); \
    ::plenum::detail::take(std::move(try_result));                         \
  })

namespace plenum::detail {
template <typename T, typename E>
T take(tl::expected<T, E>&& result) {
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}
}  // namespace plenum::detail
