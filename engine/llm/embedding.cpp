// Vectors from the wire: counted, measured and made comparable before anything is kept.
//
// A short vector, or one of another model's size, would be compared all the same and only find the
// wrong things, so whatever is odd about an answer refuses it whole.
#include "engine/llm/embedding.h"

#include <cmath>
#include <cstring>

namespace plenum::llm {

namespace {

constexpr size_t kMostDimensions = 16'384;

// Of standard base64; "" for what is none.
std::string decoded(const std::string& text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t value = 0;
  int bits = 0;
  for (const char c : std::string_view(text).substr(0, text.find('='))) {
    const size_t digit = kAlphabet.find(c);
    if (digit == kAlphabet.npos) return {};
    value = value << 6 | static_cast<uint32_t>(digit);
    if ((bits += 6) >= 8) out += static_cast<char>(value >> (bits -= 8) & 0xff);
  }
  return out;
}

std::vector<float> from_bytes(const std::string& bytes) {
  std::vector<float> numbers(bytes.size() / sizeof(float));
  if (bytes.size() % sizeof(float) != 0) return {};
  std::memcpy(numbers.data(), bytes.data(), bytes.size());  // little-endian, as this machine is
  return numbers;
}

}  // namespace

Call as_call(const Embedding& asked) {
  Call call;
  call.app = asked.app;
  call.model = asked.model;
  call.params = asked.params;
  call.timeout = asked.timeout;
  for (const std::string& text : asked.texts) call.messages.push_back({Message::Role::user, text});
  return call;
}

size_t dimension_asked(const Embedding& asked, std::string_view member) {
  const Json* wanted = find(asked.params, member);
  return wanted && wanted->is_number_integer() && *wanted > 0 ? wanted->get<size_t>() : 0;
}

std::vector<float> numbers_of(const Json* values) {
  if (!values) return {};
  if (values->is_string()) return from_bytes(decoded(values->get<std::string>()));
  if (!values->is_array()) return {};
  std::vector<float> numbers;
  numbers.reserve(values->size());
  for (const Json& value : *values) {
    if (!value.is_number()) return {};
    numbers.push_back(static_cast<float>(value.get<double>()));
  }
  return numbers;
}

bool normalise(std::vector<float>& vector) {
  double square = 0;
  for (const float x : vector) square += static_cast<double>(x) * x;
  if (!std::isfinite(square) || square <= 0) return false;
  const double length = std::sqrt(square);
  for (float& x : vector) x = static_cast<float>(x / length);
  return true;
}

Result<Vectors> completed(const Peer& peer, const Embedding& asked, size_t dimension,
                          Vectors vectors) {
  if (vectors.list.size() != asked.texts.size())
    return fail(unfinished(peer, "it has " + std::to_string(vectors.list.size()) + " vectors for " +
                                     std::to_string(asked.texts.size()) + " texts"));
  for (std::vector<float>& vector : vectors.list) {
    if (dimension == 0) dimension = vector.size();
    if (vector.size() != dimension || vector.size() > kMostDimensions)
      return fail(unfinished(peer, "a vector has " + std::to_string(vector.size()) +
                                       " dimensions, not " +
                                       std::to_string(std::min(dimension, kMostDimensions))));
    if (!normalise(vector)) return fail(unfinished(peer, "a vector has no direction"));
  }
  return vectors;
}

int64_t estimated_tokens(const Embedding& asked) {
  size_t bytes = 0;
  for (const std::string& text : asked.texts) bytes += text.size();
  return static_cast<int64_t>((bytes + 2) / 3);
}

Error no_embeddings(const char* provider) {
  return {Kind::invalid,
          std::string(provider) +
              " has no embedding models: name one of another provider, for example "
              "gemini/gemini-embedding-001 or openai/text-embedding-3-small",
          "provider_rejected",
          {}};
}

}  // namespace plenum::llm
