// OpenSSL directly: its decoder interfaces take a key's numbers, so no PEM or X.509 is read.
#include "server/auth/key_set.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/json.h"

namespace plenum::server::auth {

namespace {

constexpr size_t kMostKeys = 100;
constexpr int kLeastBits = 2048, kMostBits = 8192;
constexpr size_t kCoordinate = 32;  // bytes, of P-256 and Ed25519

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* thing) const {
    free(thing);
  }
};
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Pkey = std::shared_ptr<EVP_PKEY>;

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Number number(std::string_view bytes) {
  return Number(BN_bin2bn(raw(bytes), static_cast<int>(bytes.size()), nullptr));
}

Pkey from_parameters(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) <= 0)
    return nullptr;
  return Pkey(key, EVP_PKEY_free);
}

// A member of a key as bytes; empty when it is not there or not base64url.
std::string bytes_of(const Json& key, const char* member) {
  const Result<std::string> bytes = base64url(text_or(key, member));
  return bytes ? *bytes : std::string();
}

Pkey rsa(const Json& key) {
  const std::string modulus = bytes_of(key, "n"), exponent = bytes_of(key, "e");
  if (modulus.size() > kMostBits / 8 + 1 || exponent.size() > 8) return nullptr;
  const Number n = number(modulus), e = number(exponent);
  if (!n || !e || BN_num_bits(n.get()) < kLeastBits || BN_num_bits(n.get()) > kMostBits ||
      !BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_is_one(e.get()))
    return nullptr;
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) ||
      !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()))
    return nullptr;
  return from_parameters("RSA", builder.get());
}

Pkey p256(const Json& key) {
  const std::string x = bytes_of(key, "x"), y = bytes_of(key, "y");
  if (text_or(key, "crv") != "P-256" || x.size() != kCoordinate || y.size() != kCoordinate)
    return nullptr;
  const std::string point = "\x04" + x + y;  // uncompressed
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      !OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) ||
      !OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                        point.size()))
    return nullptr;
  Pkey made = from_parameters("EC", builder.get());
  const Context context(made ? EVP_PKEY_CTX_new(made.get(), nullptr) : nullptr);
  return context && EVP_PKEY_public_check(context.get()) > 0 ? made : nullptr;
}

Pkey ed25519(const Json& key) {
  const std::string x = bytes_of(key, "x");
  if (text_or(key, "crv") != "Ed25519" || x.size() != kCoordinate) return nullptr;
  EVP_PKEY* made = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(x), x.size());
  return made ? Pkey(made, EVP_PKEY_free) : nullptr;
}

// Whether a member says that the key is for something else.
bool meant_for_signatures(const Json& key) {
  if (find(key, "use") && text_or(key, "use") != "sig") return false;
  const Json* operations = find(key, "key_ops");
  if (!operations) return true;
  return operations->is_array() &&
         std::find(operations->begin(), operations->end(), Json("verify")) != operations->end();
}

// A key without `key` is one that we cannot use.
Key read_key(const Json& json) {
  Key key;
  key.id = text_or(json, "kid");
  const Json* id = find(json, "kid");
  if ((id && !id->is_string()) || find(json, "d") || !meant_for_signatures(json)) return key;
  const std::string type = text_or(json, "kty");
  if (type == "RSA")
    key.algorithm = "RS256", key.key = rsa(json);
  else if (type == "EC")
    key.algorithm = "ES256", key.key = p256(json);
  else if (type == "OKP")
    key.algorithm = "EdDSA", key.key = ed25519(json);
  if (find(json, "alg") && text_or(json, "alg") != key.algorithm) key.key = nullptr;
  return key;
}

// JWS writes r and s side by side, OpenSSL wants them as DER.
std::string der_of(std::string_view signature) {
  if (signature.size() != 2 * kCoordinate) return {};
  Number r = number(signature.substr(0, kCoordinate)), s = number(signature.substr(kCoordinate));
  if (!r || !s || BN_is_zero(r.get()) || BN_is_zero(s.get())) return {};
  const std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  if (!pair || !ECDSA_SIG_set0(pair.get(), r.get(), s.get())) return {};
  (void)r.release(), (void)s.release();
  unsigned char* bytes = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

}  // namespace

Result<std::string> base64url(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  unsigned held = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return fail(Kind::invalid, "not base64url");
    held = (held << 6 | static_cast<unsigned>(value)) & 0xffff;
    if ((bits += 6) < 8) continue;
    bytes += static_cast<char>(held >> (bits -= 8) & 0xff);
  }
  if (bits >= 6 || (held & ((1u << bits) - 1)) != 0) return fail(Kind::invalid, "not base64url");
  return bytes;
}

Result<KeySet> KeySet::read(std::string_view text) {
  const Json document = TRY(parse_json(text));
  const Json* keys = plenum::find(document, "keys");
  if (!keys || !keys->is_array()) return fail(Kind::invalid, "it has no list `keys`");
  KeySet set;
  for (const Json& json : *keys) {
    if (set.keys_.size() == kMostKeys) break;
    Key key = read_key(json);
    if (key.key) set.keys_.push_back(std::move(key));
  }
  ERR_clear_error();
  if (set.keys_.empty()) return fail(Kind::invalid, "none of its keys can be used");
  return set;
}

const Key* KeySet::find(const std::string* id, std::string_view algorithm) const {
  const Key* found = nullptr;
  for (const Key& key : keys_) {
    if (key.algorithm != algorithm || (id && key.id != *id)) continue;
    if (found) return nullptr;
    found = &key;
  }
  return found;
}

bool KeySet::has(const std::string& id) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) { return key.id == id; });
}

bool signed_by(const Key& key, std::string_view bytes, std::string_view signature) {
  std::string der;
  if (key.algorithm == "ES256") {
    der = der_of(signature);
    signature = der;
  } else if (signature.size() != static_cast<size_t>(EVP_PKEY_get_size(key.key.get()))) {
    return false;
  }
  if (signature.empty()) return false;
  const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const EVP_MD* digest = key.algorithm == "EdDSA" ? nullptr : EVP_sha256();
  const bool good =
      context &&
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.key.get()) == 1 &&
      EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(bytes), bytes.size()) ==
          1;
  ERR_clear_error();
  return good;
}

}  // namespace plenum::server::auth
