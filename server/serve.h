// `plenum serve`: the engine behind HTTP, from start-up to a graceful end.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/engine.h"
#include "server/auth/issuer.h"
#include "server/headers.h"
#include "server/metrics.h"

namespace plenum::server {

struct ServeOptions {
  Settings engine;
  std::string address = "127.0.0.1";
  uint16_t port = 8080;
  int front_threads = 1;
  size_t connections = 1024;                 // more at once are answered with 503
  size_t connections_per_address = 64;       // … with 429
  int requests_per_minute = 0;               // of one address; 0: no limit
  front::Networks proxies;                   // whose word counts for whom they ask
  HeaderRules headers;                       // which pages may call, and how clients come
  auth::Issuers sign_in;                     // by whose tokens callers are known
  bool watch = true;                         // changed app files are loaded by themselves
  bool log_requests = false;                 // a line of each: id, status, app, route, time
  milliseconds drain_accept{5'000};          // after SIGTERM new requests are taken for so long
  milliseconds drain_work{20'000};           // and running ones may take so long
  MetricsOptions metrics;                    // where the operator reads what happened
  std::function<void(uint16_t port)> ready;  // called once it listens
};

// Serves until SIGTERM or SIGINT (a second one ends it at once).  Blocks both signals in every
// thread; call it from main, before any thread is started.  Reloads changed app files when it
// notices them, and on SIGHUP.
Result<> serve(ServeOptions options);

}  // namespace plenum::server
