// The server's answers without a socket: what a client would get for a request, in this process.
#pragma once

#include <functional>

#include "server/handle.h"

namespace plenum::server {

// `done` runs once, on any thread, with the whole answer; of a stream when it has ended.  The
// request must be whole: its path decoded and its names in lower case, as the front hands it over.
void call(Site& site, front::Request request, std::function<void(front::Response)> done);

}  // namespace plenum::server
