// offline: answers without asking anybody, from the app's fixtures or from the node's output
// schema.
//
// It lets an app be tried without a key, so it must never be mistaken for a model: the reply's
// model is "offline", and a text that it has to make up says what it is.
#include <fstream>
#include <sstream>

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
