// Server-sent events (the WHATWG HTML standard, section 9.2): a run's events as they are committed.
//
// A client that leaves is noticed when something is written to it: with the next event, or the
// heartbeat.
#include <nlohmann/json.hpp>

#include "server/handle.h"
#include "server/reply.h"

namespace plenum::server {

namespace {

// What is not stored has the id of the stored event before it, and a number: a client that comes
// back with it goes on behind that event.
std::string id_line(const EventRow& event) {
  if (event.part > 0)
    return "id: " + std::to_string(event.id) + "." + std::to_string(event.part) + "\n";
  return event.id == INT64_MAX || event.id == 0 ? "" : "id: " + std::to_string(event.id) + "\n";
}

// One event is one write; its data is JSON on one line.
std::string frame(const EventRow& event) {
  return id_line(event) + "event: " + event.type + "\ndata: " + event.data + "\n\n";
}

// Files in what clients see get their links.
EventRow linked(const Exchange& exchange, EventRow event) {
  if (event.type != "run.waiting" && event.type != "run.completed") return event;
  Result<Json> data = parse_json(event.data, kOwnJson);
  if (data)
    event.data = to_text(with_links(*std::move(data), exchange.site.links, exchange.owner(),
                                    exchange.site.engine.clock().now()));
  return event;
}

void start_stream(const Exchange& exchange, const std::string& run) {
  exchange.count(200);
  exchange.reply.start(front::Response{200,
                                       {{"Content-Type", "text/event-stream"},
                                        {"Cache-Control", "no-store"},
                                        {"X-Accel-Buffering", "no"},
                                        {"X-Content-Type-Options", "nosniff"},
                                        {"Plenum-Run", run}},
                                       ""});
}

}  // namespace

EventSink event_sink(const Exchange& exchange, const std::string& run, bool at_once) {
  if (at_once) start_stream(exchange, run);
  EventSink sink;
  sink.take = [exchange, run, started = at_once](const EventRow& event, bool last) mutable {
    if (!std::exchange(started, true)) start_stream(exchange, run);
    const bool heard = exchange.reply.write(frame(linked(exchange, event)));
    if (last) exchange.reply.end();
    return heard && !last;
  };
  sink.behind = [reply = exchange.reply](std::function<void()> hook) {
    return reply.behind(std::move(hook));
  };
  return sink;
}

}  // namespace plenum::server
