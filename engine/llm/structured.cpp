// Finds the JSON value in what a model wrote.
//
// Strict first: a reply that is JSON is taken as it is.  Otherwise every outermost {...} or [...]
// in the text is tried, with and without its trailing commas, and the longest that reads wins: that
// covers fences, and prose before and behind.  Each byte is scanned a bounded number of times,
// because the text is whatever a model was talked into.
#include "engine/llm/provider.h"

namespace plenum::llm {
namespace {

constexpr JsonLimits kLimits = {8 << 20, 64, 200'000, 4 << 20, 10'000};
constexpr int kMostFalseStarts = 32;

std::string_view trimmed(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

// The end of the value that opens at `start`, brackets in strings left out; npos when it never
// closes.
size_t end_of(std::string_view text, size_t start) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = start; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return text.npos;
}

std::string without_trailing_commas(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      out.append(text.substr(i++, 2));
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (!in_string && c == ',') {
      const size_t next = text.find_first_not_of(" \t\r\n", i + 1);
      if (next != text.npos && (text[next] == '}' || text[next] == ']')) continue;
    }
    out += c;
  }
  return out;
}

std::optional<Parsed> lenient(std::string_view text) {
  if (Result<Json> value = parse_json(text, kLimits)) return Parsed{*std::move(value), ""};
  const std::string fewer = without_trailing_commas(text);
  if (fewer.size() == text.size()) return std::nullopt;
  if (Result<Json> value = parse_json(fewer, kLimits))
    return Parsed{*std::move(value), "trailing commas"};
  return std::nullopt;
}

struct Found {
  Parsed parsed;
  size_t start = 0, length = 0;
};

std::optional<Found> longest_value(std::string_view text) {
  std::optional<Found> best;
  int false_starts = 0;
  for (size_t at = 0;
       (at = text.find_first_of("{[", at)) != text.npos && false_starts < kMostFalseStarts;) {
    const size_t end = end_of(text, at);
    auto parsed = end == text.npos ? std::nullopt : lenient(text.substr(at, end - at));
    if (!parsed) {
      ++false_starts;
      ++at;
      continue;
    }
    if (!best || end - at > best->length) best = Found{*std::move(parsed), at, end - at};
    at = end;
  }
  return best;
}

std::string what_was_done(std::string_view text, const Found& found) {
  const std::string_view before = trimmed(text.substr(0, found.start));
  const std::string_view after = trimmed(text.substr(found.start + found.length));
  const bool fenced = before.find("```") != before.npos;
  const bool only_fence = before.substr(0, 3) == "```" && before.find('\n') == before.npos &&
                          (after == "```" || after.empty());
  std::string done = fenced ? "code fence" : "";
  if (!only_fence && !(before.empty() && after.empty()))
    done += done.empty() ? "text around it" : ", text around it";
  if (!found.parsed.repaired.empty()) done += (done.empty() ? "" : ", ") + found.parsed.repaired;
  return done;
}

Error not_json(std::string_view text, const Error& why) {
  const bool open =
      !text.empty() && (text.front() == '{' || text.front() == '[') && end_of(text, 0) == text.npos;
  const std::string problem = text.empty() ? "it is empty"
                              : open       ? "it ends in the middle"
                                           : why.message.substr(0, why.message.find(", found"));
  return {Kind::invalid, "the model's answer is not JSON: " + problem, "not_json", {}};
}

}  // namespace

Result<Parsed> read_structured(const std::string& reply) {
  const std::string_view text = trimmed(reply);
  Result<Json> strict = parse_json(text, kLimits);
  if (strict) return Parsed{*std::move(strict), ""};
  if (reply.size() > kLimits.bytes) return fail(not_json(text, strict.error()));
  std::optional<Found> found = longest_value(text);
  if (!found) return fail(not_json(text, strict.error()));
  std::string repaired = what_was_done(text, *found);
  return Parsed{std::move(found->parsed.value), std::move(repaired)};
}

}  // namespace plenum::llm
