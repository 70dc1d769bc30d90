// One function per kind of effect.  Each starts its work on the thread that may wait for it and
// posts the answer back.
#include "engine/effects/effects.h"

#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "engine/base/url.h"
#include "engine/effects/call_http.h"
#include "engine/effects/child/documents.h"
#include "engine/effects/kept.h"
#include "engine/effects/work.h"

namespace plenum {

Json file_value(const FileRow& file) {
  return Json{{"id", file.id}, {"name", file.name}, {"mime", file.mime}, {"size", file.size}};
}

namespace {

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

// Who listens hears of an answer that is given again as of one that comes, at once.
void retell(const EffectReply& reply, Flow* flow) {
  if (!flow) return;
  const Json* value = find(reply.result, "value");
  if (value)
    flow->begin(nullptr, [value = *value](std::string_view) { return value; });
  else
    flow->begin(nullptr, nullptr);
  flow->append(text_or(reply.result, "text"));
}

}  // namespace

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
  if (const Result<> free = enter(handle, *peer_of(what.effect), context.owner.app); !free)
    return done(fail(free.error()));
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
        if (Result<EffectReply> reply = text ? kept_reply(*text) : fail(text.error())) {
          retell(*reply, context.flow.get());
          return done(std::move(reply));
        }
        self->begin(handle, what, context, keep);
      });
}

std::optional<peers::Peer> peer_of(const run::Effect& effect) {
  if (const auto* ask = std::get_if<run::CallModel>(&effect))
    return peers::Peer{ask->model->provider, ask->model->model, ask->model->key};
  if (const auto* ask = std::get_if<run::EmbedTexts>(&effect))
    return peers::Peer{ask->model->provider, ask->model->model, ask->model->key};
  if (const auto* ask = std::get_if<run::Retrieve>(&effect))
    return peers::Peer{ask->model->provider, ask->model->model, ask->model->key};
  const auto at = [](const auto& call) {
    const Result<Origin> origin = read_origin(call.url);
    return peers::Peer{origin ? origin->text() : "", "", call.auth.secret};
  };
  if (const auto* ask = std::get_if<run::CallHttp>(&effect)) return at(*ask);
  if (const auto* ask = std::get_if<run::CallMcp>(&effect)) return at(*ask);
  return std::nullopt;
}

std::string peer_name(const run::Effect& effect) {
  const std::optional<peers::Peer> peer = peer_of(effect);
  return peer ? peer->name : "";
}

Result<> Effects::Work::enter(uint64_t handle, const peers::Peer& peer, const std::string& app) {
  tickets.emplace(handle, TRY(peers.enter(peer, app, parts.clock->monotonic())));
  return {};
}

// A call that was aborted may have to be paid all the same: it counts as the worst.
void Effects::Work::left(uint64_t handle, const Result<EffectReply>& reply) {
  const Error* error = reply ? nullptr : &reply.error();
  if (const auto ticket = tickets.extract(handle))
    peers.left(ticket.mapped(), error, parts.clock->monotonic(), chance());
  if (const auto hold = holds.extract(handle)) {
    const bool unknown = error && error->code == "cancelled";
    spending.settle(hold.mapped(), reply ? reply->cost_usd : unknown ? hold.mapped().usd : 0);
  }
  end_turn(handle, true);
}

void Effects::spent_before(const std::vector<Spent>& spent) {
  for (const Spent& one : spent) work_->spending.load(one.owner, one.day, one.cost_usd);
}

Result<> Effects::may_spend(const Owner& owner) const {
  return work_->spending.open(owner, work_->parts.clock->now());
}

// What a test scripts is no server's failure.
bool Effects::take_retry(const std::string& app, const std::string& peer) {
  return peer.empty() || work_->parts.script || work_->peers.take_retry(app, peer);
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
