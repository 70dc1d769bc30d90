#include "engine/base/ids.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace plenum {

namespace {
constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kIdLetters = 26;  // 130 bits; the last letter carries three

std::string hex(const unsigned char* bytes, size_t n) {
  std::string text;
  text.reserve(2 * n);
  for (size_t i = 0; i < n; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}
}  // namespace

std::string random_bytes(size_t n) {
  std::string bytes(n, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(n)) != 1)
    throw std::runtime_error("the system's random source failed");
  return bytes;
}

std::string new_id(std::string_view prefix) {
  std::array<unsigned char, 16> random;
  if (RAND_bytes(random.data(), random.size()) != 1)
    throw std::runtime_error("the system's random source failed");
  std::string id(prefix);
  id += '_';
  uint32_t bits = 0;
  int held = 0;
  size_t next = 0;
  for (size_t i = 0; i < kIdLetters; ++i) {
    if (held < 5) {
      bits = (bits << 8) | (next < random.size() ? random[next++] : 0);
      held += 8;
    }
    id += kAlphabet[(bits >> (held - 5)) & 31];
    held -= 5;
    bits &= (1u << held) - 1;
  }
  return id;
}

bool is_id(std::string_view text, std::string_view prefix) {
  if (text.size() != prefix.size() + 1 + kIdLetters || text.substr(0, prefix.size()) != prefix ||
      text[prefix.size()] != '_')
    return false;
  return text.substr(prefix.size() + 1).find_first_not_of(kAlphabet) == std::string_view::npos;
}

std::string sha256_hex(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &n, EVP_sha256(), nullptr);
  return hex(digest, n);
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest, &n);
  return hex(digest, n);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                reinterpret_cast<const unsigned char*>(bytes.data()),
                                static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(n));
  return text;
}

}  // namespace plenum
