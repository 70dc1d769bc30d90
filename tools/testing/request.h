// A step of a test as the request that a client would send.
#pragma once

#include "engine/app/tests.h"
#include "engine/base/scope.h"
#include "server/front/front.h"

namespace plenum::testing {

// The head of a request of that user, signed in for development, from this machine.
front::Head signed_in(const std::string& user, const std::string& plan);

Result<front::Request> request_of(const app::App& app, const app::TestCase& test,
                                  const app::TestStep& step, const Scope& scope);

}  // namespace plenum::testing
