#include "engine/lint/fixes.h"

#include <map>

namespace plenum::lint {

namespace {

// Where each code's help holds what should stand at the place: a near name, or the value itself.
bool names_it(std::string_view code) {
  static const std::set<std::string, std::less<>> kCodes = {"S101", "S104", "R201", "R202", "R203",
                                                            "R204", "D404", "D406", "X502", "X503",
                                                            "T601", "T602", "J701", "J707"};
  return kCodes.contains(code);
}

bool wants_quotes(std::string_view code) {
  return code == "Y002" || code == "Y004" || code == "Y006" || code == "Y007" || code == "Y009";
}

// The parts in backquotes.
std::vector<std::string> backquoted(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t at = text.find('`'); at != std::string_view::npos;) {
    const size_t end = text.find('`', at + 1);
    if (end == std::string_view::npos) break;
    parts.emplace_back(text.substr(at + 1, end - at - 1));
    at = text.find('`', end + 1);
  }
  return parts;
}

bool is_whole(std::string_view text) {  // neither cut nor an example with a gap
  return !text.empty() && text.find("…") == std::string_view::npos &&
         text.find('\n') == std::string_view::npos;
}

// What a help offers when it offers one thing: "`x`" or "a name that is close exists: `x`".
std::optional<std::string> offered(const std::string& help) {
  const std::vector<std::string> parts = backquoted(help);
  if (parts.size() != 1 || !is_whole(parts[0])) return std::nullopt;
  const std::string& word = parts[0];
  if (help == "`" + word + "`" ||
      (help.starts_with("a ") && help.ends_with(" that is close exists: `" + word + "`")))
    return word;
  return std::nullopt;
}

Position moved(const Span& span, std::string_view text, size_t bytes) {
  Position at = span.start;
  for (size_t i = 0; i < bytes; ++i) {
    if (text[i] == '\n')
      ++at.line, at.column = 1;
    else
      ++at.column;
  }
  return at;
}

// A name, keyword or path, which means the same wherever it stands.
bool is_plain(std::string_view word) {
  const bool path = word.find('/') != std::string_view::npos;
  return std::all_of(word.begin(), word.end(), [&](char c) {
    return isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '$' ||
           (path && (c == '/' || c == '-'));
  });
}

// The wrong word of the message inside the span's text: `{{a.mesage}}` may be marked as a whole.
std::optional<Span> wrong_word(const Diagnostic& finding, std::string_view there) {
  const std::vector<std::string> parts = backquoted(finding.message);
  for (size_t i = parts.size(); i-- > 0;) {
    const std::string& word = parts[i];
    if (!is_whole(word)) continue;
    if (there == word) return finding.span;
    if (there.size() == word.size() + 2 && there.substr(1, word.size()) == word &&
        there.front() == there.back())  // in quotes, which stay
      return Span{finding.span.file, moved(finding.span, there, 1),
                  moved(finding.span, there, there.size() - 1)};
    const size_t at = there.rfind(word);
    if (at == std::string_view::npos || there.find(word) != at) continue;
    const size_t end = at + word.size();
    if ((at > 0 && there[at - 1] != '.') || (end < there.size() && there[end] != '.')) continue;
    return Span{finding.span.file, moved(finding.span, there, at),
                moved(finding.span, there, at + word.size())};
  }
  return std::nullopt;
}

Fix replace(const Span& span, std::string text) {
  std::string title = "write " + quote(text);
  return {std::move(title), true, {{span, std::move(text)}}};
}

// "…" with what YAML wants escaped.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::optional<Fix> boolean(const Diagnostic& finding) {
  const auto word = offered(finding.help);
  if (!word || (*word != "true" && *word != "false")) return std::nullopt;
  return replace(finding.span, *word);
}

// `when: =a > 1` and `when: "{{a}}"`: the marks go, the expression stays.
std::optional<Fix> bare(const Diagnostic& finding, std::string_view there) {
  if (finding.help == "drop the `=`") {
    const size_t at = there.find('=');
    if (at > 1) return std::nullopt;
    return Fix{"drop the `=`",
               true,
               {{Span{finding.span.file, moved(finding.span, there, at),
                      moved(finding.span, there, at + 1)},
                 ""}}};
  }
  return std::nullopt;
}

// `note: result.tone` where an expression was meant.
std::optional<Fix> marked(const Diagnostic& finding) {
  const std::vector<std::string> parts = backquoted(finding.help);
  if (finding.code != "X508" && parts.size() == 1 && parts[0].starts_with("=") &&
      finding.help == "`" + parts[0] + "`")
    return replace(finding.span, parts[0]);
  return std::nullopt;
}

