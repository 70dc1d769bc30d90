// fail: ends the run with an error of the author's own words.
#include "engine/nodes/kind_of.h"

namespace plenum::nodes {

namespace {

Kind kind_of_status(int status) {
  switch (status) {
    case 403:
      return Kind::denied;
    case 404:
      return Kind::not_found;
    case 409:
      return Kind::conflict;
    case 429:
      return Kind::limited;
    default:
      return Kind::invalid;
  }
}

struct Fail final : run::Node {
  std::string code;
  app::Text message;
  int status = 400;

  Result<run::Next> start(run::Visit& visit) const override {
    Error error{kind_of_status(status), TRY(message.in(visit.scope)), code, {}};
    error.status = status;
    return plenum::fail(std::move(error));
  }
};

void check_fail(app::Reader& reader, const yaml::Node& yaml, Fail& fail) {
  reader.good_id(fail.code, yaml.find("code")->span, "an error");
}

}  // namespace

NodeKind fail_kind() {
  return KindOf<Fail>("fail",
                      "Ends the run with an error; the client gets its code, message and status.")
      .needs("code", &Fail::code, "A stable word for programs, such as unreadable_cv.")
      .needs("message", &Fail::message, "A sentence for people.")
      .takes("status", &Fail::status, 400, 499, "The HTTP status of the answer.")
      .check(check_fail);
}

}  // namespace plenum::nodes
