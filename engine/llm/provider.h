// One model provider: how a call becomes its HTTP request, and how its reply is read.  Pure
// functions over values, so that they can be proven with recorded exchanges; sending is effects/'s
// work.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/effects/http/client.h"

namespace plenum::llm {

struct File {
  std::string mime, bytes;
};

// A function that the model may ask for.
struct Tool {
  std::string name, description;
  Json input;  // JSON Schema of an object
};

// What the model asks for: `input` as it wrote it, which may be anything.
struct ToolCall {
  std::string id;  // the provider's; "": it has none, results stand in the calls' order
  std::string name;
  Json input;
};

struct ToolResult {
  std::string id, name;  // of the call
  std::string text;      // JSON or prose
  bool error = false;    // the call was not valid, or has failed
};

struct Message {
  enum class Role { user, assistant } role = Role::user;
  std::string text;
  std::vector<File> files = {};          // images and PDFs, user turns only
  std::vector<ToolCall> calls = {};      // assistant turns only
  Json raw = {};                         // of calls: Reply::raw, when this provider gave it
  std::vector<ToolResult> results = {};  // user turns only: of all calls of the turn before
};

// A resolved model call: nothing in it is a template any more.
struct Call {
  std::string app;       // for the offline provider's fixtures and for logs
  std::string node;      // node path: "reply/analyze"
  std::string provider;  // "gemini"
  std::string model;     // "gemini-3-flash-preview"
  std::string system;
  std::vector<Message> messages;
  std::shared_ptr<const Json> schema;  // structured output wanted: the authored JSON Schema,
                                       // self-contained ($refs within it)
  std::optional<double> temperature, top_p;
  std::optional<int> max_tokens, seed;
  std::vector<std::string> stop;
  std::string reasoning;  // "", none, low, medium, high
  Json params;            // passed through to the provider, or null
  std::vector<Tool> tools;
  bool stream = false;  // the reply comes as events: see Provider::stream
  std::chrono::milliseconds timeout{60'000};
};

struct Usage {
  int64_t input_tokens = 0;   // cached ones included
  int64_t output_tokens = 0;  // thinking included: it is billed as output
  int64_t cached_tokens = 0;
};

// What a finished call said.  `text` is the answer, thoughts left out; with a schema it is the JSON
// text, not yet parsed.
struct Reply {
  std::string text;
  std::string model;  // as the provider names it, or "offline"
  std::string id;     // the provider's id of the exchange, for logs
  Usage usage;
  bool cut = false;                  // stopped at max_tokens: the text is not whole
  std::vector<ToolCall> calls = {};  // asked for before there is an answer; the text is none then
  Json raw = {};                     // with calls: the turn as the provider wants it back, whole
};

// Texts that are to become vectors.
struct Embedding {
  std::string app;
  std::string model;
  std::vector<std::string> texts;  // none of them empty, at most Provider::most_texts
  bool query = false;              // a question; else what is searched
  Json params;                     // passed through to the provider, or null
  std::chrono::milliseconds timeout{60'000};
};

// As many as there were texts, in their order, all of the same dimension and of length 1: their dot
// product is the cosine.
struct Vectors {
  std::vector<std::vector<float>> list;
  std::string model;  // as the provider names it, or "offline"
  Usage usage;        // estimated from the texts where a provider does not count
};

// Reads a reply while it comes.  Pure; used by one thread at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  // Bytes of the response's body, cut anywhere; gives the text that they add to the answer.
  virtual std::string take(std::string_view bytes) = 0;
  // The body has ended, of a response whose body take() has got or that holds it itself: the reply
  // as Provider::read gives it of one that came whole, and the same errors.  A stream without its
  // end mark is `unavailable` with "provider_malformed".
  virtual Result<Reply> end(const http::Response& response) = 0;
};

// A provider's access: base URL, API version, key.  The key appears in no error and no log.
struct Access {
  std::string base_url, api_version, key;
  bool trusted_base_url = false;  // set by the operator: may be http:// and local
};

class Provider {
 public:
  virtual ~Provider() = default;
  // The HTTP request to send, or (offline) the reply itself, or why the call cannot be made.
  virtual Result<std::variant<http::Request, Reply>> prepare(const Call& call) const = 0;
  // A complete HTTP response as reply or error.  Errors: `limited` (429, with retry_after),
  // `unavailable` (5xx; with code "provider_malformed" for an answer that is no JSON or not
  // finished in a known way, "provider_empty" for one without text), `timeout`, `denied` (bad or
  // missing key; code "provider_auth"), `invalid` with the codes "provider_refused" (safety;
  // blocked prompt), "context_too_long", "model_not_found", "provider_rejected" (other 4xx),
  // `limited` with "quota_exhausted" (billing, a daily quota; no retry).  No error holds a key, a
  // prompt or a whole body.
  virtual Result<Reply> read(const Call& call, const http::Response& response) const = 0;
  // The key file of a Google service account in whose name calls are made: each request then needs
  // `authorization: Bearer` with a token of its own.  "": requests are complete.
  virtual std::string account() const { return ""; }
  // For a call with `stream`, which outlives it, as the provider does.
  virtual std::unique_ptr<Stream> stream(const Call& call) const = 0;
  // The JSON value that the beginning of a structured reply is so far: what is open is closed, what
  // is half a word is left out.  Null: there is none yet.
  virtual Json partial(const Call& call, std::string_view text) const = 0;

  // How many texts one request may embed; 0: the provider has no embedding models, and the two
  // below are `invalid`.
  virtual size_t most_texts(const std::string& model) const = 0;
  // As for calls.  An answer with another number of vectors than texts, of differing or other
  // dimensions than `params` ask for, or with one that has no direction is "provider_malformed".
  virtual Result<std::variant<http::Request, Vectors>> prepare(const Embedding& asked) const = 0;
  virtual Result<Vectors> read(const Embedding& asked, const http::Response& response) const = 0;
};

// By name, or null; the family's list is providers/all.cpp.  `fixtures`: the folder named
// `fixtures`, whose <app>/<node id>.json, .txt or .md answer for the offline provider.  An empty
// member of `access` is the provider's own.
std::unique_ptr<Provider> make_provider(const std::string& name, Access access,
                                        const std::string& fixtures);
const std::vector<std::string>& provider_names();

// The JSON value in a structured reply: fences, prose around it and trailing commas are survived.
// `repaired` says what had to be done, empty when nothing.  Fails with `invalid`, code "not_json";
// the message quotes nothing.
struct Parsed {
  Json value;
  std::string repaired;
};
Result<Parsed> read_structured(const std::string& text);

// A value that is valid for the schema, the same for the same seed; for offline answers and
// documentation examples. Schemas that only a search can satisfy (`not`, `if`, contradictions) get
// the nearest value that was found.
Json example_of(const Json& schema, uint64_t seed = 0);

}  // namespace plenum::llm
