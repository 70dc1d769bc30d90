// pdf: lays out an HTML page as a PDF file.
//
// The page is built by Mustache with HTML escaping and rendered once; what comes out is never read
// as a template again.
#include <nlohmann/json.hpp>

#include "engine/base/utf8.h"
#include "engine/nodes/kind_of.h"
#include "engine/nodes/right_to_left.h"

namespace plenum::nodes {

namespace {

constexpr size_t kNameLetters = 120, kNameBytes = 240;  // a file system takes 255 bytes

// Digits and a unit, as the printer takes them.
bool is_length(std::string_view text) {
  const size_t unit = text.find_first_not_of("0123456789.");
  if (unit == std::string_view::npos) return false;
  const std::string_view number = text.substr(0, unit), name = text.substr(unit);
  const size_t dot = number.find('.');
  const std::string_view whole = number.substr(0, dot);
  const std::string_view part = dot == std::string_view::npos ? "0" : number.substr(dot + 1);
  return !whole.empty() && whole.size() <= 4 && !part.empty() && part.size() <= 3 &&
         part.find('.') == std::string_view::npos &&
         (name == "mm" || name == "cm" || name == "in" || name == "pt");
}

// Left-to-right overrides and their like let a name look as if it ended differently.
bool is_bidi_control(std::string_view letter) {
  return letter == "\xE2\x80\x8E" || letter == "\xE2\x80\x8F" ||
         (letter >= "\xE2\x80\xAA" && letter <= "\xE2\x80\xAE") ||
         (letter >= "\xE2\x81\xA6" && letter <= "\xE2\x81\xA9");
}

// A name that every system can save: no slashes or control characters, not too long, .pdf.
std::string file_name(std::string_view wanted) {
  if (wanted.ends_with(".pdf") || wanted.ends_with(".PDF")) wanted.remove_suffix(4);
  std::string name;
  size_t letters = 4;  // ".pdf"
  for (size_t at = 0; at < wanted.size() && letters < kNameLetters;) {
    const size_t length = std::max<size_t>(utf8_length(wanted, at), 1);
    const std::string_view letter = wanted.substr(at, length);
    at += length;
    const auto first = static_cast<unsigned char>(letter[0]);
    const bool control =
        first < 0x20 || first == 0x7f ||
        (first == 0xC2 && length == 2 && static_cast<unsigned char>(letter[1]) < 0xA0);
    if (control || is_bidi_control(letter) || (length == 1 && first >= 0x80)) continue;
    if (name.empty() && (letter == " " || letter == ".")) continue;
    if (name.size() + length + 4 > kNameBytes) break;
    if (length == 1 && std::string_view("/\\:*?\"<>|").find(letter[0]) != std::string_view::npos)
      name += '-';
    else
      name += letter;
    ++letters;
  }
  while (name.ends_with(' ') || name.ends_with('.')) name.pop_back();
  return (name.empty() ? "document" : name) + ".pdf";
}

struct Pdf final : run::Node {
  app::With with;
  std::optional<app::Page> page;
  std::optional<app::Page> html;
  std::string size = "A4";
  std::string margin = "12mm";
  app::Value name;

  Result<run::Next> start(run::Visit& visit) const override {
    const Json wanted = TRY(name.in(visit.scope));
    return run::Next::perform(
        run::MakePdf{TRY(page_text(visit.scope)), size, margin,
                     file_name(wanted.is_string() ? wanted.get<std::string>() : "")});
  }

  Result<std::string> page_text(const Scope& scope) const {
    const app::Page& source = page ? *page : *html;
    if (!with.given) return source.in(scope, MarkedScope(scope));
    const Json values = TRY(app::compute(with.values, scope));
    const ObjectScope seen(values);
    return source.in(scope, MarkedScope(seen));
  }

  Type result() const override { return app::file_type(); }
};

void check_pdf(app::Reader& reader, const yaml::Node& yaml, Pdf& pdf) {
  if (pdf.page.has_value() == pdf.html.has_value())
    reader.report.error("S102", yaml.span, "`pdf` needs exactly one of `template` and `html`",
                        "`template` is a file under templates/, `html` the page itself");
  if (const yaml::Node* margin = yaml.find("margin"); margin && !is_length(pdf.margin))
    reader.report.error("S104", margin->span, quote(pdf.margin) + " is not a length",
                        "digits and a unit: 12mm, 1.5cm, 0.5in or 36pt");
  if (const yaml::Node* name = yaml.find("name"))
    reader.wants(*name, pdf.name, Type(Type::Kind::string).nullable(), "`name`");
}

}  // namespace

NodeKind pdf_kind() {
  return KindOf<Pdf>("pdf", "Lays out an HTML page as a PDF; the result is the file.")
      .with(&Pdf::with, "Values by name; the page then sees only these.")
      .takes("template", &Pdf::page,
             "A file under templates/, whose path may hold the value of an enum.")
      .takes("html", &Pdf::html, "The page's HTML text, instead of a file.")
      .takes("size", &Pdf::size, {"A3", "A4", "A5", "Letter", "Legal"}, "The paper.")
      .takes("margin", &Pdf::margin, "One length for all sides: 12mm, 0.5in.")
      .takes("name", &Pdf::name, "The file's name as users see it.")
      .timeout(std::chrono::seconds(30))
      .check(check_pdf);
}

}  // namespace plenum::nodes
