// A node's HTTP call as the client's request, and its response as the node's result.
#pragma once

#include <optional>

#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/effects/http/client.h"
#include "engine/run/effect.h"

namespace plenum {

// The call with its secret put in.  `denied` (code "address_denied") when the URL is not of the one
// form that may be called, or local where the operator does not allow that; `unavailable`
// ("secret_missing") without a value for the secret it names.
Result<http::Request> http_request(const run::CallHttp& call, std::chrono::milliseconds timeout,
                                   const Secrets& secrets, bool allow_local);

// {status, headers, body} of a response with an expected status.  Errors have the code
// "http_status" (whose retry is up to status and call) or "http_body"; no error repeats anything of
// the response but its status.  Where the peer sent the secret back, its name stands instead.
Result<Json> http_result(const run::CallHttp& call, const http::Response& response,
                         const Secrets& secrets);

// The text with the secret's name in place of its value: a peer that shows what it was sent would
// put it into the run's state.
std::string without_secret(std::string text, const app::Auth& auth, const Secrets& secrets);

// What became of a call that has no complete response.  When the peer may have acted on it and
// would not know it again, the error says so and is none that is tried again.
Error http_failure(const run::CallHttp& call, Error error);

}  // namespace plenum
