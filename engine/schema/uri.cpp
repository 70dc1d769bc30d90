// A URI is taken apart into scheme, authority, path and query; what the reference lacks comes from
// the base.

#include "engine/schema/uri.h"

#include <cctype>
#include <vector>

namespace plenum::schema {
namespace {

struct Parts {
  std::string scheme;     // with ':'
  std::string authority;  // with "//"
  std::string path;
  std::string query;  // with '?'

  std::string text() const { return scheme + authority + path + query; }
};

Parts split(std::string_view text) {
  Parts parts;
  text = text.substr(0, text.find('#'));
  const size_t question = text.find('?');
  if (question != std::string_view::npos) {
    parts.query = text.substr(question);
    text = text.substr(0, question);
  }
  const size_t colon = text.find_first_of(":/");
  if (colon != std::string_view::npos && colon > 0 && text[colon] == ':' &&
      std::isalpha(static_cast<unsigned char>(text[0]))) {
    parts.scheme = text.substr(0, colon + 1);
    text.remove_prefix(colon + 1);
  }
  if (text.substr(0, 2) == "//") {
    const size_t end = text.find('/', 2);
    parts.authority = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end);
  }
  parts.path = text;
  return parts;
}

std::string without_dots(const std::string& path) {
  const bool absolute = !path.empty() && path[0] == '/';
  std::vector<std::string> kept;
  bool folder = false;  // the path ends in '/'
  for (size_t at = absolute; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string segment = path.substr(at, end - at);
    folder = segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (!kept.empty() && kept.back() != "..")
        kept.pop_back();
      else if (!absolute)
        kept.push_back(segment);
    } else if (segment != "." && !(segment.empty() && end == path.size())) {
      kept.push_back(segment);
    }
    at = end + 1;
  }
  std::string result = absolute ? "/" : "";
  for (size_t i = 0; i < kept.size(); ++i) result += (i ? "/" : "") + kept[i];
  if (folder && !kept.empty()) result += '/';
  return result;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
  Parts parts = split(reference);
  if (!parts.scheme.empty()) {
    if (!parts.path.empty() && parts.path[0] == '/') parts.path = without_dots(parts.path);
    return parts.text();
  }
  const Parts from = split(base);
  parts.scheme = from.scheme;
  if (!parts.authority.empty()) return parts.text();
  parts.authority = from.authority;
  if (parts.path.empty()) {
    parts.path = from.path;
    if (parts.query.empty()) parts.query = from.query;
    return parts.text();
  }
  if (parts.path[0] != '/') {
    const size_t slash = from.path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : from.path.substr(0, slash + 1);
    parts.path = (folder.empty() && !from.authority.empty() ? "/" : folder) + parts.path;
  }
  parts.path = without_dots(parts.path);
  return parts.text();
}

std::string fragment_of(std::string_view reference) {
  const size_t sign = reference.find('#');
  if (sign == std::string_view::npos) return {};
  const std::string_view coded = reference.substr(sign + 1);
  std::string text;
  for (size_t i = 0; i < coded.size(); ++i) {
    if (coded[i] == '%' && i + 2 < coded.size() && hex(coded[i + 1]) >= 0 &&
        hex(coded[i + 2]) >= 0) {
      text += static_cast<char>(hex(coded[i + 1]) * 16 + hex(coded[i + 2]));
      i += 2;
    } else {
      text += coded[i];
    }
  }
  return text;
}

}  // namespace plenum::schema
