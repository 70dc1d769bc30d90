// An issuer of the tests' own: keys made anew in each run, and tokens of any kind.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "engine/base/json.h"
#include "server/auth/issuer.h"

namespace plenum::server::auth::test {

inline std::string encoded(std::string_view bytes) {
  std::string text = base64(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

inline std::string bytes_of(const BIGNUM* number, int size = 0) {
  std::string bytes(static_cast<size_t>(size ? size : BN_num_bytes(number)), '\0');
  auto* to = reinterpret_cast<unsigned char*>(bytes.data());
  BN_bn2binpad(number, to, static_cast<int>(bytes.size()));
  return bytes;
}

// A private key, with what is published of it.
class SigningKey {
 public:
  static SigningKey rsa(unsigned bits = 2048) {
    return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t(bits)), "RSA");
  }
  static SigningKey p256() {
    return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), "EC");
  }
  static SigningKey ed25519() {
    return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), "OKP");
  }

  Json published(const std::string& id) const {
    Json key{{"kty", type_}, {"use", "sig"}};
    if (!id.empty()) key["kid"] = id;
    if (type_ == "RSA") {
      key["n"] = encoded(number(OSSL_PKEY_PARAM_RSA_N));
      key["e"] = encoded(number(OSSL_PKEY_PARAM_RSA_E));
    } else if (type_ == "EC") {
      key["crv"] = "P-256";
      key["x"] = encoded(number(OSSL_PKEY_PARAM_EC_PUB_X, 32));
      key["y"] = encoded(number(OSSL_PKEY_PARAM_EC_PUB_Y, 32));
    } else {
      key["crv"] = "Ed25519";
      size_t size = 32;
      std::string x(size, '\0');
      EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(x.data()), &size);
      key["x"] = encoded(x);
    }
    return key;
  }

  // As OpenSSL signs: an EC signature is DER.
  std::string sign_raw(std::string_view bytes, const EVP_MD* digest = EVP_sha256()) const {
    const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
    size_t size = 0;
    EVP_DigestSignInit(context.get(), nullptr, type_ == "OKP" ? nullptr : digest, nullptr,
                       key_.get());
    REQUIRE(EVP_DigestSign(context.get(), nullptr, &size, from, bytes.size()) == 1);
    std::string signature(size, '\0');
    auto* to = reinterpret_cast<unsigned char*>(signature.data());
    REQUIRE(EVP_DigestSign(context.get(), to, &size, from, bytes.size()) == 1);
    signature.resize(size);
    return signature;
  }

  // As JWS wants it.
  std::string sign(std::string_view bytes) const {
    const std::string signature = sign_raw(bytes);
    if (type_ != "EC") return signature;
    const auto* from = reinterpret_cast<const unsigned char*>(signature.data());
    const std::shared_ptr<ECDSA_SIG> pair(
        d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(signature.size())), ECDSA_SIG_free);
    return bytes_of(ECDSA_SIG_get0_r(pair.get()), 32) + bytes_of(ECDSA_SIG_get0_s(pair.get()), 32);
  }

 private:
  SigningKey(EVP_PKEY* key, std::string type) : key_(key, EVP_PKEY_free), type_(std::move(type)) {
    REQUIRE(key);
  }
  std::string number(const char* name, int size = 0) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &value);
    const std::shared_ptr<BIGNUM> held(value, BN_free);
    return bytes_of(value, size);
  }

  std::shared_ptr<EVP_PKEY> key_;
  std::string type_;
};

// The parts as they are, signed.
inline std::string token(const SigningKey& key, const std::string& header,
                         const std::string& claims) {
  const std::string signed_part = encoded(header) + "." + encoded(claims);
  return signed_part + "." + encoded(key.sign(signed_part));
}
inline std::string token(const SigningKey& key, const Json& header, const Json& claims) {
  return token(key, header.dump(), claims.dump());
}

inline Issuer plain_issuer() {
  Issuer issuer;
  issuer.name = "test";
  issuer.url = "https://id.example.test";
  issuer.audiences = {"https://api.example.test"};
  issuer.keys_url = "https://id.example.test/keys";
  return issuer;
}

}  // namespace plenum::server::auth::test
