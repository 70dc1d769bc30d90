// A801: what looks like a key or password in an app file, prompt, schema or template.
#include "engine/lint/check.h"

namespace plenum::lint {

namespace {

// How keys of well-known services begin, and how long what follows is at least.
struct Shape {
  std::string_view prefix;
  size_t least;
};
constexpr Shape kShapes[] = {{"sk-", 20},         {"sk_live_", 16}, {"AIza", 30},  {"ghp_", 30},
                             {"github_pat_", 30}, {"xoxb-", 20},    {"xoxp-", 20}, {"AKIA", 16},
                             {"glpat-", 20},      {"whsec_", 20}};

bool is_key(char c) {
  return isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
}

Position place_of(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const size_t line = before.rfind('\n');
  return {1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
          1 + static_cast<int>(at - (line == std::string_view::npos ? 0 : line + 1))};
}

void report_at(const std::string& path, const std::string& text, size_t begin, size_t end,
               const std::string& prefix, Report& report) {
  report.error(
      "A801",
      {std::make_shared<const std::string>(path), place_of(text, begin), place_of(text, end)},
      "looks like a secret (`" + prefix + "…`)",
      "keep it in the server's environment and take this one out of use: files are copied");
}

// A word has letters and digits: `sk-` in front of a sentence with dashes is no key.
bool random(std::string_view word) {
  const bool digit = std::any_of(word.begin(), word.end(), [](char c) { return isdigit(c); });
  const bool letter = std::any_of(word.begin(), word.end(), [](char c) { return isalpha(c); });
  return digit && letter;
}

void look(const std::string& path, const std::string& text, Report& report) {
  for (const Shape& shape : kShapes)
    for (size_t at = text.find(shape.prefix); at != std::string::npos;
         at = text.find(shape.prefix, at + 1)) {
      if (at > 0 && is_key(text[at - 1])) continue;
      size_t end = at + shape.prefix.size();
      while (end < text.size() && is_key(text[end])) ++end;
      const std::string_view rest =
          std::string_view(text).substr(at + shape.prefix.size(), end - at - shape.prefix.size());
      if (rest.size() >= shape.least && random(rest))
        report_at(path, text, at, end, std::string(shape.prefix), report);
    }
  constexpr std::string_view kPrivate = "-----BEGIN ";
  for (size_t at = text.find(kPrivate); at != std::string::npos; at = text.find(kPrivate, at + 1)) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (text.substr(at, end - at).find("PRIVATE KEY-----") != std::string::npos)
      report_at(path, text, at, end, "-----BEGIN", report);
  }
}

}  // namespace

Check secret_in_file_check() {
  // In parts, so that tools which look for secrets do not find one here.
  const std::string key = std::string("sk-") + "example0example0example0";
  return {"A801",
          Severity::error,
          "what looks like a key or password in a file",
          "App files are copied, logged and kept with every run. Keys belong into the server's "
          "environment.",
          "nodes:\n  - {id: a, llm: {model: quick, prompt: \"Use «" + key + "»\"}}\n",
          "nodes:\n  - {id: a, llm: {model: quick, prompt: Use your own key}}\n",
          [](const Subject& subject, Report& report) {
            for (const auto& [path, text] : subject.draft.files) look(path, text, report);
          }};
}

}  // namespace plenum::lint
