#include "engine/base/ids.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

namespace plenum {

namespace {
constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kSharedLetters = 5;
constexpr int kNeighbours = 200;
constexpr size_t kRandomLetters = 26;  // 130 bits; the last letter carries three

std::string hex(const unsigned char* bytes, size_t n) {
  std::string text;
  text.reserve(2 * n);
  for (size_t i = 0; i < n; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

void fill(unsigned char* bytes, size_t n) {
  if (RAND_bytes(bytes, static_cast<int>(n)) != 1)
    throw std::runtime_error("the system's random source failed");
}

// Asking the generator costs as much for many bytes as for a few.  No byte is given twice, and none
// that was given is kept.
std::array<unsigned char, 16> sixteen_random() {
  thread_local std::array<unsigned char, 512> stock;
  thread_local size_t left = 0;
  std::array<unsigned char, 16> taken;
  thread_local pid_t owner = 0;
  if (left == 0 || owner != getpid()) {  // a fork has the same stock
    fill(stock.data(), stock.size());
    left = stock.size();
    owner = getpid();
  }
  left -= taken.size();
  std::copy_n(stock.data() + left, taken.size(), taken.data());
  OPENSSL_cleanse(stock.data() + left, taken.size());
  return taken;
}

// Ids that one thread makes after one another begin with the same letters, a few hundred times, so
// that they stand together in an index: new rows touch few of its pages, where random ones would
// touch one each.  No clock, and no count of what was made, shows in them.
void append_neighbourhood(std::string& id) {
  thread_local std::array<char, kSharedLetters> letters;
  thread_local int left = 0;
  if (left-- == 0) {
    const std::array<unsigned char, 16> random = sixteen_random();
    for (size_t i = 0; i < kSharedLetters; ++i) letters[i] = kAlphabet[random[i] & 31];
    left = kNeighbours - 1;
  }
  id.append(letters.data(), letters.size());
}

void append_random(std::string& id) {
  const std::array<unsigned char, 16> random = sixteen_random();
  uint32_t bits = 0;
  int held = 0;
  size_t next = 0;
  for (size_t i = 0; i < kRandomLetters; ++i) {
    if (held < 5) {
      bits = (bits << 8) | (next < random.size() ? random[next++] : 0);
      held += 8;
    }
    id += kAlphabet[(bits >> (held - 5)) & 31];
    held -= 5;
    bits &= (1u << held) - 1;
  }
}
}  // namespace

std::string random_bytes(size_t n) {
  std::string bytes(n, '\0');
  fill(reinterpret_cast<unsigned char*>(bytes.data()), n);
  return bytes;
}

std::string new_id(std::string_view prefix) {
  std::string id;
  id.reserve(prefix.size() + 1 + kSharedLetters + kRandomLetters);
  id += prefix;
  id += '_';
  append_neighbourhood(id);
  append_random(id);
  return id;
}

bool is_id(std::string_view text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  const bool made = text.size() == 1 + kSharedLetters + kRandomLetters;
  if (!made && text.size() != 1 + kRandomLetters) return false;
  return text[0] == '_' && text.find_first_not_of(kAlphabet, 1) == std::string_view::npos;
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
