// wait: nothing happens for a while, or until a time.  A run with nothing else to do is stored
// meanwhile.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"

namespace plenum::nodes {

namespace {

constexpr Millis kLongest = 366LL * 86'400'000;

struct Wait final : run::Node {
  std::optional<std::chrono::milliseconds> time;
  app::Expr until;

  Result<run::Next> start(run::Visit& visit) const override {
    Millis due = 0;
    if (time) {
      due = visit.entered + time->count();
    } else {
      const Json at = TRY(until.in(visit.scope));
      const std::optional<Millis> parsed =
          at.is_string() ? parse_rfc3339(at.get_ref<const std::string&>()) : std::nullopt;
      if (!parsed)
        return fail(Kind::invalid,
                    "`until` of " + quote(visit.path) +
                        " is a time such as 2026-05-01T09:00:00Z; " + "this is " +
                        to_text(at).substr(0, 60),
                    "wrong_type");
      due = *parsed;
    }
    if (due <= visit.entered) return run::Next::done(Json());
    if (due - visit.entered > kLongest)
      return fail(Kind::limited, quote(visit.path) + " would wait for more than a year",
                  "wait_too_long");
    return run::Next::sleep(due);
  }

  Type result() const override { return Type::Kind::null; }
};

void check_wait(Reader& reader, const yaml::Node& yaml, Wait&) {
  if (!!yaml.find("for") == !!yaml.find("until"))
    reader.report.error("S102", yaml.span, "`wait` needs exactly one of `for` and `until`",
                        "for: 10m");
}

}  // namespace

NodeKind wait_kind() {
  return KindOf<Wait>("wait", "Waits for a while or until a time, for a year at most.")
      .takes("for", &Wait::time, "How long.")
      .takes(
          "until", "CEL, a timestamp",
          +[](Reader& reader, const yaml::Node& value, Wait& wait) {
            reader.read_expr(value, wait.until, Type::Kind::timestamp, "a timestamp");
          },
          "The time; one that has passed is not waited for.")
      .shorthand("for")
      .check(check_wait);
}

}  // namespace plenum::nodes
