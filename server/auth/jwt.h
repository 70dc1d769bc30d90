// A JSON Web Token (RFC 7519, 7515, 8725), read strictly and judged by an issuer's rules.
//
// Nothing in it counts before its signature holds: read() looks at its form, then the caller finds
// the key and calls signed_by(), then check_claims().
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "server/auth/issuer.h"

namespace plenum::server::auth {

// Every refusal is `denied` with code "invalid_token", or "token_expired" for one that was good
// once: its message says no more than that, its trail says which rule the token broke.
tl::unexpected<Error> refused(std::string rule);

struct Jwt {
  // Three parts of strict base64url, header and claims objects without duplicates, at most 8 KiB;
  // no `crit`, no `b64`.
  static Result<Jwt> read(std::string_view token);

  std::string algorithm;
  std::optional<std::string> key_id;
  std::string type;    // lower case, without "application/"; "": none
  std::string issuer;  // what it claims; "": nothing
  Json claims;
  std::string signed_part;  // the bytes that the signature is over
  std::string signature;
};

// What is to be refused without looking for a key: another algorithm or type of token than the
// issuer's, no key id where it has to have one.
Result<> check_header(const Jwt& jwt, const Issuer& issuer);

// Issuer, audience, subject and times; `now` is the wall clock.
Result<> check_claims(const Jwt& jwt, const Issuer& issuer, Millis now);

// A claim by its name, else by a path of names with dots; null when there is none.
const Json* find_claim(const Json& claims, const std::string& path);
// Its words, whether it is a list of them or one text with spaces between.
std::vector<std::string> words(const Json* claim);

}  // namespace plenum::server::auth
