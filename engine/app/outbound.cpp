#include "engine/app/outbound.h"

#include "engine/base/diagnostic.h"

namespace plenum::app {

namespace {

std::string_view path_of(std::string_view url, size_t from) {
  return url.substr(from, url.find('?', from) - from);
}

// A value may be one segment of the path and not less: with none the URL would be another one (of
// the whole collection, say), and with dots the one above.
Result<> same_shape(std::string_view path, std::string_view as_written) {
  const bool folder = as_written.ends_with('/');
  if (path.find("//") != path.npos || (path.ends_with('/') && !folder && !path.empty()))
    return fail(Kind::invalid, "a value in the path of `url` is empty", "bad_url");
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (segment == "." || segment == "..")
      return fail(Kind::invalid, "a value in the path of `url` is " + quote(segment), "bad_url");
    rest.remove_prefix(segment.size());
  }
  return {};
}

}  // namespace

Result<std::string> Address::in(const Scope& scope) const {
  std::string url = TRY(text.in(scope));
  if (url.find('#') != url.npos)
    return fail(Kind::invalid, "`url` holds a #, which is never sent", "bad_url");
  TRY(same_shape(path_of(url, origin.end), path_of(text.code->text(), origin.end)));
  return url;
}

bool Statuses::hold(int status) const {
  for (const auto& [low, high] : ranges)
    if (status >= low && status <= high) return true;
  return false;
}

std::string Statuses::text() const {
  std::string out;
  for (const auto& [low, high] : ranges)
    out += (out.empty() ? "" : ", ") +
           (low == high ? std::to_string(low) : std::to_string(low / 100) + "xx");
  return out;
}

}  // namespace plenum::app
