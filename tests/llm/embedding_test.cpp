// Texts to vectors: what each provider is asked, and which answers count.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/llm/support.h"

using namespace plenum;
using namespace plenum::llm;

namespace {

Embedding asking(std::vector<std::string> texts, const std::string& model, bool query = false,
                 const char* params = nullptr) {
  Embedding asked;
  asked.app = "app";
  asked.model = model;
  asked.texts = std::move(texts);
  asked.query = query;
  if (params) asked.params = Json::parse(params);
  return asked;
}

http::Request request_of(const Provider& provider, const Embedding& asked) {
  auto prepared = provider.prepare(asked);
  if (!prepared) throw std::runtime_error(prepared.error().message);
  return std::get<http::Request>(*prepared);
}

// "[0.6 0.8] [1 0] of m, 7 tokens", or the error.
std::string story(const Result<Vectors>& vectors) {
  if (!vectors) return name(vectors.error().kind) + std::string("/") + vectors.error().code;
  std::ostringstream out;
  for (const std::vector<float>& one : vectors->list) {
    out << "[";
    for (size_t i = 0; i < one.size(); ++i) out << (i ? " " : "") << std::round(one[i] * 100) / 100;
    out << "] ";
  }
  out << "of " << vectors->model << ", " << vectors->usage.input_tokens << " tokens";
  return out.str();
}

std::string read(const char* name, const Embedding& asked, const std::string& body,
                 int status = 200) {
  return story(provider(name)->read(asked, a_response(status, body)));
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

std::vector<float> offline(const std::string& text) {
  const auto made = provider("offline")->prepare(asking({text}, "any"));
  return std::get<Vectors>(made.value()).list.at(0);
}

const std::string kFolder = SOURCE_ROOT "/../shared/reference/fixtures/";

Json exchange(const std::string& name) {
  std::ifstream file(kFolder + name + ".json");
  std::ostringstream text;
  text << file.rdbuf();
  return Json::parse(text.str())["exchanges"][0];
}

// Our request against the recorded one, with its path.
void same(const Provider& provider, const Embedding& asked, const std::string& recording,
          const std::string& path) {
  const http::Request ours = request_of(provider, asked);
  const Json theirs = exchange(recording)["request"];
  INFO(recording << ": ours " << ours.body << "\ntheirs " << to_text(theirs["body"]));
  CHECK(equal(Json::parse(ours.body), theirs["body"]));
  CHECK(ours.url.substr(ours.url.find('/', 8)) == path);
}

std::string reply(const Provider& provider, const Embedding& asked, const std::string& recording) {
  const Json response = exchange(recording)["response"];
  const Result<Vectors> read =
      provider.read(asked, a_response(response["status"].get<int>(), to_text(response["body"])));
  if (!read) return story(read);
  return std::to_string(read->list.size()) + " x " + std::to_string(read->list.at(0).size()) +
         ", " + std::to_string(read->usage.input_tokens) + " tokens, length " +
         std::to_string(cosine(read->list.at(0), read->list.at(0))).substr(0, 4);
}

}  // namespace

TEST_CASE("gemini: texts are embedded in one batch, each with what it is for", "[llm]") {
  const auto gemini = provider("gemini");
  const http::Request request = request_of(
      *gemini, asking({"a", "b"}, "gemini-embedding-001", false, R"({"outputDimensionality": 2})"));
  CHECK(request.url ==
        "https://generativelanguage.googleapis.com/v1beta/models/"
        "gemini-embedding-001:batchEmbedContents");
  CHECK(header_of(request, "x-goog-api-key") == kTestKey);
  CHECK(Json::parse(request.body) == Json::parse(R"({"requests": [
    {"model": "models/gemini-embedding-001", "content": {"role": "user", "parts": [{"text": "a"}]},
     "taskType": "RETRIEVAL_DOCUMENT", "outputDimensionality": 2},
    {"model": "models/gemini-embedding-001", "content": {"role": "user", "parts": [{"text": "b"}]},
     "taskType": "RETRIEVAL_DOCUMENT", "outputDimensionality": 2}]})"));
  const Json question =
      Json::parse(request_of(*gemini, asking({"a"}, "gemini-embedding-001", true)).body);
  CHECK(question["requests"][0]["taskType"] == "RETRIEVAL_QUERY");
  CHECK(gemini->most_texts("gemini-embedding-001") == 100);
}

TEST_CASE("gemini: the second generation is told in words what a text is for", "[llm]") {
  const auto text = [](bool query) {
    const Json body = Json::parse(
        request_of(*provider("gemini"), asking({"tea"}, "gemini-embedding-2", query)).body);
    CHECK_FALSE(body["requests"][0].contains("taskType"));
    return body["requests"][0]["content"]["parts"][0]["text"].get<std::string>();
  };
  CHECK(text(true) == "task: search result | query: tea");
  CHECK(text(false) == "title: none | text: tea");
}

