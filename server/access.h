// Who is asking.
#pragma once

#include "engine/engine.h"
#include "server/front/front.h"

namespace plenum::server {

struct AccessRules {
  bool development =
      false;  // `Authorization: Bearer dev:<user>[:<plan>]` signs in, from loopback only
};

// The caller of an app, by the request's credentials; `denied` with code "unauthenticated" when
// there are none or they are not good.  The owner is a digest of app, issuer and subject: the same
// person has nothing in common between two apps.
Result<Caller> sign_in(const AccessRules& rules, const std::string& app, const front::Head& head);

// Whether the caller may use the route: its plans.
Result<> may_call(const app::Route& route, const Caller& caller);

}  // namespace plenum::server
