// Texts to vectors, and what is done with them: kept beside the run, made a document, compared with
// a question.
//
// Vectors of an `embed` are on disk before the run hears of them, so a crash between that and the
// next step pays nothing twice; those of a question go with its search and are kept by `cache`
// only.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/effects/kept.h"
#include "engine/effects/row_scope.h"
#include "engine/effects/work.h"

namespace plenum {

namespace {

constexpr size_t kLargestAnswer = 32 << 20;  // a hundred vectors of 3072 numbers are 6 MB

double cost_of(const llm::Vectors& vectors, const app::Price& price) {
  if (vectors.model == "offline") return 0;
  return static_cast<double>(vectors.usage.input_tokens) * price.input / 1e6;
}

// Under which name vectors are compared: what an offline answer made is nobody else's.
std::string maker(const app::Model& model, const llm::Vectors& vectors) {
  return vectors.model == "offline" ? vectors.model : model.provider + "/" + model.model;
}

EffectReply reply_of(Json result, const llm::Vectors& vectors, const app::Price& price) {
  EffectReply reply;
  reply.result = std::move(result);
  reply.cost_usd = cost_of(vectors, price);
  if (vectors.model == "offline") reply.model = vectors.model;
  reply.usage.input_tokens = vectors.usage.input_tokens;
  return reply;
}

int64_t tokens_of(const llm::Embedding& asked) {
  size_t bytes = 0;
  for (const std::string& text : asked.texts) bytes += text.size();
  return static_cast<int64_t>(bytes / 3);
}

llm::Embedding embedding_of(const app::Model& model, std::vector<std::string> texts,
                            const run::Perform& what, const EffectContext& context) {
  llm::Embedding asked;
  asked.app = context.owner.app;
  asked.model = model.model;
  asked.texts = std::move(texts);
  if (model.params) asked.params = *model.params;
  asked.timeout = what.timeout.count() > 0 ? std::min(what.timeout, model.timeout) : model.timeout;
  return asked;
}

}  // namespace

void Effects::Work::embed(uint64_t handle, const std::shared_ptr<const app::Model>& model,
                          llm::Embedding asked, const run::Perform& what,
                          const EffectContext& context, OnVectors then) {
  // Tests of apps and their recording reach no network: what they embed is embedded here.
  const auto offline = parts.providers.find("offline");
  const bool here = parts.script && offline != parts.providers.end();
  const Result<std::shared_ptr<llm::Provider>> found =
      here ? offline->second : provider_for(*model);
  if (!found) return then(fail(found.error()));
  const std::shared_ptr<llm::Provider> provider = *found;
  auto prepared = provider->prepare(asked);
  if (!prepared) return then(fail(std::move(prepared).error()));
  if (auto* vectors = std::get_if<llm::Vectors>(&*prepared)) return then(std::move(*vectors));
  auto request = std::make_shared<http::Request>(std::get<http::Request>(*std::move(prepared)));
  request->headers.emplace_back("Idempotency-Key", what.key);
  request->max_response_bytes = kLargestAnswer;
  const int64_t size = tokens_of(asked);
  // Millions of digits are not read on the thread that all transfers share.  The call is over with
  // its answer: what is done with that says nothing about the provider.
  const std::string account = provider->account();
  const auto read = [self = shared_from_this(), handle, provider, account, price = model->price,
                     asked = std::move(asked), then](Result<http::Response> response) {
    if (!response) return then(fail(transfer_failure(std::move(response).error())));
    self->parts.files(
        [self, handle, provider, account, price, asked, then, response = *std::move(response)] {
          Result<llm::Vectors> vectors = provider->read(asked, response);
          if (!vectors && !account.empty() && vectors.error().code == "provider_auth")
            self->parts.post([tokens = self->tokens, account] { tokens->forget(account); });
          if (!vectors) return then(fail(provider_failure(std::move(vectors).error())));
          self->parts.post([self, handle, price, then, vectors = std::move(vectors)] {
            self->left(handle, reply_of(Json(), *vectors, price));
            then(vectors);
          });
        });
  };
  const auto go = [this, handle, model, size, peer = *peer_of(what.effect), owner = context.owner,
                   worst = what.worst_usd, request, read, then] {
    wait_for_turn(handle, *model, owner, size, [=, this](Result<> turn) {
      if (turn) turn = let_go(handle, peer, owner, worst);
      if (!turn) return then(fail(std::move(turn).error()));
      send(handle, std::move(*request), read);
    });
  };
  if (account.empty()) return go();
  with_token(handle, account, request, go,
             [then](const Result<EffectReply>& without) { then(fail(without.error())); });
}

namespace {

EmbeddedRow row_of(const run::EmbedTexts& ask, const run::Perform& what, const std::string& run,
                   std::vector<std::string> texts, const llm::Vectors& vectors) {
  EmbeddedRow row;
  row.run = run;
  row.key = what.key;
  row.model = maker(*ask.model, vectors);
  row.dimensions = static_cast<int>(vectors.list.front().size());
  row.texts = std::move(texts);
  for (const std::vector<float>& one : vectors.list)
    row.vectors.insert(row.vectors.end(), one.begin(), one.end());
  row.input_tokens = vectors.usage.input_tokens;
  row.cost_usd = cost_of(vectors, ask.model->price);
  return row;
}

Json part(const std::string& key, size_t count) {
  return Json{{"part", key}, {"count", count}};
}

}  // namespace

// Asked for before a crash, it may have been answered and kept then.
void Effects::Work::start(uint64_t handle, const run::EmbedTexts& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  if (!what.again) return embed_texts(handle, ask, what, context, std::move(done));
  const auto kept = std::make_shared<const run::Perform>(what);
  const auto dropped = std::make_shared<bool>(false);
  cancels[handle] = [dropped] { *dropped = true; };
  parts.store->embedded(
      context.owner, context.run, what.key,
      [self = shared_from_this(), handle, kept, context, dropped, done](Result<EmbeddedRow> row) {
        if (*dropped) return done(fail(Kind::unavailable, "the call was cancelled", "cancelled"));
        if (!row && row.error().kind != Kind::not_found) return done(fail(std::move(row).error()));
        if (!row)
          return self->embed_texts(handle, std::get<run::EmbedTexts>(kept->effect), *kept, context,
                                   done);
        EffectReply reply{part(row->key, row->texts.size()), row->cost_usd, ""};
        if (row->model == "offline") reply.model = row->model;
        reply.usage.input_tokens = row->input_tokens;
        done(std::move(reply));
      });
}

void Effects::Work::embed_texts(uint64_t handle, const run::EmbedTexts& ask,
                                const run::Perform& what, const EffectContext& context, Done done) {
  const Result<std::shared_ptr<llm::Provider>> provider = provider_for(*ask.model);
  if (!provider) return done(fail(provider.error()));
  const size_t most = std::max<size_t>(1, (*provider)->most_texts(ask.model->model));
  std::vector<std::string> texts = ask.texts;
  if (texts.size() > most) texts.resize(most);
  llm::Embedding asked = embedding_of(*ask.model, texts, what, context);
  embed(handle, ask.model, std::move(asked), what, context,
        [self = shared_from_this(), kept = std::make_shared<const run::Perform>(what),
         texts = std::move(texts), context, done](Result<llm::Vectors> vectors) {
          if (!vectors) return done(fail(std::move(vectors).error()));
          const auto& ask = std::get<run::EmbedTexts>(kept->effect);
          EffectReply reply = reply_of(part(kept->key, texts.size()), *vectors, ask.model->price);
          self->parts.store->put_embedded(context.owner,
                                          row_of(ask, *kept, context.run, texts, *vectors),
                                          [done, reply = std::move(reply)](Result<> put) {
                                            if (!put) return done(fail(std::move(put).error()));
                                            done(reply);
                                          });
        });
}

void Effects::Work::start(uint64_t, const run::PutDocument& ask, const run::Perform&,
                          const EffectContext& context, Done done) {
  DocumentRow document;
  document.id = ask.id;
  document.meta = to_text(ask.meta);
  document.created_at = parts.clock->now();
  document.expires_at = ask.ttl ? document.created_at + ask.ttl->count() : 0;
  parts.store->put_document(scope(context, ask.app_owned), ask.collection, std::move(document),
                            {context.owner, context.run, ask.parts}, [done](Result<int> chunks) {
                              if (!chunks) return done(fail(std::move(chunks).error()));
                              done(EffectReply{Json{{"chunks", *chunks}}, 0, ""});
                            });
}

namespace {

std::function<Result<bool>(const DocumentRow&)> condition(const run::Wanted& wanted) {
  if (!wanted.where) return nullptr;
  return [where = wanted.where, names = wanted.names](const DocumentRow& row) -> Result<bool> {
    Json meta = TRY(parse_json(row.meta, kOwnJson));
    meta["id"] = row.id;
    return where.holds(RowScope(meta, names));
  };
}

Result<Json> list_of(const std::vector<FoundChunk>& found) {
  Json list = Json::array();
  for (const FoundChunk& one : found)
    list.push_back(Json{{"id", one.id},
                        {"text", one.text},
                        {"score", one.score},
                        {"meta", TRY(parse_json(one.meta, kOwnJson))}});
  return list;
}

// What a test says was found.
Result<EffectReply> scripted(Script& script, const llm::Provider& provider,
                             const llm::Embedding& asked, const ScriptCall& call) {
  Scripted said = TRY(script.answer(call));
  if (said.failure) {
    Result<llm::Vectors> read = provider.read(asked, *said.failure);
    if (!read) return fail(provider_failure(std::move(read).error()));
  }
  const auto is_chunk = [](const Json& one) {
    return find(one, "id") && find(one, "text") && find(one, "score") && find(one, "meta");
  };
  if (!said.value.is_array() || !std::all_of(said.value.begin(), said.value.end(), is_chunk))
    return fail(Kind::invalid, "a reply of `retrieve` is a list of {id, text, score, meta}",
                "wrong_type");
  return EffectReply{std::move(said.value), 0, ""};
}

Json text_of_vectors(const llm::Vectors& vectors) {
  return Json{{"model", vectors.model}, {"vector", vectors.list.front()}};
}

std::optional<llm::Vectors> kept_vectors(const Result<std::string>& text) {
  const Result<Json> all = text ? parse_json(*text, kOwnJson) : Result<Json>(Json());
  const Json* vector = all ? find(*all, "vector") : nullptr;
  if (!vector || !vector->is_array()) return std::nullopt;
  llm::Vectors vectors;
  vectors.model = text_or(*all, "model");
  vectors.list.push_back(vector->get<std::vector<float>>());
  return vectors;
}

}  // namespace

void Effects::Work::start(uint64_t handle, const run::Retrieve& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  const Result<std::shared_ptr<llm::Provider>> provider = provider_for(*ask.model);
  if (!provider) return done(fail(provider.error()));
  llm::Embedding asked = embedding_of(*ask.model, {ask.query}, what, context);
  asked.query = true;
  if (parts.script) {
    const ScriptCall call = script_call(what, context);
    const Result<bool> asks = parts.script->asks(call);
    if (!asks) return done(fail(asks.error()));
    if (!*asks) return done(scripted(*parts.script, **provider, asked, call));
    done = [script = parts.script, call, done = std::move(done)](Result<EffectReply> reply) {
      if (reply) script->heard(call, to_text(reply->result));
      done(std::move(reply));
    };
  }
  const auto kept = std::make_shared<const run::Perform>(what);
  const OnVectors then = [self = shared_from_this(), kept, context,
                          done](Result<llm::Vectors> vectors) {
    if (!vectors) return done(fail(std::move(vectors).error()));
    self->search(std::get<run::Retrieve>(kept->effect), *std::move(vectors), context, done);
  };
  if (!what.kept) return embed(handle, ask.model, std::move(asked), what, context, then);
  embed_kept(handle, std::move(asked), kept, context, then);
}

// What `cache` keeps is the question's vector: the collection is searched anew each time.
void Effects::Work::embed_kept(uint64_t handle, llm::Embedding asked,
                               std::shared_ptr<const run::Perform> what,
                               const EffectContext& context, OnVectors then) {
  const Owner owner = scope(context, what->kept->app_wide);
  const std::string key = kept_key(*what, context.graph);
  const Millis now = parts.clock->now(), until = now + what->kept->ttl.count();
  const auto dropped = std::make_shared<bool>(false);
  cancels[handle] = [dropped] { *dropped = true; };
  const auto self = shared_from_this();
  const OnVectors keep = [self, owner, key, until, then](Result<llm::Vectors> vectors) {
    if (vectors && vectors->model != "offline")
      self->parts.store->put_cached(owner, key, to_text(text_of_vectors(*vectors)), until,
                                    [](Result<>) {});
    then(std::move(vectors));
  };
  parts.store->cached(
      owner, key, now,
      [self, handle, asked = std::move(asked), what, context, dropped, then,
       keep](Result<std::string> text) {
        if (*dropped) return then(fail(Kind::unavailable, "the call was cancelled", "cancelled"));
        if (auto vectors = kept_vectors(text)) return then(*std::move(vectors));
        const auto& ask = std::get<run::Retrieve>(what->effect);
        self->embed(handle, ask.model, asked, *what, context, keep);
      });
}

void Effects::Work::search(const run::Retrieve& ask, llm::Vectors vectors,
                           const EffectContext& context, Done done) {
  VectorQuery query;
  query.model = maker(*ask.model, vectors);
  query.vector = vectors.list.front();
  query.k = ask.k;
  if (ask.min_score) query.min_score = *ask.min_score;
  query.now = parts.clock->now();
  query.equal = ask.wanted.equal;
  query.keep = condition(ask.wanted);
  EffectReply reply = reply_of(Json(), vectors, ask.model->price);
  parts.store->search(scope(context, ask.app_owned), ask.collection, std::move(query),
                      [done = std::move(done),
                       reply = std::move(reply)](Result<std::vector<FoundChunk>> found) mutable {
                        if (!found) return done(fail(std::move(found).error()));
                        Result<Json> list = list_of(*found);
                        if (!list) return done(fail(std::move(list).error()));
                        reply.result = *std::move(list);
                        done(std::move(reply));
                      });
}

}  // namespace plenum
