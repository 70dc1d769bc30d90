// Who may say who somebody is: an issuer of tokens, as the operator configured it.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace plenum::server::auth {

// OpenID Connect or OAuth 2: tokens are JWTs, signed with keys that the issuer publishes.
struct Issuer {
  std::string name;                    // as the settings call it
  std::string url;                     // the claim `iss`, byte for byte; discovery begins there
  std::vector<std::string> audiences;  // one of them must be in `aud`
  std::vector<std::string> algorithms = {"RS256"};  // of RS256, ES256, EdDSA
  std::string keys_url;                             // of its key set; "": by discovery
  // The header's `typ` must be this ("at+jwt"); "": none, JWT or at+jwt.
  std::string token_type;
  std::chrono::seconds skew{0};  // how far its clock and ours may be apart; at most 60
  // Claims by name, or by a path of names with dots ("realm_access.roles"); "": none.
  std::string roles_claim;  // a list of words, or words with spaces between
  std::string plan_claim;   // a word
  bool firebase = false;    // the rules of Firebase ID tokens on top
  std::string tenant;       // Firebase: the tokens of this tenant only; "": of any
};

// Firebase Authentication of a project.
Issuer firebase(const std::string& project);

// What an operator may not configure: foreign schemes, unknown algorithms, no audience.  http:// is
// for this machine only.
Result<> check(const Issuer& issuer);

// Who signs in callers of which app.
struct Issuers {
  std::vector<Issuer> any;                            // of apps that have none of their own
  std::map<std::string, std::vector<Issuer>> of_app;  // these, and no other

  const std::vector<Issuer>& of(const std::string& app) const {
    const auto own = of_app.find(app);
    return own == of_app.end() ? any : own->second;
  }
};

}  // namespace plenum::server::auth
