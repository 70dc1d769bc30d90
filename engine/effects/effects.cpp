// One function per kind of effect.  Each starts its work on the thread that may wait for it and
// posts the answer back.
#include "engine/effects/effects.h"

#include <nlohmann/json.hpp>

#include "engine/base/failpoint.h"
#include "engine/base/ids.h"
#include "engine/effects/call_http.h"
#include "engine/effects/child/documents.h"
#include "engine/effects/kept.h"
#include "engine/effects/script_call.h"

namespace plenum {

Json file_value(const FileRow& file) {
  return Json{{"id", file.id}, {"name", file.name}, {"mime", file.mime}, {"size", file.size}};
}

// Shared by what is under way, so that an answer that comes late finds it.
struct Effects::Work : std::enable_shared_from_this<Effects::Work> {
  explicit Work(Parts p) : parts(std::move(p)) {}

  Parts parts;
  uint64_t last = 0;
  std::map<uint64_t, std::function<void()>> cancels;  // engine's thread only

  // Answers on the engine's thread and forgets how to cancel.
  std::function<void(Result<EffectReply>)> answer(uint64_t handle, const char* kind, Done done) {
    return [self = shared_from_this(), handle, kind,
            done = std::move(done)](Result<EffectReply> reply) {
      FAILPOINT(kind, "after");
      self->parts.post([self, handle, done, reply = std::move(reply)]() mutable {
        self->cancels.erase(handle);
        done(std::move(reply));
      });
    };
  }

  // A test hears of the failures, and waits until there is nothing left to wait for.
  Done watched(const run::Perform& what, const EffectContext& context, Done done) {
    if (!parts.hold) return done;
    return [token = parts.hold(), script = parts.script, call = script_call(what, context),
            done = std::move(done)](Result<EffectReply> reply) {
      if (!reply && script) script->failed(call, reply.error());
      done(std::move(reply));
    };
  }

  void perform(uint64_t handle, const run::Perform& what, const EffectContext& context, Done done) {
    const char* kind = run::kind_of(what.effect);
    FAILPOINT(kind, "before");
    done = answer(handle, kind, watched(what, context, std::move(done)));
    if (what.kept) return perform_kept(handle, what, context, std::move(done));
    begin(handle, what, context, std::move(done));
  }
  void begin(uint64_t handle, const run::Perform& what, const EffectContext& context, Done done) {
    std::visit([&](const auto& effect) { start(handle, effect, what, context, std::move(done)); },
               what.effect);
  }
  void perform_kept(uint64_t handle, const run::Perform& what, const EffectContext& context,
                    Done done);

