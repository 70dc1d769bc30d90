// render: fills a template with values; the result is the text.
//
// A name the values lack is an error at load, never an empty string: a typo must not reach a
// customer.
#include "engine/nodes/kind_of.h"

namespace plenum::nodes {

namespace {

struct Render final : run::Node {
  app::With with;
  app::Page page;

  Result<run::Next> start(run::Visit& visit) const override {
    return run::Next::done(TRY(page_text(visit.scope)));
  }

  Result<std::string> page_text(const Scope& scope) const {
    if (!with.given) return page.in(scope, scope);
    const Json values = TRY(app::compute(with.values, scope));
    return page.in(scope, ObjectScope(values));
  }

  Type result() const override { return Type::Kind::string; }
};

}  // namespace

NodeKind render_kind() {
  return KindOf<Render>("render", "Fills a template with values; the result is the text.")
      .with(&Render::with, "Values by name; the template then sees only these.")
      .needs("template", &Render::page, "A file under templates/, or the text itself.");
}

}  // namespace plenum::nodes
