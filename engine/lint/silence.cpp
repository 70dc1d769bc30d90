#include "engine/lint/silence.h"

#include "engine/lint/fixes.h"

namespace plenum::lint {

namespace {

constexpr std::string_view kMark = "# lint: ok";

// One comment; `line` is the line it speaks of.
struct Pardon {
  Span span;
  int line = 0;
  std::string there;  // that line's text
  std::string code, why;
  bool used = false;
};

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// A comment begins behind a blank, or the line; inside quotes it is text.
size_t comment_at(std::string_view line) {
  const size_t at = line.find(kMark);
  if (at == std::string_view::npos || (at > 0 && line[at - 1] != ' ' && line[at - 1] != '\t'))
    return std::string_view::npos;
  const std::string_view before = line.substr(0, at);
  const bool quoted = std::count(before.begin(), before.end(), '"') % 2 == 1 ||
                      std::count(before.begin(), before.end(), '\'') % 2 == 1;
  return quoted ? std::string_view::npos : at;
}

std::vector<Pardon> pardons_in(const std::string& path, std::string_view text) {
  std::vector<Pardon> all;
  const auto file = std::make_shared<const std::string>(path);
  int number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    ++number;
    at = end + 1;
    const size_t mark = comment_at(line);
    if (mark == std::string_view::npos) continue;
    const std::string_view words = trimmed(line.substr(mark + kMark.size()));
    const size_t space = std::min(words.find(' '), words.size());
    const bool alone = trimmed(line.substr(0, mark)).empty();
    const std::string_view next = text.substr(std::min(at, text.size()));
    const std::string_view there = alone ? next.substr(0, next.find('\n')) : line.substr(0, mark);
    const int begin = static_cast<int>(mark) + 1;
    const size_t length = trimmed(line.substr(mark)).size();
    all.push_back({{file, {number, begin}, {number, begin + static_cast<int>(length)}},
                   alone ? number + 1 : number,
                   std::string(there),
                   std::string(words.substr(0, space)),
                   std::string(trimmed(words.substr(space)))});
  }
  return all;
}

// On its line; or in the file that its line names, which has no comments of its own.
bool speaks_of(const Pardon& pardon, const Span& span) {
  if (*span.file == *pardon.span.file) return span.start.line == pardon.line;
  return pardon.there.find(*span.file) != std::string::npos;
}

bool silences(Pardon& pardon, const Diagnostic& finding) {
  if (finding.severity == Severity::error || finding.code != pardon.code || !finding.span.file ||
      !speaks_of(pardon, finding.span))
    return false;
  pardon.used = true;
  return true;
}

Diagnostic complaint(const Pardon& pardon, std::string message, std::string help) {
  Diagnostic finding{"S110", Severity::warning, pardon.span, std::move(message), std::move(help)};
  if (!pardon.used) finding.fixes.push_back({"remove it", false, {{pardon.span, ""}}});
  return finding;
}

}  // namespace

std::vector<Diagnostic> unsilenced(std::vector<Diagnostic> findings,
                                   const std::map<std::string, std::string>& files) {
  Report report;
  std::vector<Pardon> pardons;
  for (const auto& [path, text] : files)
    if (path.ends_with(".yaml") || path.ends_with(".yml"))
      for (Pardon& pardon : pardons_in(path, text)) pardons.push_back(std::move(pardon));
  for (Diagnostic& finding : findings) {
    bool silent = false;
    for (Pardon& pardon : pardons) silent = silences(pardon, finding) || silent;
    if (!silent) report.add(std::move(finding));
  }
  for (const Pardon& pardon : pardons) {
    if (!pardon.used)
      report.add(complaint(pardon, "this comment silences nothing",
                           pardon.code.empty()
                               ? "write the code and the reason: # lint: ok C903 why"
                               : "no warning " + quote(pardon.code) +
                                     " stands here; an error cannot be silenced: remove it"));
    else if (pardon.why.empty())
      report.add(complaint(pardon, "this comment gives no reason",
                           "say why " + quote(pardon.code) + " is no mistake here"));
  }
  return report.sorted();
}

}  // namespace plenum::lint