TEST_CASE("gemini: an answer that does not count its tokens is estimated", "[llm]") {
  CHECK(read("gemini", asking({"hello", "you"}, "m"),
             R"({"embeddings": [{"values": [3, 4]}, {"values": [2, 0]}]})") ==
        "[0.6 0.8] [1 0] of m, 3 tokens");
}

TEST_CASE("openai: vectors stand where their numbers say", "[llm]") {
  const auto openai = provider("openai");
  const http::Request request = request_of(
      *openai, asking({"a", "b"}, "text-embedding-3-small", true, R"({"dimensions": 2})"));
  CHECK(request.url == "https://api.openai.com/v1/embeddings");
  CHECK(header_of(request, "authorization") == std::string("Bearer ") + kTestKey);
  CHECK(Json::parse(request.body) ==
        Json::parse(R"({"model": "text-embedding-3-small", "input": ["a", "b"],
                        "encoding_format": "float", "dimensions": 2})"));
  CHECK(read("openai", asking({"a", "b"}, "m"),
             R"({"data": [{"index": 1, "embedding": [0, 5]}, {"index": 0, "embedding": [5, 0]}],
                 "model": "m-1", "usage": {"prompt_tokens": 7}})") ==
        "[1 0] [0 1] of m-1, 7 tokens");
}

TEST_CASE("an answer with anything odd about it is refused whole", "[llm]") {
  const Embedding two = asking({"a", "b"}, "m");
  const std::string malformed = "unavailable/provider_malformed";
  for (const char* data :
       {R"([])",                                                                        // none
        R"([{"index": 0, "embedding": [1, 0]}])",                                       // too few
        R"([{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}])",          // twice
        R"([{"index": 0, "embedding": [1]}, {"index": 2, "embedding": [1]}])",          // beyond
        R"([{"index": 0, "embedding": [1, 0]}, {"index": 1, "embedding": [1]}])",       // sizes
        R"([{"index": 0, "embedding": [1, 0]}, {"index": 1, "embedding": [0, 0]}])",    // nowhere
        R"([{"index": 0, "embedding": [1, 0]}, {"index": 1, "embedding": [1, "0"]}])",  // text
        R"([{"index": 0, "embedding": [1, 0]}, {"index": 1, "embedding": []}])",
        R"([{"index": 0, "embedding": [1, 0]}, {"index": 1}])", R"({"index": 0})"}) {
    INFO(data);
    CHECK(read("openai", two, std::string(R"({"data": )") + data + "}") == malformed);
  }
  CHECK(read("gemini", two, R"({"embeddings": [{"values": [1, 0]}]})") == malformed);
  CHECK(read("gemini", two, R"({})") == malformed);
  CHECK(read("gemini", two, "not JSON") == malformed);
  // Of the wrong size, although all are of the same.
  CHECK(read("openai", asking({"a"}, "m", false, R"({"dimensions": 3})"),
             R"({"data": [{"index": 0, "embedding": [1, 0]}]})") == malformed);
  CHECK(read("gemini", asking({"a"}, "m", false, R"({"outputDimensionality": 3})"),
             R"({"embeddings": [{"values": [1, 0]}]})") == malformed);
}

TEST_CASE("what goes wrong with an embedding is told as of a call, without its texts", "[llm]") {
  const Embedding secret = asking({"my secret diary of many words"}, "m");
  CHECK(read("openai", secret, R"({"error": {"message": "no"}})", 401) == "denied/provider_auth");
  CHECK(read("openai", secret, R"({"error": {"message": "slow down"}})", 429) == "limited/");
  CHECK(read("gemini", secret, "{}", 503).starts_with("unavailable/"));
  const Result<Vectors> refused = provider("openai")->read(
      secret,
      a_response(400, R"({"error": {"message": "bad input: my secret diary of many words"}})"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("diary") == std::string::npos);
}

TEST_CASE("params of an embedding may not take over what the engine fills in", "[llm]") {
  const auto refused = [](const char* name, const char* params) {
    return !provider(name)->prepare(asking({"a"}, "m", false, params));
  };
  CHECK(refused("openai", R"({"input": ["x"]})"));
  CHECK(refused("openai", R"({"encoding_format": "base64"})"));
  CHECK(refused("gemini", R"({"content": {}})"));
  CHECK_FALSE(refused("gemini", R"({"outputDimensionality": 5})"));
}

TEST_CASE("anthropic has no embeddings, and says who has", "[llm]") {
  const auto anthropic = provider("anthropic");
  CHECK(anthropic->most_texts("m") == 0);
  const auto refused = anthropic->prepare(asking({"a"}, "m"));
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("Anthropic has no embedding models") &&
                                          Catch::Contains("gemini/gemini-embedding-001"));
}

