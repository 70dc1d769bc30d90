// error[X502]: unknown name `analyis`, its place, the line with a mark, what can be done.
#include "engine/lint/print.h"

namespace plenum::lint {

namespace {

constexpr size_t kWidest = 160;  // bytes of a line that are shown

std::string line_of(const Texts& texts, const Span& span) {
  const auto file = span.file ? texts.find(*span.file) : texts.end();
  if (file == texts.end()) return {};
  size_t at = 0;
  for (int line = 1; line < span.start.line; ++line) {
    at = file->second.find('\n', at);
    if (at == std::string::npos) return {};
    ++at;
  }
  std::string text = file->second.substr(at, file->second.find('\n', at) - at);
  while (!text.empty() && text.back() == '\r') text.pop_back();
  return text;
}

// Columns on the screen: letters of UTF-8 count once, a tab is one blank.
size_t width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return out;
}

struct Paint {
  bool on = false;
  std::string operator()(const char* code, const std::string& text) const {
    return on ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
  }
};

const char* colour_of(Severity severity) {
  return severity == Severity::error ? "1;31" : severity == Severity::warning ? "1;33" : "1;36";
}

// The line, moved to the left when the place is far to the right.
struct Excerpt {
  std::string text;
  size_t before = 0, marks = 1;
};

Excerpt excerpt(const std::string& line, const Diagnostic& finding) {
  const Position& start = finding.span.start;
  const Position& end = finding.span.end;
  size_t from = std::min(static_cast<size_t>(start.column - 1), line.size());
  size_t to = end.line == start.line ? static_cast<size_t>(end.column - 1) : line.size();
  to = std::min(std::max(to, from), line.size());
  size_t cut = from > kWidest * 3 / 4 ? from - kWidest / 2 : 0;
  while (cut < line.size() && (line[cut] & 0xC0) == 0x80) ++cut;
  size_t stop = std::min(line.size(), cut + kWidest);
  while (stop < line.size() && (line[stop] & 0xC0) == 0x80) ++stop;
  to = std::min(to, stop);
  Excerpt out;
  out.text = (cut > 0 ? "…" : "") + printable(std::string_view(line).substr(cut, stop - cut)) +
             (stop < line.size() ? "…" : "");
  out.before = (cut > 0 ? 1 : 0) + width(std::string_view(line).substr(cut, from - cut));
  out.marks = std::max<size_t>(1, width(std::string_view(line).substr(from, to - from)));
  return out;
}

std::string one(const Diagnostic& finding, const Texts& texts, const Paint& paint) {
  const char* colour = colour_of(finding.severity);
  std::string out =
      paint(colour, std::string(word_for(finding.severity)) + "[" + finding.code + "]") +
      paint("1", ": " + finding.message) + "\n";
  const std::string number = std::to_string(finding.span.start.line);
  const std::string margin(number.size(), ' ');
  out += margin + paint("34", "-->") + " " + finding.span.place() + "\n";
  if (const std::string line = line_of(texts, finding.span); !line.empty()) {
    const Excerpt shown = excerpt(line, finding);
    out += margin + paint("34", " |") + "\n" + paint("34", number + " |") + " " + shown.text + "\n";
    out += margin + paint("34", " |") + " " + std::string(shown.before, ' ') +
           paint(colour, std::string(shown.marks, '^')) +
           (finding.label.empty() ? "" : " " + paint(colour, finding.label)) + "\n";
  }
  if (!finding.note.empty()) out += margin + paint("34", " =") + " " + finding.note + "\n";
  if (!finding.help.empty()) out += paint("1", "help") + ": " + finding.help + "\n";
  for (const Fix& fix : finding.fixes)
    out += paint("1", "fix") + ": " + fix.title + (fix.safe ? " (--fix)\n" : " (--fix --unsafe)\n");
  return out + "\n";
}

std::string count(size_t n, const char* word) {
  return std::to_string(n) + " " + word + (n == 1 ? "" : "s");
}

}  // namespace

const char* word_for(Severity severity) {
  return severity == Severity::error     ? "error"
         : severity == Severity::warning ? "warning"
                                         : "advice";
}

std::string print_human(const std::vector<Diagnostic>& findings, const Texts& texts, bool colour) {
  std::string out;
  size_t errors = 0, fixes = 0;
  for (const Diagnostic& finding : findings) {
    out += one(finding, texts, {colour});
    errors += finding.severity == Severity::error ? 1 : 0;
    fixes += finding.fixes.empty() ? 0 : 1;
  }
  if (findings.empty()) return out;
  out += count(findings.size(), "finding") + ", " + count(errors, "error");
  if (fixes > 0) out += "; --fix mends " + std::to_string(fixes);
  return out + "\n";
}

}  // namespace plenum::lint
