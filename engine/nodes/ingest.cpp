// ingest: cuts a text into chunks and puts them, each with its vector, where `retrieve` finds them.
//
// Texts go to the model a hundred at a time; the vectors wait beside the run until all are there,
// and become the document in one transaction, in place of what had its id.  The memory holds how
// far it has come, so a retry or a restart goes on where it was.
#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "engine/nodes/budget.h"
#include "engine/nodes/chunks.h"
#include "engine/nodes/kind_of.h"
#include "engine/nodes/where.h"

namespace plenum::nodes {

namespace {

constexpr size_t kMostTexts = 100, kMostBytes = 300'000;  // of one request
constexpr size_t kMostChunks = 2'000;                     // of one document
constexpr size_t kMostMeta = 16 << 10;
constexpr size_t kMostId = 200;
constexpr int kMostPages = 500;

struct Ingest final : run::Node {
  app::CollectionRef into;
  app::Value text, file, id, meta;

  Result<run::Next> start(run::Visit& visit) const override {
    const Json given = TRY(file.in(visit.scope));
    if (!given.is_null() && !find(visit.memory, "read")) return extract(visit, given);
    const std::string whole = TRY(text_in(visit));
    const std::vector<std::string> chunks = TRY(chunks_of(whole));
    // A branch beside this one may have changed the text since: then it begins anew.
    const std::string digest = sha256_hex(whole);
    if (visit.memory.is_null()) visit.memory = Json::object();
    if (text_or(visit.memory, "text") != digest)
      visit.memory.update(Json{{"text", digest}, {"done", 0}, {"parts", Json::array()}});
    const auto done = visit.memory["done"].get<size_t>();
    if (done >= chunks.size()) return put(visit, digest);
    std::vector<std::string> texts;
    size_t bytes = 0;
    for (size_t i = done; i < chunks.size() && texts.size() < kMostTexts; ++i) {
      bytes += chunks[i].size();
      if (bytes > kMostBytes && !texts.empty()) break;
      texts.push_back(chunks[i]);
    }
    const auto& model = into.collection->vector;
    const double worst = TRY(within_budget(visit, worst_of_embedding(*model, bytes)));
    return run::Next::perform(run::EmbedTexts{model, std::move(texts)}, worst);
  }

  // {text} of the file, {part, count} of a request, or {chunks} of the document.
  Result<run::Next> on(run::Visit& visit, Json reply) const override {
    if (const Json* read = find(reply, "text")) {
      visit.memory = Json{{"read", *read}};
      return start(visit);
    }
    const Json* count = find(reply, "count");
    if (!count) return run::Next::done(std::move(reply));
    visit.memory["done"] = visit.memory["done"].get<size_t>() + count->get<size_t>();
    visit.memory["parts"].push_back(text_or(reply, "part"));
    return start(visit);
  }

  Result<run::Next> extract(run::Visit& visit, const Json& given) const {
    if (text_or(given, "id").empty())
      return fail(Kind::invalid, "`file` of " + quote(visit.path) + " is not a file", "wrong_type");
    return run::Next::perform(run::ExtractText{given, kMostPages});
  }

  Result<std::string> text_in(run::Visit& visit) const {
    if (const Json* read = find(visit.memory, "read")) return read->get<std::string>();
    const Json value = TRY(text.in(visit.scope));
    if (value.is_string()) return value.get<std::string>();
    return fail(Kind::invalid,
                "`text` of " + quote(visit.path) + " is " + type_name(value) + ", not a text",
                "wrong_type");
  }

  Result<std::vector<std::string>> chunks_of(const std::string& whole) const {
    std::vector<std::string> chunks = cut(whole, into.collection->chunk);
    if (chunks.size() <= kMostChunks) return chunks;
    return fail(Kind::invalid,
                "the text makes " + std::to_string(chunks.size()) + " chunks of " +
                    quote(into.name) + "; one document has at most " + std::to_string(kMostChunks) +
                    ": ingest its chapters under ids of their own, or make the chunks larger",
                "too_many_chunks");
  }

  Result<run::Next> put(run::Visit& visit, const std::string& digest) const {
    run::PutDocument ask;
    ask.collection = into.collection->name;
    ask.id = TRY(id_in(visit, digest));
    ask.meta = TRY(meta_in(visit));
    ask.parts = visit.memory["parts"].get<std::vector<std::string>>();
    ask.ttl = into.collection->ttl;
    ask.app_owned = into.collection->owned_by_app;
    return run::Next::perform(std::move(ask));
  }

  Result<std::string> id_in(run::Visit& visit, const std::string& digest) const {
    const Json value = TRY(id.in(visit.scope));
    if (value.is_null()) return "doc_" + digest.substr(0, 32);
    if (value.is_string() && !value.get_ref<const std::string&>().empty() &&
        value.get_ref<const std::string&>().size() <= kMostId)
      return value.get<std::string>();
    return fail(Kind::invalid,
                "`id` of " + quote(visit.path) + " must be a text of 1 to " +
                    std::to_string(kMostId) + " bytes",
                "wrong_type");
  }

  Result<Json> meta_in(run::Visit& visit) const {
    Json value = TRY(meta.in(visit.scope));
    if (value.is_null()) return Json::object();
    if (!value.is_object())
      return fail(Kind::invalid,
                  "`meta` of " + quote(visit.path) + " is " + type_name(value) + ", not a map",
                  "wrong_type");
    if (to_text(value).size() > kMostMeta)
      return fail(Kind::invalid, "`meta` of " + quote(visit.path) + " is larger than 16 KB",
                  "meta_too_large");
    return value;
  }

  Type result() const override {
    return Type::object({{"chunks", {Type::Kind::integer}}}, false, "what was ingested");
  }
};

void check_ingest(Reader& reader, const yaml::Node& yaml, Ingest& ingest) {
  if (!ingest.into.collection->vector)
    return wrong_collection(reader, *yaml.find("into"), *ingest.into.collection);
  const yaml::Node *text = yaml.find("text"), *file = yaml.find("file");
  if (!text == !file)
    reader.report.error(text ? "S103" : "S102", yaml.span,
                        "`ingest` needs exactly one of `text` and `file`",
                        "text: =what is to be found");
  else if (text)
    reader.wants(*text, ingest.text, Type(Type::Kind::string), "`text`");
  else
    reader.wants(*file, ingest.file, app::file_type(), "`file`");
  if (const yaml::Node* id = yaml.find("id"))
    reader.wants(*id, ingest.id, Type(Type::Kind::string).nullable(), "`id`");
  if (const yaml::Node* meta = yaml.find("meta"))
    reader.wants(*meta, ingest.meta, Type::object({}, true).nullable(), "`meta`");
}

}  // namespace

NodeKind ingest_kind() {
  return KindOf<Ingest>("ingest",
                        "Cuts a text into chunks and keeps each with its vector, for `retrieve` to "
                        "find; only the caller's own documents exist for it.")
      .needs("into", &Ingest::into, "A collection with `vector`.")
      .takes("text", &Ingest::text,
             "What is to be found; an empty text takes the document of this id out.")
      .takes("file", &Ingest::file,
             "Or a file, whose text is read as `extract` does, of at most 500 pages.")
      .takes("id", &Ingest::id,
             "The document's id: its chunks replace those that it had; without it, it is made from "
             "the text.")
      .takes("meta", &Ingest::meta, "A map that `where` can ask for and `retrieve` gives back.")
      .retries(2)
      .timeout(std::chrono::seconds(60))
      .check(check_ingest);
}

}  // namespace plenum::nodes
