// pdf: lays out an HTML page as a PDF file.
//
// The page is built by Mustache with HTML escaping and rendered once; what comes out is never read
// as a template again.
#include <nlohmann/json.hpp>

#include "engine/app/kind_of.h"

namespace plenum::nodes {

namespace {

struct Pdf final : run::Node {
  app::With with;
  std::optional<app::Page> page;
  std::optional<app::Page> html;
  std::string size = "A4";
  std::string margin = "12mm";
  app::Value name;

  Result<run::Next> start(run::Visit& visit) const override {
    const Json file_name = TRY(name.in(visit.scope));
    return run::Next::perform(
        run::MakePdf{TRY(page_text(visit.scope)), size, margin,
                     file_name.is_string() ? file_name.get<std::string>() : "document.pdf"});
  }

  Result<std::string> page_text(const Scope& scope) const {
    const app::Page& source = page ? *page : *html;
    if (!with.given) return source.in(scope, scope);
    const Json values = TRY(app::compute(with.values, scope));
    return source.in(scope, ObjectScope(values));
  }

  Type result() const override {
    return Type::object({{"id", {Type::Kind::string}},
                         {"name", {Type::Kind::string}},
                         {"mime", {Type::Kind::string}},
                         {"size", {Type::Kind::integer}}},
                        false, "a file");
  }
};

void one_source(app::Reader& reader, const yaml::Node& yaml, Pdf& pdf) {
  if (pdf.page.has_value() == pdf.html.has_value())
    reader.report.error("S102", yaml.span, "`pdf` needs exactly one of `template` and `html`");
}

}  // namespace

app::NodeKind pdf_kind() {
  return app::KindOf<Pdf>("pdf", "Lays out an HTML page as a PDF; the result is the file.")
      .with(&Pdf::with, "Values by name; the page then sees only these.")
      .takes("template", &Pdf::page,
             "A file under templates/, whose path may hold the value of an enum.")
      .takes("html", &Pdf::html, "The page's HTML text, instead of a file.")
      .takes("size", &Pdf::size, {"A3", "A4", "A5", "Letter", "Legal"}, "The paper.")
      .takes("margin", &Pdf::margin, "One length for all sides: 12mm, 0.5in.")
      .takes("name", &Pdf::name, "The file's name as users see it.")
      .timeout(std::chrono::seconds(30))
      .check(one_source);
}

}  // namespace plenum::nodes
