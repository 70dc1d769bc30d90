// extract: the text of an uploaded document.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"

namespace plenum::nodes {

namespace {

struct Extract final : run::Node {
  app::Value file;
  int max_pages = 50;

  Result<run::Next> start(run::Visit& visit) const override {
    Json value = TRY(file.in(visit.scope));
    if (text_or(value, "id").empty())
      return fail(Kind::invalid, "`file` of " + quote(visit.path) + " is not a file", "wrong_type");
    return run::Next::perform(run::ExtractText{std::move(value), max_pages});
  }

  Type result() const override {
    return Type::object({{"text", {Type::Kind::string}},
                         {"pages", {Type::Kind::integer}},
                         {"mime", {Type::Kind::string}}},
                        false, "the extracted document");
  }
};

void check_extract(app::Reader& reader, const yaml::Node& yaml, Extract& extract) {
  const yaml::Node* file = yaml.find("file");
  reader.wants(*file, extract.file, app::file_type(), "`file`");
}

}  // namespace

NodeKind extract_kind() {
  return KindOf<Extract>("extract", "Reads the text of a PDF, DOCX, TXT, MD or HTML file.")
      .needs("file", &Extract::file, "A file: an uploaded input or one from a collection.")
      .takes("max_pages", &Extract::max_pages, 1, 2000, "More pages than this are an error.")
      .cacheable([](const Extract&) { return true; })
      .timeout(std::chrono::seconds(60))
      .check(check_extract);
}

}  // namespace plenum::nodes