TEST_CASE("offline vectors are the same each time, and near for words that are shared", "[llm]") {
  const auto made = provider("offline")->prepare(asking({"a b", "c"}, "any"));
  const Vectors& vectors = std::get<Vectors>(made.value());
  CHECK(vectors.model == "offline");
  CHECK(vectors.list.size() == 2);
  CHECK(offline("Green tea is brewed") == offline("Green tea is brewed"));
  CHECK(cosine(offline("tea"), offline("tea")) == Approx(1).margin(1e-5));
  CHECK(cosine(offline("...!"), offline("...!")) == Approx(1).margin(1e-5));

  const std::vector<float> question = offline("How long do I brew green tea?");
  const double near = cosine(question, offline("Green tea is brewed for two minutes."));
  const double far = cosine(question, offline("Invoices are due within thirty days."));
  CHECK(near > far + 0.2);
}

TEST_CASE("recorded: embeddings are asked for as the SDKs do, and their answers are read",
          "[recorded]") {
  if (!std::filesystem::exists(kFolder)) {
    WARN("no recorded exchanges beside the checkout: skipped");
    return;
  }
  const auto gemini = make_provider("gemini", {"", "v1", kTestKey, false}, "");
  const auto openai = provider("openai");
  const char* of_768 = R"({"outputDimensionality": 768})";

  const Embedding batch = asking({"hello", "world"}, "gemini-embedding-001", false,
                                 R"({"outputDimensionality": 768, "title": "Greetings"})");
  same(*gemini, batch, "gemini/embed-batch", "/v1/models/gemini-embedding-001:batchEmbedContents");
  const Embedding one = asking({"Hello, world!"}, "gemini-embedding-001", true, of_768);
  same(*gemini, one, "gemini/embed-one-embedding-001",
       "/v1/models/gemini-embedding-001:batchEmbedContents");
  const Embedding second =
      asking({"Hello, world!"}, "gemini-embedding-2", true,
             R"({"outputDimensionality": 768, "taskType": "RETRIEVAL_QUERY"})");
  same(*gemini, second, "gemini/embed-one", "/v1/models/gemini-embedding-2:batchEmbedContents");
  // The recorded vectors are cut short, so those who asked for 768 numbers refuse them.
  CHECK(reply(*gemini, batch, "gemini/embed-batch") == "unavailable/provider_malformed");
  const auto any = [](Embedding asked) { return asked.params = Json(), asked; };
  CHECK(reply(*gemini, any(batch), "gemini/embed-batch") == "2 x 8, 4 tokens, length 1.00");
  CHECK(reply(*gemini, any(one), "gemini/embed-one-embedding-001") ==
        "1 x 8, 5 tokens, length 1.00");
  CHECK(reply(*gemini, any(second), "gemini/embed-one") == "1 x 8, 5 tokens, length 1.00");
  CHECK(reply(*gemini, asking({"Hello, world!"}, "nonexistent-model", true),
              "gemini/recorded-error-404-embed") == "invalid/model_not_found");

  const auto vertex = make_provider("gemini",
                                    {"https://europe-west4-aiplatform.googleapis.com/v1beta1/"
                                     "projects/my-project/locations/europe-west4",
                                     "", "ya29.TEST", true},
                                    "");
  const std::string models =
      "/v1beta1/projects/my-project/locations/europe-west4/publishers/google/models/";
  const Embedding predicted = asking({"hello"}, "gemini-embedding-001", true, of_768);
  same(*vertex, predicted, "gemini/vertex-embed-001", models + "gemini-embedding-001:predict");
  CHECK(reply(*vertex, any(predicted), "gemini/vertex-embed-001") ==
        "1 x 2, 2 tokens, length 1.00");
  CHECK(reply(*vertex, any(predicted), "gemini/vertex-embed-2") == "1 x 8, 5 tokens, length 1.00");
  CHECK(vertex->most_texts("gemini-embedding-001") == 1);
  Embedding embedded = asking({"hello"}, "gemini-embedding-2", true, of_768);
  const Json ours = Json::parse(request_of(*vertex, embedded).body);
  const Json theirs = exchange("gemini/vertex-embed-2")["request"]["body"];
  CHECK(equal(ours["embedContentConfig"], theirs["embedContentConfig"]));
  CHECK(ours["content"]["parts"][0]["text"] == "task: search result | query: hello");

  const Embedding floats =
      asking({"hello", "world"}, "text-embedding-3-small", false, R"({"dimensions": 256})");
  same(*openai, floats, "openai/embeddings-float-batch", "/v1/embeddings");
  CHECK(reply(*openai, any(floats), "openai/embeddings-float-batch") ==
        "2 x 2, 2 tokens, length 1.00");
  // The SDK asks for base64; who answers with it is read, too.
  CHECK(reply(*openai, asking({"Hello, world!"}, "text-embedding-3-small"),
              "openai/embeddings-default") == "1 x 4, 4 tokens, length 1.00");
}
