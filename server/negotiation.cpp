// A refusal is the exception: only a client that names types, of which none is ours, hears 406.
#include "server/negotiation.h"

#include <algorithm>
#include <cctype>

namespace plenum::server {

namespace {

std::string plain(std::string_view text) {
  std::string word;
  for (const char c : text)
    if (!isspace(static_cast<unsigned char>(c))) word += static_cast<char>(tolower(c));
  return word;
}

// "q=0", "q=0.", "q=0.000": not this one.
bool refuses(std::string_view parameters) {
  const size_t q = parameters.find(";q=");
  if (q == std::string_view::npos) return false;
  const std::string_view weight = parameters.substr(q + 3, parameters.find(';', q + 3) - q - 3);
  return weight.starts_with('0') && weight.find_first_not_of("0.") == std::string_view::npos;
}

bool covers(const std::string& range, const std::string& type) {
  if (range == "*/*" || range == type) return true;
  return range.ends_with("/*") && type.starts_with(range.substr(0, range.size() - 1));
}

}  // namespace

bool accepts(std::string_view accept, const std::vector<std::string>& types) {
  bool named = false;
  for (size_t begin = 0; begin <= accept.size();) {
    const size_t end = std::min(accept.find(',', begin), accept.size());
    const std::string item = plain(accept.substr(begin, end - begin));
    begin = end + 1;
    if (item.empty()) continue;
    const size_t semicolon = std::min(item.find(';'), item.size());
    const std::string range = item.substr(0, semicolon);
    if (range.find('/') == std::string::npos) return true;
    named = true;
    if (!refuses(item.substr(semicolon)) &&
        std::any_of(types.begin(), types.end(),
                    [&](const std::string& type) { return covers(range, type); }))
      return true;
  }
  return !named;
}

std::vector<std::string> types_of(const Endpoint& endpoint) {
  using Does = Endpoint::Does;
  switch (endpoint.does) {
    case Does::file:     // whatever was uploaded
    case Does::webhook:  // their senders do not read what we say
    case Does::health:
    case Does::ready:
      return {};
    case Does::docs:
      return {"text/html"};
    case Does::run_events:
      return {"text/event-stream"};
    case Does::call:
      if (endpoint.route->does == app::Route::Does::start ||
          endpoint.route->does == app::Route::Does::resume)
        return {"application/json", "text/event-stream"};
      return {"application/json"};
    default:
      return {"application/json"};
  }
}

}  // namespace plenum::server
