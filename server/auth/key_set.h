// The public keys of an issuer: a JSON Web Key Set (RFC 7517), as far as we can use it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

typedef struct evp_pkey_st EVP_PKEY;  // OpenSSL's

namespace plenum::server::auth {

// A key that verifies signatures of one algorithm.
struct Key {
  std::string id;         // `kid`; "" when it has none
  std::string algorithm;  // RS256, ES256 or EdDSA, by its type
  std::shared_ptr<EVP_PKEY> key;
};

// Immutable; shared between threads.
class KeySet {
 public:
  // Reads `{"keys": […]}`.  A key that cannot be used (another type, use or curve, RSA below 2048
  // bits, damaged, a private one) is passed over, so that one bad key locks nobody out; more than a
  // hundred are not looked at.  `invalid` when the text is no key set, or no key is left.
  static Result<KeySet> read(std::string_view text);

  // The one key of that id and algorithm, or null when there is none, or when it is not clear which
  // one is meant.  Without an id: the only key of the algorithm.
  const Key* find(const std::string* id, std::string_view algorithm) const;
  bool has(const std::string& id) const;
  size_t size() const { return keys_.size(); }

 private:
  std::vector<Key> keys_;
};

// Whether the signature is the key's, over exactly these bytes.  As JWS has them: RSA as long as
// the modulus, ES256 r and s of 32 bytes each, EdDSA 64 bytes.
bool signed_by(const Key& key, std::string_view bytes, std::string_view signature);

// RFC 4648 section 5 without padding, and nothing else: no spaces, no other alphabet, no stray
// bits.
Result<std::string> base64url(std::string_view text);

}  // namespace plenum::server::auth
