// offline: answers without asking anybody, from the app's fixtures or from the node's output
// schema.
//
// It lets an app be tried without a key, so it must never be mistaken for a model: the reply's
// model is "offline", and a text that it has to make up says what it is.  Its vectors count words
// and pieces of words: texts that share some are near each other, whatever they mean.
#include <fstream>
#include <sstream>

#include "engine/llm/embedding.h"
#include "engine/llm/stream.h"

namespace plenum::llm {
namespace {

// Names become file names: ids only, so that nothing leads out of the folder.
bool is_id(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::islower(c) || std::isdigit(c) || c == '_';
  });
}

std::optional<std::string> file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return std::nullopt;
  return text.str();
}

constexpr size_t kDimension = 256;

uint64_t hash_of(std::string_view text) {
  uint64_t hash = 14695981039346656037ULL;
  for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211ULL;
  return hash;
}

// Each feature has a place and a sign, so that two that meet by chance mostly cancel out.
void add_feature(std::vector<float>& vector, std::string_view feature, float weight) {
  const uint64_t hash = hash_of(feature);
  vector[(hash >> 1) % vector.size()] += hash & 1 ? weight : -weight;
}

// Whole words count most, short ones, of which every text is full, less; three letters in a row
// find what is only spelled a little differently.
void add_word(std::vector<float>& vector, const std::string& word) {
  constexpr size_t kLetters = 3;
  add_feature(vector, word, word.size() > kLetters ? 1 : 0.2F);
  for (size_t i = 0; i + kLetters < word.size(); ++i)
    add_feature(vector, "~" + word.substr(i, kLetters), 0.25F);
}

std::vector<float> vector_of(const std::string& text, size_t dimension) {
  std::vector<float> vector(dimension);
  std::string word;
  for (const char c : text + " ") {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || byte >= 0x80)
      word += static_cast<char>(std::tolower(byte));
    else if (!word.empty())
      add_word(vector, std::exchange(word, {}));
  }
  if (!normalise(vector)) {  // not a word in it
    vector.assign(dimension, 0);
    vector[hash_of(text) % dimension] = 1;
  }
  return vector;
}

class Offline final : public Provider {
 public:
  explicit Offline(std::string fixtures) : fixtures_(std::move(fixtures)) {}

  Result<std::variant<http::Request, Reply>> prepare(const Call& call) const override {
    Reply reply;
    reply.model = "offline";
    reply.id = "offline";
    if (auto text = fixture(call))
      reply.text = *std::move(text);
    else
      reply.text = call.schema ? to_text(example_of(*call.schema)) : apology(call);
    return reply;
  }

  Result<Reply> read(const Call&, const http::Response&) const override {
    return fail(Kind::internal, "the offline provider sends nothing, so there is nothing to read");
  }

  std::unique_ptr<Stream> stream(const Call&) const override { return nullptr; }
  Json partial(const Call&, std::string_view text) const override { return partial_value(text); }

  size_t most_texts(const std::string&) const override { return 100; }

  Result<std::variant<http::Request, Vectors>> prepare(const Embedding& asked) const override {
    Vectors vectors;
    vectors.model = "offline";
    for (const std::string& text : asked.texts) vectors.list.push_back(vector_of(text, kDimension));
    return vectors;
  }

  Result<Vectors> read(const Embedding&, const http::Response&) const override {
    return fail(Kind::internal, "the offline provider sends nothing, so there is nothing to read");
  }

 private:
  std::optional<std::string> fixture(const Call& call) const {
    const std::string node = last_segment(call.node);
    if (fixtures_.empty() || !is_id(call.app) || !is_id(node)) return std::nullopt;
    const std::string path = fixtures_ + "/" + call.app + "/" + node;
    if (call.schema) return file_text(path + ".json");
    for (const char* ending : {".txt", ".md"})
      if (auto text = file_text(path + ending)) return text;
    return std::nullopt;
  }

  static std::string apology(const Call& call) {
    const std::string node = last_segment(call.node);
    return "This is an offline answer: no model was asked for `" + node +
           "`. Put a text into fixtures/" + call.app + "/" + node +
           ".txt to see it here, or give the server a key to ask a model.";
  }

  const std::string fixtures_;
};

}  // namespace

std::unique_ptr<Provider> offline(Access, const std::string& fixtures) {
  return std::make_unique<Offline>(fixtures);
}

}  // namespace plenum::llm