  void start(uint64_t handle, const run::CallModel& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  void start(uint64_t handle, const run::CallHttp& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  void send(uint64_t handle, std::shared_ptr<const run::CallHttp> call, http::Request request,
            Done done);
  void start(uint64_t handle, const run::ExtractText& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  void start(uint64_t handle, const run::MakePdf& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  void start(uint64_t handle, const run::PutRow& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  void start(uint64_t handle, const run::GetRow& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  void start(uint64_t handle, const run::DeleteRow& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  void start(uint64_t handle, const run::QueryRows& ask, const run::Perform& what,
             const EffectContext& context, Done done);

  void start(uint64_t, const run::StartRun&, const run::Perform&, const EffectContext&, Done done) {
    done(fail(Kind::internal, "runs are started by the runner, not by the effects"));
  }

  void keep_file(FileRow file, std::string bytes, std::function<void(Result<FileRow>)> done);

  // Sends, and knows how to cancel it.
  void send(uint64_t handle, http::Request request, http::Done done) {
    const uint64_t id = parts.http->send(std::move(request), std::move(done));
    cancels[handle] = [http = parts.http, id] { http->cancel(id); };
  }
};

namespace {

double cost_of(const llm::Usage& usage, const app::Price& price) {
  const auto fresh = static_cast<double>(usage.input_tokens - usage.cached_tokens);
  return (fresh * price.input + static_cast<double>(usage.cached_tokens) * price.cached +
          static_cast<double>(usage.output_tokens) * price.output) /
         1e6;
}

// What the llm node reads: the text, and for a structured reply its value or why there is none.
EffectReply model_reply(llm::Reply reply, bool structured, const app::Price& price) {
  EffectReply out;
  out.cost_usd = cost_of(reply.usage, price);
  out.model = reply.model;
  out.result = Json{{"text", reply.text}, {"cut", reply.cut}};
  if (!structured) return out;
  Result<llm::Parsed> parsed = llm::read_structured(reply.text);
  if (parsed)
    out.result["value"] = std::move(parsed->value);
  else
    out.result["unparsed"] = parsed.error().message;
  return out;
}

// What goes wrong between us and a provider is no fault of our client: neither a limit, of which
// clients have their own, nor an answer that is too large or an address that may not be asked.
Error provider_failure(Error error) {
  if (error.kind == Kind::limited && error.code.empty()) error.code = "provider_limited";
  return error;
}

Error transfer_failure(Error error) {
  if (error.kind == Kind::invalid || error.kind == Kind::denied) error.status = 502;
  return error;
}

llm::Call model_call(const run::CallModel& ask, const run::Perform& what,
                     const EffectContext& context) {
  const app::Model& model = *ask.model;
  llm::Call call;
  call.app = context.owner.app;
  call.node = context.graph + "/" + what.path;
  call.provider = model.provider;
  call.model = model.model;
  call.system = ask.system;
  for (const run::Turn& turn : ask.turns)
    call.messages.push_back(
        {turn.from_model ? llm::Message::Role::assistant : llm::Message::Role::user, turn.text});
  if (ask.schema) call.schema = *ask.schema;
  call.temperature = model.temperature;
  call.top_p = model.top_p;
  call.max_tokens = ask.max_tokens ? ask.max_tokens : model.max_tokens;
  call.seed = model.seed;
  call.stop = model.stop;
  call.reasoning = model.reasoning;
  if (model.params) call.params = *model.params;
  call.timeout = what.timeout.count() > 0 ? std::min(what.timeout, model.timeout) : model.timeout;
  return call;
}

// What the script has the model say, read as if it had come from there.  A text that is asked to be
// structured is taken as it is, so that a test can have the model break its word.
Result<EffectReply> scripted(Script& script, const llm::Provider& provider, const llm::Call& call,
                             const run::Perform& what, const EffectContext& context) {
  const Scripted said = TRY(script.answer(script_call(what, context)));
  llm::Reply reply;
  if (said.failure) {
    Result<llm::Reply> read = provider.read(call, *said.failure);
    if (!read) return fail(provider_failure(std::move(read).error()));
    reply = *std::move(read);
  } else {
    reply.text = said.value.is_string() ? said.value.get<std::string>() : to_text(said.value);
    reply.model = call.model;
  }
  return model_reply(std::move(reply), call.schema.has_value(), app::Price{0, 0, 0, true});
}

// A test's value is the body of a 200, or all of the answer when it is {status, headers, body}.
Result<EffectReply> scripted(Script& script, const run::CallHttp& call, const Secrets& secrets,
                             const run::Perform& what, const EffectContext& context) {
  Scripted said = TRY(script.answer(script_call(what, context)));
  http::Response response{200, {{"content-type", "application/json"}}, {}};
  const Json* status = find(said.value, "status");
  const Json* body = find(said.value, "body");
  if (said.failure) {
    response = *std::move(said.failure);
  } else if (status && status->is_number_integer() && body) {
    response.status = status->get<int>();
    if (const Json* headers = find(said.value, "headers"); headers && headers->is_object())
      for (const auto& [name, value] : headers->items())
        if (value.is_string()) response.headers.emplace_back(name, value.get<std::string>());
    response.body = to_text(*body);
  } else {
    response.body = to_text(said.value);
  }
  return EffectReply{TRY(http_result(call, response, secrets)), 0, ""};
}

}  // namespace

void Effects::Work::start(uint64_t handle, const run::CallModel& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  const auto provider = parts.providers.find(ask.model->provider);
  if (provider == parts.providers.end())
    return done(fail(Kind::unavailable,
                     "no key is set for the model provider `" + ask.model->provider + "`",
                     "provider_auth"));
  const auto call = std::make_shared<llm::Call>(model_call(ask, what, context));
  auto prepared = provider->second->prepare(*call);
  if (!prepared) return done(tl::unexpected(std::move(prepared).error()));
  if (parts.script) {
    const Result<bool> asks = parts.script->asks(script_call(what, context));
    if (!asks) return done(fail(asks.error()));
    if (!*asks) return done(scripted(*parts.script, *provider->second, *call, what, context));
  }
  const auto heard = [script = parts.script,
                      at = script_call(what, context)](const llm::Reply& reply) {
    if (script) script->heard(at, reply.text);
  };
  const bool structured = call->schema.has_value();
  const app::Price price = ask.model->price;
  if (auto* reply = std::get_if<llm::Reply>(&*prepared)) {
    heard(*reply);
    return done(model_reply(std::move(*reply), structured, app::Price{0, 0, 0, true}));
  }
  auto request = std::get<http::Request>(*std::move(prepared));
  request.headers.emplace_back("Idempotency-Key", what.key);
  send(handle, std::move(request),
       [call, structured, price, heard, provider = provider->second,
        done](Result<http::Response> response) {
         if (!response) return done(fail(transfer_failure(std::move(response).error())));
         Result<llm::Reply> reply = provider->read(*call, *response);
         if (!reply) return done(fail(provider_failure(std::move(reply).error())));
         heard(*reply);
         done(model_reply(*std::move(reply), structured, price));
       });
}

// A write that its peer would not know again is not sent a second time by a run that comes back
// after a crash.
void Effects::Work::start(uint64_t handle, const run::CallHttp& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  if (parts.script) return done(scripted(*parts.script, ask, *parts.secrets, what, context));
  Result<http::Request> request =
      http_request(ask, what.timeout, *parts.secrets, parts.allow_local_hosts);
  if (!request) return done(fail(std::move(request).error()));
  auto call = std::make_shared<const run::CallHttp>(ask);
  if (ask.at_most_once && what.again)
    return done(fail(http_failure(
        *call, Error{Kind::unavailable, "the server stopped while it was sent", {}, {}})));
  send(handle, std::move(call), *std::move(request), std::move(done));
}

void Effects::Work::send(uint64_t handle, std::shared_ptr<const run::CallHttp> call,
                         http::Request request, Done done) {
  send(handle, std::move(request),
       [call = std::move(call), secrets = parts.secrets,
        done = std::move(done)](Result<http::Response> response) {
         if (!response) return done(fail(http_failure(*call, std::move(response).error())));
         Result<Json> result = http_result(*call, *response, *secrets);
         if (!result) return done(fail(std::move(result).error()));
         done(EffectReply{*std::move(result), 0, ""});
       });
}

// A file is read only under the caller's own scope, whatever id the value holds.
void Effects::Work::start(uint64_t, const run::ExtractText& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  const auto self = shared_from_this();
  const milliseconds timeout = what.timeout;
  const int pages = ask.max_pages;
  parts.store->file(
      context.owner, text_or(ask.file, "id"), [self, timeout, pages, done](Result<FileRow> file) {
        if (!file) return done(tl::unexpected(std::move(file).error()));
        self->parts.files([self, file = *std::move(file), timeout, pages, done] {
          Result<std::string> bytes =
              self->parts.blobs->get(file.owner.app, file.owner.owner, file.digest);
          if (!bytes) return done(tl::unexpected(std::move(bytes).error()));
          child::extract(*self->parts.sandbox, self->parts.extract_helper, *std::move(bytes),
                         file.name, pages, timeout, [done](Result<child::Text> text) {
                           if (!text) return done(tl::unexpected(std::move(text).error()));
                           done(EffectReply{Json{{"text", std::move(text->text)},
                                                 {"pages", text->pages},
                                                 {"mime", text->mime}},
                                            0, ""});
                         });
        });
      });
}

void Effects::Work::start(uint64_t, const run::MakePdf& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  FileRow file;
  file.id = "file_" + what.key.substr(0, 26);  // making it again after a crash is the same file
  file.owner = context.owner;
  file.name = ask.name;
  file.mime = "application/pdf";
  file.created_at = parts.clock->now();
  file.expires_at = context.file_expires_at;
  child::html_to_pdf(*parts.sandbox, ask.html, {ask.size, ask.margin}, what.timeout,
                     [self = shared_from_this(), file, done](Result<std::string> pdf) {
                       if (!pdf) return done(tl::unexpected(std::move(pdf).error()));
                       self->keep_file(file, *std::move(pdf), [done](Result<FileRow> kept) {
                         if (!kept) return done(tl::unexpected(std::move(kept).error()));
                         done(EffectReply{file_value(*kept), 0, ""});
                       });
                     });
}

void Effects::Work::keep_file(FileRow file, std::string bytes,
                              std::function<void(Result<FileRow>)> done) {
  parts.files([self = shared_from_this(), file = std::move(file), bytes = std::move(bytes),
               done = std::move(done)]() mutable {
    Result<std::string> digest = self->parts.blobs->put(file.owner.app, file.owner.owner, bytes);
    if (!digest) return done(tl::unexpected(std::move(digest).error()));
    file.digest = *std::move(digest);
    file.size = static_cast<int64_t>(bytes.size());
    self->parts.store->put_file(std::move(file), std::move(done));
  });
}

namespace {

Owner scope(const EffectContext& context, bool app_owned) {
  return app_owned ? Owner{context.owner.app, "app"} : context.owner;
}

std::function<void(Result<Row>)> row_reply(std::function<void(Result<EffectReply>)> done,
                                           std::string collection) {
  return [done = std::move(done), collection = std::move(collection)](Result<Row> row) {
    if (!row && row.error().kind == Kind::not_found)
      return done(
          fail(Kind::not_found, "there is no such row in `" + collection + "`", "not_found"));
    if (!row) return done(tl::unexpected(std::move(row).error()));
    Result<Json> data = parse_json(row->data, kOwnJson);
    if (!data) return done(tl::unexpected(std::move(data).error()));
    done(EffectReply{Json{{"id", row->id}, {"data", *std::move(data)}}, 0, ""});
  };
}

}  // namespace

void Effects::Work::start(uint64_t, const run::PutRow& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  Row row;
  row.id = ask.id.empty() ? "row_" + what.key.substr(0, 26) : ask.id;
  row.data = to_text(ask.data);
  row.created_at = parts.clock->now();
  row.expires_at = ask.ttl ? row.created_at + ask.ttl->count() : 0;
  parts.store->put_row(scope(context, ask.app_owned), ask.collection, std::move(row),
                       row_reply(std::move(done), ask.collection));
}

void Effects::Work::start(uint64_t, const run::GetRow& ask, const run::Perform&,
                          const EffectContext& context, Done done) {
  parts.store->row(scope(context, ask.app_owned), ask.collection, ask.id,
                   row_reply(std::move(done), ask.collection));
}

void Effects::Work::start(uint64_t, const run::DeleteRow& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  parts.store->delete_row(scope(context, ask.app_owned), ask.collection, ask.id,
                          [id = ask.id, again = what.again, done](Result<> deleted) {
                            // Asked for before a crash, it may have been carried out then.
                            const bool gone =
                                again && !deleted && deleted.error().kind == Kind::not_found;
                            if (!deleted && !gone)
                              return done(tl::unexpected(std::move(deleted).error()));
                            done(EffectReply{Json{{"id", id}}, 0, ""});
                          });
}

namespace {

// The row under `row`, and what the node saw.
class RowScope final : public Scope {
 public:
  RowScope(const Json& row, const Json& names) : row_(row), names_(names) {}
  const Json* find(std::string_view name) const override {
    return name == "row" ? &row_ : plenum::find(names_, name);
  }

 private:
  const Json& row_;
  const Json& names_;
};

std::function<Result<bool>(const Row&)> condition(const run::QueryRows& ask) {
  if (!ask.where) return nullptr;
  return [where = ask.where, names = ask.names](const Row& row) -> Result<bool> {
    Json fields = TRY(parse_json(row.data, kOwnJson));
    if (!plenum::find(fields, "id")) fields["id"] = row.id;
    return where.holds(RowScope(fields, names));
  };
}

Result<EffectReply> rows_reply(Result<std::vector<Row>> rows) {
  if (!rows) return tl::unexpected(std::move(rows).error());
  EffectReply reply;
  reply.result = Json::array();
  for (const Row& row : *rows)
    reply.result.push_back(Json{{"id", row.id}, {"data", TRY(parse_json(row.data, kOwnJson))}});
  return reply;
}

}  // namespace

void Effects::Work::start(uint64_t, const run::QueryRows& ask, const run::Perform&,
                          const EffectContext& context, Done done) {
  RowQuery query;
  query.equal = ask.equal;
  query.sort = ask.sort;
  query.descending = ask.descending;
  query.limit = ask.limit;
  query.keep = condition(ask);
  parts.store->query(scope(context, ask.app_owned), ask.collection, std::move(query),
                     [done = std::move(done)](Result<std::vector<Row>> rows) {
                       done(rows_reply(std::move(rows)));
                     });
}

// A reply that is kept is given again; else a good one is kept.  Whether keeping it worked changes
// nothing for the run.
void Effects::Work::perform_kept(uint64_t handle, const run::Perform& what,
                                 const EffectContext& context, Done done) {
  const Owner owner = scope(context, what.kept->app_wide);
  const std::string key = kept_key(what, context.graph);
  const Millis now = parts.clock->now();
  const auto dropped = std::make_shared<bool>(false);
  cancels[handle] = [dropped] { *dropped = true; };
  const auto self = shared_from_this();
  const Done keep = [self, owner, key, until = now + what.kept->ttl.count(),
                     done](Result<EffectReply> reply) {
    if (const auto text = reply ? kept_text(*reply) : std::nullopt)
      self->parts.store->put_cached(owner, key, *text, until, [](Result<>) {});
    done(std::move(reply));
  };
  parts.store->cached(
      owner, key, now,
      [self, handle, what, context, dropped, keep, done](Result<std::string> text) {
        if (*dropped) return done(fail(Kind::unavailable, "the call was cancelled", "cancelled"));
        if (text)
          if (Result<EffectReply> reply = kept_reply(*text)) return done(std::move(reply));
        self->begin(handle, what, context, keep);
      });
}

Effects::Effects(Parts parts) : work_(std::make_shared<Work>(std::move(parts))) {}
Effects::~Effects() = default;

uint64_t Effects::perform(const run::Perform& what, const EffectContext& context, Done done) {
  const uint64_t handle = ++work_->last;
  work_->perform(handle, what, context, std::move(done));
  return handle;
}

void Effects::cancel(uint64_t handle) {
  const auto it = work_->cancels.find(handle);
  if (it != work_->cancels.end()) it->second();
}

void Effects::keep_file(FileRow file, std::string bytes,
                        std::function<void(Result<FileRow>)> done) {
  work_->keep_file(std::move(file), std::move(bytes), std::move(done));
}

}  // namespace plenum
