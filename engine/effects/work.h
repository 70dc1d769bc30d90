// Inside of Effects: what its files share.
#pragma once

#include <map>
#include <memory>

#include "engine/base/failpoint.h"
#include "engine/effects/effects.h"
#include "engine/effects/google_tokens.h"
#include "engine/effects/mcp/servers.h"
#include "engine/effects/script_call.h"

namespace plenum {

// Shared by what is under way, so that an answer that comes late finds it.
struct Effects::Work : std::enable_shared_from_this<Effects::Work> {
  explicit Work(Parts p)
      : parts(std::move(p)),
        peers(parts.peers),
        spending(parts.budgets),
        tokens(std::make_shared<GoogleTokens>(parts.http, parts.clock, parts.post,
                                              parts.allow_local_hosts)) {}

  Parts parts;
  uint64_t last = 0;
  std::map<uint64_t, std::function<void()>> cancels;  // engine's thread only, as is what follows
  peers::Peers peers;
  std::map<uint64_t, peers::Peers::Ticket> tickets;  // of calls that have left
  Spending spending;
  const std::shared_ptr<GoogleTokens> tokens;
  std::map<uint64_t, Spending::Hold> holds;  // of calls that may have to be paid
  std::map<std::string, peers::Line> lines;  // by provider and key
  std::map<std::string, bool> alarms;        // whether the line is looked at later
  mcp::Servers mcp_servers;
  struct Waiting {
    std::string line;
    std::function<void(Result<>)> go;
  };
  std::map<uint64_t, Waiting> waiting;     // in a line
  std::map<uint64_t, std::string> served;  // whose turn has come, until they are answered

  // Answers on the engine's thread and forgets how to cancel.
  std::function<void(Result<EffectReply>)> answer(uint64_t handle, const char* kind, Done done) {
    return [self = shared_from_this(), handle, kind,
            done = std::move(done)](Result<EffectReply> reply) {
      FAILPOINT(kind, "after");
      self->parts.post([self, handle, done, reply = std::move(reply)]() mutable {
        self->cancels.erase(handle);
        self->left(handle, reply);
        done(std::move(reply));
      });
    };
  }

  // Whether a call to the peer may leave now; it is told how it ended when it is answered.
  Result<> enter(uint64_t handle, const peers::Peer& peer, const std::string& app);
  void left(uint64_t handle, const Result<EffectReply>& reply);
  // A model call may leave: its key has room, its endpoint is up, and the day's budget has room for
  // the worst that it can cost.
  Result<> let_go(uint64_t handle, const peers::Peer& peer, const Owner& owner, double worst_usd);

  // Calls `go` when it is this call's turn with its key, in this call or later; with an error when
  // the line is full or the call was cancelled meanwhile.
  void wait_for_turn(uint64_t handle, const app::Model& model, const Owner& owner, int64_t tokens,
                     std::function<void(Result<>)> go);
  void serve(const std::string& line);
  void end_turn(uint64_t handle, bool called);

  // Puts the account's access token on the request, then calls `go`; or answers why there is none.
  void with_token(uint64_t handle, const std::string& account,
                  const std::shared_ptr<http::Request>& request, std::function<void()> go,
                  Done done);
  Result<std::shared_ptr<llm::Provider>> provider_for(const app::Model& model) const;
  double chance() const { return parts.chance ? parts.chance() : 0.5; }

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
    const bool keeps_itself = std::holds_alternative<run::Retrieve>(what.effect);
    if (what.kept && !keeps_itself) return perform_kept(handle, what, context, std::move(done));
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
  struct Streaming;
  void say(uint64_t handle, const std::shared_ptr<Flow>& flow, const Streaming& streaming,
           EffectReply reply, Done done);
  using ModelFiles = std::map<std::string, llm::File>;  // by id
  void ask_model(uint64_t handle, const run::CallModel& ask, const run::Perform& what,
                 const EffectContext& context, const ModelFiles& files, Done done);
  // All that the call shows, on the engine's thread; `invalid` for what no model is shown, and for
  // too much of it.
  void load_files(const run::CallModel& ask, const Owner& owner,
                  std::function<void(Result<ModelFiles>)> then);
  struct Loading;
  void load_next(std::shared_ptr<Loading> loading);
  void load_bytes(std::shared_ptr<Loading> loading, FileRow file);
  void start(uint64_t handle, const run::CallHttp& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  void send(uint64_t handle, std::shared_ptr<const run::CallHttp> call, http::Request request,
            Done done);
  class McpTalk;
  void start(uint64_t handle, const run::CallMcp& ask, const run::Perform& what,
             const EffectContext& context, Done done);
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

  void start(uint64_t handle, const run::EmbedTexts& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  void embed_texts(uint64_t handle, const run::EmbedTexts& ask, const run::Perform& what,
                   const EffectContext& context, Done done);
  void start(uint64_t handle, const run::PutDocument& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  void start(uint64_t handle, const run::Retrieve& ask, const run::Perform& what,
             const EffectContext& context, Done done);
  // On the engine's thread when there are any; else on any.
  using OnVectors = std::function<void(Result<llm::Vectors>)>;
  void embed(uint64_t handle, const std::shared_ptr<const app::Model>& model, llm::Embedding asked,
             const run::Perform& what, const EffectContext& context, OnVectors then);
  void embed_kept(uint64_t handle, llm::Embedding asked, std::shared_ptr<const run::Perform> what,
                  const EffectContext& context, OnVectors then);
  void search(const run::Retrieve& ask, llm::Vectors vectors, const EffectContext& context,
              Done done);

  void start(uint64_t, const run::StartRun&, const run::Perform&, const EffectContext&, Done done) {
    done(fail(Kind::internal, "runs are started by the runner, not by the effects"));
  }

  void keep_file(FileRow file, std::string bytes, std::function<void(Result<FileRow>)> done);

  // Sends, and knows how to cancel it.
  uint64_t send(uint64_t handle, http::Request request, http::Done done) {
    const uint64_t id = parts.http->send(std::move(request), std::move(done));
    cancels[handle] = [http = parts.http, id] { http->cancel(id); };
    return id;
  }
};

// What goes wrong between us and a provider is no fault of our client: neither a limit, of which
// clients have their own, nor an answer that is too large or an address that may not be asked.
inline Error provider_failure(Error error) {
  if (error.kind == Kind::limited && error.code.empty()) error.code = "provider_limited";
  return error;
}

inline Error transfer_failure(Error error) {
  if (error.kind == Kind::invalid || error.kind == Kind::denied) error.status = 502;
  return error;
}

// Where an effect goes; nothing for one that stays on this machine.
std::optional<peers::Peer> peer_of(const run::Effect& effect);

// Whose rows: the app's own owner stands for all of its users.
inline Owner scope(const EffectContext& context, bool app_owned) {
  return app_owned ? Owner{context.owner.app, "app"} : context.owner;
}

}  // namespace plenum
