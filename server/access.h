// Who is asking.
#pragma once

#include "engine/engine.h"
#include "server/front/front.h"
#include "server/table.h"

namespace plenum::server {

struct AccessRules {
  bool development =
      false;  // `Authorization: Bearer dev:<user>[:<plan>]` signs in, from loopback only
};

// The caller of an app, by the request's credentials; `denied` with code "unauthenticated" when
// they are not good, or when there are none and the endpoint needs them.  The owner is a digest of
// app, issuer and subject: the same person has nothing in common between two apps.
Result<Caller> admit(const AccessRules& rules, const Endpoint& endpoint, const front::Head& head);

// Who has not signed in: one owner for all of them in an app, so the unguessable id of a run, row
// or file is what lets them reach it, and nothing that lists may be open to them.
Caller anonymous(const std::string& app);

// Whether the app has runs of callers who did not sign in.
bool has_anonymous_runs(const app::App& app);

// Whether the caller may use the route: its plans.
Result<> may_call(const app::Route& route, const Caller& caller);

}  // namespace plenum::server
