// A step of a test as the request that a client would send.
#pragma once

#include "engine/app/tests.h"
#include "engine/base/scope.h"
#include "server/front/front.h"

namespace plenum::testing {

// dev:<user>:<plan>, with roles if the test has some.
std::string development_token(const app::TestCase& test);

Result<front::Request> request_of(const app::App& app, const app::TestCase& test,
                                  const app::TestStep& step, const Scope& scope);

}  // namespace plenum::testing
