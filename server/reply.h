// Answers: runs as envelopes, errors as problem documents (RFC 9457).  The one place where a kind
// of error becomes a status.
#pragma once

#include <string>

#include "engine/engine.h"
#include "server/front/front.h"

namespace plenum::server {

int status_of(const Error& error);

// application/problem+json with `code`, `request_id` and, for a document that breaks its schema,
// `errors`.
front::Response problem(const Error& error, const std::string& request_id = {});
front::Response json_response(int status, const Json& body);

// Turns file values in an output into {…, url, expires_at}.
class Links;
Json with_links(Json output, const Links& links, const Owner& owner, Millis now);

// The answer to a call that started or resumed a run: 200 when it completed or waits, 202 for a
// job, a problem when it failed.
front::Response run_response(const RunView& run, const app::Route& route, const Links& links,
                             const Owner& owner, Millis now, const std::string& request_id);
// A job or run as its status page shows it; `whole` adds output and thread.
Json run_status(const RunView& run, bool whole);

}  // namespace plenum::server
