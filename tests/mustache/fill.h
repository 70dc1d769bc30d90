// Rendering in one call, for tables: the text, or "error: …" with what an author would read.
#pragma once

#include <string>

#include "engine/mustache/mustache.h"

namespace plenum::mustache {

inline std::string shown(const Problem& problem) {
  return problem.code + " " + std::to_string(problem.start.line) + ":" +
         std::to_string(problem.start.column) + "-" + std::to_string(problem.end.line) + ":" +
         std::to_string(problem.end.column) + " " + problem.message +
         (problem.help.empty() ? "" : " -> " + problem.help);
}

inline std::string shown(const Problems& problems) {
  std::string text;
  for (const Problem& problem : problems) text += (text.empty() ? "" : "\n") + shown(problem);
  return text;
}

inline std::string fill(const std::string& text, const std::string& data, Options options = {},
                        const Limits& limits = {}, const Json& partials = Json::object()) {
  std::map<std::string, Template, std::less<>> known;
  for (const auto& [name, source] : partials.items()) {
    auto partial = Template::parse(source.get<std::string>(), options);
    if (!partial) return "error: partial " + name + ": " + shown(partial.error());
    known.emplace(name, *partial);
  }
  const auto page = Template::parse(text, options);
  if (!page) return "error: " + shown(page.error());
  const Json values = Json::parse(data);
  const auto result = page->render(
      ObjectScope(values),
      [&](std::string_view name) {
        const auto found = known.find(name);
        return found == known.end() ? nullptr : &found->second;
      },
      limits);
  return result ? *result : "error: " + result.error().message;
}

inline const Options kHtml{Escape::html, true, {}};
inline const Options kLenient{Escape::none, false, {}};

}  // namespace plenum::mustache
