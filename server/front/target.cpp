// The request's target: which path and which parameters it means.
//
// Decoded exactly once, and a path that a file system or a proxy could read otherwise is refused:
// "..", an encoded slash, control bytes, bytes that are not UTF-8.
#include "engine/base/diagnostic.h"
#include "server/front/parse.h"
#include "server/front/text.h"

namespace plenum::front {
namespace {

constexpr size_t kParameters = 100;

Refusal bad(std::string message) {
  return {400, "malformed_target", std::move(message)};
}

// Whether every "%" is followed by two hex digits and the decoded text is UTF-8 without NUL.
bool decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.reserve(text.size());
  bool encoded = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) c = ' ';
    if (c == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      if (c == 0) return false;
      encoded = true;
      i += 2;
    }
    out += c;
  }
  return !encoded || is_utf8(out);
}

bool has_dot_dot(std::string_view path) {
  for (size_t at = path.find("/.."); at != std::string_view::npos; at = path.find("/..", at + 1))
    if (at + 3 == path.size() || path[at + 3] == '/') return true;
  return false;
}

std::optional<Refusal> take_path(std::string_view text, std::string& path) {
  if (text.find('%') == std::string_view::npos) {
    path = text;
  } else {
    for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
      if (equal_ignoring_case(text.substr(at, 3), "%2f"))
        return bad("the path " + plenum::quote(text) + " has an encoded slash");
    if (!decode(text, false, path))
      return bad("the path " + plenum::quote(text) + " is not percent-encoded UTF-8");
    if (!is_field_value(path) || path.find('\t') != std::string::npos)
      return bad("the path " + plenum::quote(text) + " has an encoded control character");
  }
  if (has_dot_dot(path)) return bad("the path " + plenum::quote(text) + " has a `..` segment");
  return std::nullopt;
}

std::optional<Refusal> take_query(std::string_view text, Headers& query) {
  while (!text.empty()) {
    const size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (pair.empty()) continue;
    if (query.size() >= kParameters)
      return bad("the query has more than " + std::to_string(kParameters) + " parameters");
    const size_t equals = pair.find('=');
    auto& [name, value] = query.emplace_back();
    const std::string_view rest =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!decode(pair.substr(0, equals), true, name) || !decode(rest, true, value))
      return bad("the query parameter " + plenum::quote(pair) + " is not percent-encoded UTF-8");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> parse_target(const std::string* host, Head& head) {
  std::string_view rest = head.target;
  if (rest == "*" && head.method == "OPTIONS") {
    head.path = "*";
    return std::nullopt;
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(rest.substr(0, scheme.size()), scheme)) continue;
    rest.remove_prefix(scheme.size());
    const size_t end = rest.find_first_of("/?");
    const std::string_view authority = rest.substr(0, end);
    if (!host || !equal_ignoring_case(authority, *host))
      return bad("the target names the host " + plenum::quote(authority) +
                 ", which is not the Host header");
    rest.remove_prefix(authority.size());
    break;
  }
  const bool absolute = rest.size() != head.target.size();
  const size_t question = rest.find('?');
  const std::string_view path = rest.substr(0, question);
  if (absolute && path.empty())
    head.path = "/";
  else if (path.empty() || path.front() != '/')
    return bad("the target " + plenum::quote(head.target) + " does not begin with `/`");
  else if (auto wrong = take_path(path, head.path))
    return wrong;
  if (question == std::string_view::npos) return std::nullopt;
  return take_query(rest.substr(question + 1), head.query);
}

}  // namespace plenum::front
