#include "engine/base/diagnostic.h"

#include <algorithm>
#include <tuple>

namespace plenum {

void Report::add(Diagnostic d) {
  for (const Diagnostic& seen : all_)
    if (seen.code == d.code && seen.span.start == d.span.start && seen.message == d.message &&
        seen.span.place() == d.span.place())
      return;
  all_.push_back(std::move(d));
}

void Report::error(std::string code, Span span, std::string message, std::string help) {
  add({std::move(code), Severity::error, std::move(span), std::move(message), std::move(help)});
}
void Report::warning(std::string code, Span span, std::string message, std::string help) {
  add({std::move(code), Severity::warning, std::move(span), std::move(message), std::move(help)});
}
void Report::advice(std::string code, Span span, std::string message, std::string help) {
  add({std::move(code), Severity::advice, std::move(span), std::move(message), std::move(help)});
}

bool Report::has_errors() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::error; });
}

std::vector<Diagnostic> Report::sorted() const {
  std::vector<Diagnostic> list = all_;
  const auto key = [](const Diagnostic& d) {
    return std::make_tuple(d.span.file ? *d.span.file : std::string(), d.span.start, d.code,
                           d.message);
  };
  std::stable_sort(list.begin(), list.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
  return list;
}

std::string to_text(const Diagnostic& d) {
  const char* severity = d.severity == Severity::error     ? "error"
                         : d.severity == Severity::warning ? "warning"
                                                           : "advice";
  std::string text = d.span.place() + ": " + severity + "[" + d.code + "]: " + d.message;
  if (!d.help.empty()) text += "\n  help: " + d.help;
  return text;
}

std::string quote(std::string_view text) {
  std::string out = "`";
  size_t letters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if ((c & 0xC0) != 0x80 && ++letters > 60) {
      out += "…";
      break;
    }
    if (c == '\n')
      out += "\\n";
    else if (c < 0x20 || c == 0x7f)
      out += "?";
    else
      out += static_cast<char>(c);
  }
  return out + "`";
}

namespace {
size_t edit_distance(std::string_view a,
                     std::string_view b) {  // with swapped neighbours counted as one
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] =
          std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}
}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > 100) return {};
  std::string best;
  bool tied = false;
  // Half a step less for the same first letter, which is rarely the one that is wrong, and a little
  // for a word that only lacks an end or has one too many.
  size_t distance = word.size() < 4 ? 8 : 12;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > 100 || candidate == best) continue;
    const bool same_start = !word.empty() && candidate.starts_with(word[0]);
    const bool prefix = word.starts_with(candidate) || candidate.starts_with(word);
    const size_t d = 4 * edit_distance(word, candidate) + (same_start ? 0 : 2) + (prefix ? 0 : 1);
    if (d > distance || (best.empty() && d == distance)) continue;
    tied = d == distance;
    distance = d, best = candidate;
  }
  return tied ? std::string() : best;
}

std::string any_of(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace plenum
