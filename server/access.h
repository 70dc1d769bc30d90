// Who is asking.
#pragma once

#include <functional>
#include <memory>

#include "engine/engine.h"
#include "server/auth/sign_in.h"
#include "server/front/front.h"
#include "server/table.h"

namespace plenum::server {

using OnCaller = std::function<void(Result<Caller>)>;

struct AccessRules {
  // `Authorization: Bearer dev:<user>[:<plan>[:<role>,…]]` signs in, from loopback only.
  bool development = false;
  std::shared_ptr<auth::SignIn> sign_in = {};  // by tokens; null: nobody does
  // The key of that digest, for `app`; unset: there are none.
  std::function<void(const std::string& app, std::string digest, OnCaller done)> key = {};
};

// The caller of an app, by the request's credentials: `Authorization: Bearer` with a token or a
// key, or `X-Api-Key`; `denied` with code "unauthenticated" when there are none and the endpoint
// needs them, with "invalid_token" or "token_expired" when they are not good, wherever they come;
// `invalid` ("ambiguous_credentials") when there are several; `unavailable` when nobody can tell
// now.  The owner is a digest of app, issuer and subject: the same person has nothing in common
// between two apps.  `done` runs once, now or on another thread, and must not block.
void admit(const AccessRules& rules, const Endpoint& endpoint, const front::Head& head,
           OnCaller done);

// The caller that a development token names, whoever sends it.
Result<Caller> development_caller(const std::string& app, std::string_view token);

// Who has not signed in: one owner for all of them in an app, so the unguessable id of a run, row
// or file is what lets them reach it, and nothing that lists may be open to them.
Caller anonymous(const std::string& app);

// Whether the caller has one of the roles; nobody has one of none.
bool has_role(const Caller& caller, const std::vector<std::string>& roles);

// Whether the app has runs of callers who did not sign in.
bool has_anonymous_runs(const app::App& app);

// The caller with the best plan that they have: of their sign-in, purchases and grants.  `done` is
// called at once when that is known already, else on the engine's thread.
void with_plan(Engine& engine, const app::App& app, const entitlements::Offers& offers,
               Caller caller, std::function<void(Result<Caller>)> done);

// Whether the caller may use the route: its roles (`denied`, "insufficient_scope") and plans.
Result<> may_call(const app::Route& route, const Caller& caller);

}  // namespace plenum::server
