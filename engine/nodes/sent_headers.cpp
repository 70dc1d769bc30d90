// No value makes a second line: what separates headers is refused, not escaped.
#include "engine/nodes/sent_headers.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"

namespace plenum::nodes {

Result<SentHeader> sent_header(const std::string& name, std::string value) {
  for (const unsigned char c : value)
    if ((c < 0x20 && c != '\t') || c == 0x7f)
      return fail(Kind::invalid,
                  "the header `" + name + "` would hold a line break or another control character",
                  "wrong_type");
  if (value.size() > 8192)
    return fail(Kind::invalid, "the header `" + name + "` would be longer than 8192 bytes",
                "wrong_type");
  return SentHeader{name, std::move(value)};
}

Result<std::vector<SentHeader>> sent_headers(const app::Headers& headers, const Scope& scope) {
  std::vector<SentHeader> out;
  for (const auto& [name, value] : headers.values) {
    Json computed = TRY(value.in(scope));
    if (computed.is_null()) continue;
    if (computed.is_structured())
      return fail(Kind::invalid,
                  quote(name) + " in `headers` is text; this is " + type_name(computed),
                  "wrong_type");
    out.push_back(TRY(
        sent_header(name, computed.is_string() ? computed.get<std::string>() : to_text(computed))));
  }
  return out;
}

}  // namespace plenum::nodes
