// One request, start to finish.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "engine/engine.h"
#include "server/access.h"
#include "server/front/front.h"
#include "server/headers.h"
#include "server/links.h"
#include "server/rates.h"
#include "server/table.h"

namespace plenum::server {

// What requests are answered from.  Outlives every request.
struct Site {
  Site(Engine& e, AccessRules r, entitlements::Offers o = {}, HeaderRules h = {});
  ~Site() { rules.sign_in.reset(); }  // which answers what waits for keys

  Engine& engine;
  AccessRules rules;
  const entitlements::Offers offers;  // what apps sell
  const HeaderRules headers;
  const Links links;
  Rates rates;
  bool log_requests = false;         // a line of each; set before the first
  app::Quota rate_per_address = {};  // of all requests; count 0: none
  std::atomic<bool> draining{false};

  std::shared_ptr<const Table> table() const { return std::atomic_load(&table_); }
  void set_table(std::shared_ptr<const Table> table) {
    std::atomic_store(&table_, std::move(table));
  }

 private:
  std::shared_ptr<const Table> table_;
};

// One exchange: who asks for what, and where the answer goes.  A value that callbacks keep.
struct Exchange {
  Site& site;
  std::shared_ptr<const front::Request> request;
  front::Reply reply;
  std::shared_ptr<const Table> table;  // the one the request was matched in
  Match match;
  Caller caller;
  std::string request_id;
  Millis began = 0;  // monotonic

  const app::App& app() const { return *match.endpoint->app; }
  Owner owner() const { return {app().name, caller.owner}; }
  void send(const front::Response& response) const;
  void send(const Error& error) const;
  void count(int status) const;  // of the answer, for metrics and log
};

// Calls `then`, now or on the engine's thread, with the exchange of whom the run would belong to: a
// run that was started without sign-in is open to whoever knows its id, signed in or not.
void as_owner_of(const Exchange& exchange, const std::string& run,
                 std::function<void(const Exchange&)> then);

// On a front thread; never blocks.
void handle(Site& site, front::Request request, front::Reply reply);
size_t body_limit(const Site& site, const front::Head& head);

// The parts of handle(), each in a file of its own.
// A route's checked input, its uploads kept.  `meaning` is the same for a request that asks for the
// same again: files count by what they hold.
struct Input {
  Json value;
  Json meaning;
  std::string thread = {};  // that the body's `thread_id` names; "": none
};
using OnInput = std::function<void(Result<Input>)>;
void read_input(const Exchange& exchange, OnInput done);  // input.cpp
Result<Json> read_body(const front::Request& request);    // input.cpp: the JSON object of a body
void call_page(const Exchange& exchange);                 // pages.cpp: everything that is generated
void take_webhook(const Exchange& exchange);              // webhooks.cpp: what providers tell
// events.cpp: answers with a stream, which begins with the first event, or at once.
EventSink event_sink(const Exchange& exchange, const std::string& run, bool at_once = false);
// openapi.cpp; `issuers`: by whose tokens callers of the app sign in.
Json openapi(const app::App& app, const std::vector<auth::Issuer>& issuers);
std::string docs_page(const app::App& app);  // docs.cpp

}  // namespace plenum::server