// The app takes its file's name; its endpoints move with it, so nobody but the author can say yes.
std::optional<Fix> named_like_its_file(const Diagnostic& finding) {
  const std::string& path = *finding.span.file;
  const size_t slash = path.rfind('/');
  const std::string stem = path.substr(slash + 1, path.rfind('.') - slash - 1);
  Fix fix = replace(finding.span, stem);
  fix.safe = false;
  return fix;
}

// "`double(score) * 1.5`", "write `size(x)`": the help is the whole corrected expression.
std::optional<Fix> rewritten(const Diagnostic& finding) {
  const std::vector<std::string> parts = backquoted(finding.help);
  if (parts.size() != 1 || !is_whole(parts[0])) return std::nullopt;
  if (finding.help != "`" + parts[0] + "`" && finding.help != "write `" + parts[0] + "`")
    return std::nullopt;
  return replace(finding.span, parts[0]);
}

// `len(message)` is to be `size(message)`: the name, when nothing else of the call changes.
std::optional<std::string> function_name(const std::string& call, std::string_view behind) {
  const size_t arguments = call.find('(');
  if (arguments == std::string::npos) return call;
  if (!behind.starts_with(call.substr(arguments))) return std::nullopt;
  return call.substr(0, arguments);
}

}  // namespace

std::optional<Bytes> bytes_of(const Span& span, std::string_view text) {
  const auto offset = [&](Position place) -> std::optional<size_t> {
    size_t at = 0;
    for (int line = 1; line < place.line; ++line) {
      at = text.find('\n', at);
      if (at == std::string_view::npos) return std::nullopt;
      ++at;
    }
    at += static_cast<size_t>(place.column - 1);
    if (at > text.size()) return std::nullopt;
    return at;
  };
  if (span.start.line < 1 || span.start.column < 1 || span.end < span.start) return std::nullopt;
  const auto begin = offset(span.start);
  const auto end = offset(span.end);
  if (!begin || !end) return std::nullopt;
  return Bytes{*begin, *end};
}

std::vector<Fix> fixes_for(const Diagnostic& finding, std::string_view text) {
  const auto bytes = bytes_of(finding.span, text);
  if (!bytes || bytes->begin == bytes->end) return {};
  const std::string_view there = text.substr(bytes->begin, bytes->end - bytes->begin);
  std::optional<Fix> fix;
  if (wants_quotes(finding.code) && is_whole(there)) fix = replace(finding.span, in_quotes(there));
  if (finding.code == "Y005") fix = boolean(finding);
  if (finding.code == "X505") fix = bare(finding, there);
  if (finding.code == "X504") fix = marked(finding);
  if (finding.code == "T605" && there.starts_with("{{{") && there.ends_with("}}}"))
    fix = replace(finding.span, std::string(there.substr(1, there.size() - 2)));
  if (finding.code == "S106") fix = named_like_its_file(finding);
  if (finding.code == "T601" && there.starts_with("{{")) fix = rewritten(finding);
  if (finding.code == "X507") fix = rewritten(finding);
  if (names_it(finding.code)) {
    auto word = offered(finding.help);
    if (word && finding.code == "X503") word = function_name(*word, text.substr(bytes->end));
    const auto span = wrong_word(finding, there);
    if (word && span && is_plain(*word)) fix = replace(*span, *word);
  }
  if (!fix) return {};
  return {std::move(*fix)};
}

std::string mended(std::string_view text, const std::vector<const Fix*>& fixes, size_t& applied) {
  std::map<size_t, std::pair<size_t, const Edit*>> edits;  // by begin: end, edit
  for (const Fix* fix : fixes) {
    std::vector<std::pair<Bytes, const Edit*>> mine;
    bool fits = true;
    for (const Edit& edit : fix->edits) {
      const auto bytes = bytes_of(edit.span, text);
      fits = fits && bytes && std::none_of(edits.begin(), edits.end(), [&](const auto& other) {
               return bytes->begin <= other.second.first && other.first <= bytes->end;
             });
      if (bytes) mine.emplace_back(*bytes, &edit);
    }
    if (!fits) continue;
    for (const auto& [bytes, edit] : mine) edits[bytes.begin] = {bytes.end, edit};
    ++applied;
  }
  std::string out;
  size_t at = 0;
  for (const auto& [begin, rest] : edits) {
    out += text.substr(at, begin - at);
    out += rest.second->text;
    at = rest.first;
  }
  return out + std::string(text.substr(at));
}

}  // namespace plenum::lint
