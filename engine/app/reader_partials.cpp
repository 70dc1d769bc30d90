// Templates and the partials they are made of.
//
// A partial is named by its path, like every other file, and sees what the tag that uses it sees:
// it is checked there, once for each place, and a mistake is told where it stands in its own file.
#include "engine/app/reader.h"

namespace plenum::app {

namespace {
constexpr int kMostUses = 200;  // of partials in one template, each counted as often as it is used
}  // namespace

// Where a template is checked, and what its partials come to.
struct Reader::Including {
  const yaml::Node& from;  // the value in the app file that all of it belongs to
  mustache::Escape escape;
  const cel::Names& seen;
  const Place& place;
  std::vector<Type> around = {};        // what the sections around it iterate
  std::vector<std::string> chain = {};  // the partials that it stands in
  Text::Partials& partials;
  int& uses;  // so far
};

// Parses a template and checks its names; `place` maps a stretch of its text to the file.  A field
// that is declared but absent then renders as nothing.
std::optional<Text> Reader::parse(const yaml::Node& from, const std::string& text,
                                  mustache::Escape escape, const Place& place) {
  const auto parsed = mustache::Template::parse(text, {escape, true});
  if (!parsed) {
    report_all(parsed.error(), place);
    return std::nullopt;
  }
  const cel::Names seen = visible();
  const auto partials = std::make_shared<Text::Partials>();
  int uses = 0;
  if (!include({from, escape, seen, place, {}, {}, *partials, uses}, *parsed)) return std::nullopt;
  Text out;
  out.code = parsed->typed(seen);
  if (!partials->empty()) out.partials = partials;
  return out;
}

bool Reader::include(const Including& at, const mustache::Template& code) {
  const Problems problems = code.check(at.seen, at.around);
  report_all(problems, at.place);
  if (!problems.empty()) return false;
  if (!with || !with->given)
    for (const mustache::Read& read : code.reads(at.seen, at.around))
      note_reads(read.path, at.place(read.start, read.end), at.from);
  bool fine = true;
  for (const mustache::Use& use : code.uses(at.seen, at.around)) fine = include(at, use) && fine;
  return fine;
}

bool Reader::include(const Including& at, const mustache::Use& use) {
  const Span tag = at.place(use.start, use.end);
  const std::string& path = use.partial;
  const auto refuse = [&](const char* code, const std::string& message, const char* help) {
    report.error(code, tag, message, help);
    return false;
  };
  if (++at.uses > kMostUses)
    return at.uses == kMostUses + 1 &&
           refuse("T601", "this template uses more than " + std::to_string(kMostUses) + " partials",
                  "repeat with a section instead");
  if (at.escape == mustache::Escape::url)
    return refuse("R202", "an address takes no partials", "write it out, with names in {{ }}");
  if (!is_path(path))
    return refuse("R202", quote(path) + " is not the path of a partial",
                  "{{> prompts/…}} or {{> templates/…}}, from the folder that holds apps.d/");
  if (std::find(at.chain.begin(), at.chain.end(), path) != at.chain.end())
    return refuse("T601", "partial " + quote(path) + " uses itself",
                  "repeat with a section instead");
  const std::optional<std::string> text = whole_file(tag, path);
  if (!text) return false;
  const auto file = std::make_shared<const std::string>(path);
  const Place inside = [&](Position start, Position end) { return Span{file, start, end}; };
  const auto partial = mustache::Template::parse(*text, {at.escape, true});
  if (!partial) {
    report_all(partial.error(), inside);
    return false;
  }
  Including inner{at.from, at.escape, at.seen, inside, use.around, at.chain, at.partials, at.uses};
  inner.chain.push_back(path);
  if (!include(inner, *partial)) return false;
  // What may be absent in one of its places renders as nothing in all of them.
  const auto known = at.partials.try_emplace(path, *partial).first;
  known->second = known->second.typed(at.seen, use.around);
  return true;
}

}  // namespace plenum::app
