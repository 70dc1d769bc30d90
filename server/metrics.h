// The page that Prometheus reads, on a listener of its own.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "server/front/front.h"

namespace plenum::server {

struct MetricsOptions {
  std::string address;  // "": there is no such page
  uint16_t port = 0;    // 0: any free one
};

// GET /metrics, without sign-in: so only on an address that nobody but the operator reaches.
// `clients` is the front whose connections are counted; both outlive the page.
Result<std::unique_ptr<front::Front>> open_metrics(const MetricsOptions& options, Engine& engine,
                                                   const front::Front& clients,
                                                   const std::string& data);

}  // namespace plenum::server
