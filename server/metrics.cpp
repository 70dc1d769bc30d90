// Apart from the clients' listener, because behind a proxy every request comes from loopback: an
// address that is checked there would be everybody's.
#include "server/metrics.h"

#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>

#include "engine/store/inspection.h"
#include "server/reply.h"

namespace plenum::server {

namespace {

// How many runs are queued, read past the server by a connection of its own.
class Queue {
 public:
  explicit Queue(std::string data) : path_(std::move(data) + "/plenum.db") {}

  std::optional<int64_t> length() {
    const std::lock_guard lock(mutex_);
    if (!inspection_)
      if (auto opened = Inspection::open(path_)) inspection_ = *std::move(opened);
    if (!inspection_) return std::nullopt;
    const Result<int64_t> queued = inspection_->overdue(std::numeric_limits<Millis>::max());
    return queued ? std::optional(*queued) : std::nullopt;
  }

 private:
  const std::string path_;
  std::mutex mutex_;
  std::unique_ptr<Inspection> inspection_;
};

std::string page(Engine& engine, const front::Front& clients, Queue& queue) {
  const Engine::Load load = engine.load();
  std::string text = engine.metrics().text();
  text += Metrics::gauge("plenum_live_runs", static_cast<double>(load.live_runs));
  text += Metrics::gauge("plenum_jobs_running", static_cast<double>(load.jobs_running));
  if (const auto queued = queue.length())
    text += Metrics::gauge("plenum_jobs_queued", static_cast<double>(*queued));
  text += Metrics::gauge("plenum_connections", static_cast<double>(clients.connections()));
  text += Metrics::gauge("plenum_requests_in_flight", static_cast<double>(clients.in_flight()));
  return text;
}

front::Response no_page(int status, const std::string& code, const std::string& message) {
  Error error{status >= 500 ? Kind::unavailable : Kind::invalid, message, code, {}};
  error.status = status;
  return problem(error);
}

}  // namespace

Result<std::unique_ptr<front::Front>> open_metrics(const MetricsOptions& options, Engine& engine,
                                                   const front::Front& clients,
                                                   const std::string& data) {
  front::Options listen;
  listen.address = options.address;
  listen.port = options.port;
  listen.connections = 64;
  front::Handler handler;
  handler.problem = no_page;
  handler.handle = [&engine, &clients, queue = std::make_shared<Queue>(data)](
                       front::Request request, front::Reply reply) {
    if (request.path != "/metrics")
      return reply.send(no_page(404, "route_not_found", "only /metrics is here"));
    if (request.method != "GET" && request.method != "HEAD")
      return reply.send(no_page(405, "method_not_allowed", "/metrics takes GET"));
    reply.send(front::Response{200,
                               {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
                                {"Cache-Control", "no-store"},
                                {"X-Content-Type-Options", "nosniff"}},
                               page(engine, clients, *queue)});
  };
  return front::Front::open(listen, std::move(handler));
}

}  // namespace plenum::server
