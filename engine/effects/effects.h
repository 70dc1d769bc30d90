// Performs what the core asks for: model calls, documents, rows.  The only place where a run
// touches the world.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/blob/blobs.h"
#include "engine/effects/child/sandbox.h"
#include "engine/effects/flow.h"
#include "engine/effects/http/client.h"
#include "engine/effects/peers/line.h"
#include "engine/effects/peers/peers.h"
#include "engine/effects/script.h"
#include "engine/effects/spending.h"
#include "engine/llm/provider.h"
#include "engine/run/event.h"
#include "engine/store/store.h"

namespace plenum {

// For whom an effect is performed.
struct EffectContext {
  Owner owner;
  std::string run;
  std::string graph;
  Millis file_expires_at = 0;            // of files it makes; 0: never
  std::shared_ptr<Flow> flow = nullptr;  // of a model call: gets the answer as it comes; null: the
                                         // answer comes whole
};

struct EffectReply {
  Json result;
  double cost_usd = 0;
  std::string model;  // of a model call: who answered; "offline" says so
  run::Usage usage = {};
};

class Effects {
 public:
  struct Parts {
    std::map<std::string, std::shared_ptr<llm::Provider>>
        providers;  // by name; one that is missing cannot be called
    std::shared_ptr<http::Client> http;
    std::shared_ptr<child::Sandbox> sandbox;
    std::shared_ptr<Blobs> blobs;
    Store* store = nullptr;  // outlives this
    const Clock* clock = nullptr;
    std::shared_ptr<const Secrets> secrets;
    bool allow_local_hosts = false;
    std::string extract_helper;  // absolute path of plenum-extract
    Post post;                   // to the engine's thread
    Post files;                  // to a thread that may wait for the disk
    // To the engine's thread, later; unset: at once.
    std::function<void(std::chrono::milliseconds, std::function<void()>)> later;
    std::shared_ptr<Script> script;  // answers in place of what is not on this machine; or none
    Hold hold;                       // see store.h; or none
    peers::Rules peers;
    std::map<std::string, peers::LineLimits> lines;  // by provider, for each of its keys
    Spending::Limits budgets;
    // A provider with another key than the operator's; unset: there is none.
    std::function<std::shared_ptr<llm::Provider>(const std::string& name, const std::string& key)>
        provider_with;
    std::function<double()> chance;  // uniform in [0, 1); on the engine's thread; unset: 0.5
  };
  explicit Effects(Parts parts);
  ~Effects();

  using Done = std::function<void(Result<EffectReply>)>;

  // On the engine's thread; `done` runs there, exactly once, later.  Returns a handle for cancel().
  uint64_t perform(const run::Perform& what, const EffectContext& context, Done done);
  // Aborts the transfer or kills the child; `done` still comes, with an error.
  void cancel(uint64_t handle);

  // Takes one of the retries that the app may still make at the peer; true for "".
  bool take_retry(const std::string& app, const std::string& peer);

  // What has been spent before this process began.
  void spent_before(const std::vector<Spent>& spent);
  // `limited` (code "daily_budget", with retry_after) when a new run could not spend anything.
  Result<> may_spend(const Owner& owner) const;

  // A file that a client uploaded or an effect made: its bytes on disk first, then its row.
  void keep_file(FileRow file, std::string bytes, std::function<void(Result<FileRow>)> done);

 private:
  struct Work;
  std::shared_ptr<Work> work_;
};

// Where an effect goes: a provider's name, a host; "" for one that stays on this machine.
std::string peer_name(const run::Effect& effect);

// A file as expressions and clients see it.
Json file_value(const FileRow& file);

}  // namespace plenum
