// The nodes that hold others: their bodies begin, end and fail.
#include "engine/run/walk.h"

#include <nlohmann/json.hpp>

#include "engine/run/retry.h"

namespace plenum::run {

std::list<Frame> Walk::take_body() {
  Frame* body = &frame();
  path_.pop_back();
  std::list<Frame>& bodies = frame().children;
  const auto at = std::find_if(bodies.begin(), bodies.end(), [=](Frame& f) { return &f == body; });
  std::list<Frame> taken;
  taken.splice(taken.end(), bodies, at);
  return taken;
}

void Walk::end_body() {
  if (frame().graph && frame().graph->output) {
    Result<Json> output = frame().graph->output->in(names_);
    if (!output) return fail_body(std::move(output).error());
    frame().result = *std::move(output);
  }
  std::list<Frame> taken = take_body();
  Frame& body = taken.front();
  Visit at = visit();
  Ended ended{body.slot, std::move(body.result), broke_};
  broke_ = false;
  names_.own_name = "result";
  names_.own = &ended.result;
  path_.push_back(&body);
  Result<Next> next = node_around().body->on_body(at, ended);
  path_.pop_back();
  names_.own = nullptr;
  apply(std::move(next));
}

void Walk::fail_body(Error error) {
  const int slot = take_body().front().slot;
  Visit at = visit();
  Result<Next> next = node().body->on_body_failed(at, slot, error);
  names_.at(now_);
  if (next) {
    failed_at_.clear();
    return apply(std::move(next));
  }
  if (frame().attempt <= node().retry.max && retryable(next.error(), node().retry) &&
      back_off(next.error())) {
    drop_bodies();
    frame().memory = Json();
    failed_at_.clear();
    return;
  }
  trouble(std::move(next).error());
}

void Walk::end_graph() {
  Json result = std::move(frame().result);
  while (frame().sees != Vars::own) {
    take_body();
    drop_bodies();
  }
  Frame& f = frame();
  f.phase = Phase::ready;
  f.memory = Json();
  f.due = 0;
  f.result = std::move(result);
  f.path.clear();
  f.at = static_cast<int>(f.block->nodes.size());
}

}  // namespace plenum::run
