// The one form in which an app may name a host (specification section 19).
//
// Every other spelling of a URL is refused rather than understood: two programs that read the same
// text differently are how a request ends up at a host that nobody allowed.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace plenum {

// Scheme, host and port of a URL.
struct Origin {
  std::string host;    // lower case
  int port = 443;      // of a public host always 443
  bool local = false;  // http:// to this machine: only where the operator allows it
  size_t end = 0;      // where the URL goes on: its length, or the place of / or ?

  // As `limits.hosts` names it: "api.example.com", "http://127.0.0.1:8081".
  std::string text() const;
};

// https://NAME or https://NAME:443, NAME a DNS name of at least two labels whose last one is
// letters; or http://127.0.0.1:PORT and http://localhost:PORT.  Then / or ? or the end.  Errors are
// `invalid` and say what is wrong and what to write.
Result<Origin> read_origin(std::string_view url);

// An entry of `limits.hosts`: a name alone, or one of the two local forms.
Result<Origin> read_host(std::string_view text);

// Everything but unreserved characters (RFC 3986) as %XX: for a path segment or a part of a query.
std::string percent_encoded(std::string_view text);

}  // namespace plenum
