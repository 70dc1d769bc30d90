// One walk: what one event makes of a run.  The core's own; step.h is its door.
//
// Here is what all kinds of nodes share: conditions, progress, retries, error handling, setting
// state, leaving to another node, bodies in bodies.  What a node itself does is its own file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/ids.h"
#include "engine/run/event.h"
#include "engine/run/names.h"
#include "engine/run/node.h"
#include "engine/run/state.h"
#include "engine/run/step.h"

namespace plenum::run {

using app::NodeDef;
using app::Target;

class Walk {
 public:
  Walk(State& state, const app::App& app, Millis now)
      : state_(state), app_(app), now_(now), names_(state, app, path_, now) {
    path_.push_back(&state.root);
  }

  Outcome handle(const Event& event, Pace pace);

 private:
  Frame& frame() { return *path_.back(); }
  const NodeDef& node() { return frame().block->nodes[static_cast<size_t>(frame().at)]; }

  // Which frame: path_ leads to it, and stays as it was when there is none.

  template <typename Wanted>
  bool seek(Wanted wanted) {
    Path before = std::exchange(path_, Path{&state_.root});
    if (descend(wanted)) return true;
    path_ = std::move(before);
    return false;
  }
  template <typename Wanted>
  bool descend(Wanted wanted) {
    if (wanted(frame())) return true;
    Frame& here = frame();
    for (Frame& child : here.children) {
      path_.push_back(&child);
      if (descend(wanted)) return true;
      path_.pop_back();
    }
    return false;
  }
  bool seek_ready() {
    return frame().phase == Phase::ready ||
           seek([](const Frame& f) { return f.phase == Phase::ready; });
  }
  bool at_call(uint64_t call, Phase phase) {
    return state_.status == Status::running &&
           seek([=](const Frame& f) { return f.call == call && f.phase == phase; });
  }
  template <typename Do>
  static void each(Frame& frame, const Do& act) {
    act(frame);
    for (Frame& child : frame.children) each(child, act);
  }

  // Events.

  void on(const Started&) { publish("run.started", "{}"); }

  // What was under way is asked for again, from the scope and the memory it was asked from, and
  // under the same call: its key stays the same, so that a row that was put before the crash is put
  // over, not beside.
  void on(const Restarted&);
  void on(const Replied& event);
  void on(const Failed& event);
  void on(const TimerDue& event);
  void on(const Answered& event);
  void on(const Cancelled&);
  void on(const DeadlinePassed&);
  bool ended() const;
  void wake();
  void try_again();

  // Nobody answered the interrupt in time.
  void expire();

  // After a pause of the whole run its timers are gone; `done`: the one that has just come.
  void set_timers(uint64_t done = 0);
  void settle(double cost_usd);

  // What the frame and its bodies have under way is not wanted any more.
  void abandon(Frame& from);
  void drop_bodies();

  // When nothing but sleep is left, and long enough of it, the run frees everything until it wakes.
  void park();

  // Walking.

  void turn();
  void enter();
  bool report_progress();

  // Lets the node act, for the first time, again after a delay, or again after a crash.
  void begin();

  // For the node itself `now` is when it was entered: what it asks for is the same again after a
  // delay or a crash.
  Visit visit();
  void apply(Result<Next> next);
  void follow(Next::Done what) {
    for (auto& [type, data] : what.events) publish(std::move(type), to_text(data));
    done(std::move(what.result));
  }

  void follow(Next::Act what);
  Result<std::optional<Kept>> where_kept();
  void follow(Next::Pause what);
  void follow(Next::Sleep what);
  void follow(Next::Bodies what);
  void follow(Next::Again) { begin(); }
  uint64_t next_call() { return call_again_ ? std::exchange(call_again_, 0) : ++state_.last_call; }

  // Stable over restarts: the count of calls is part of the saved state.
  std::string effect_key() {
    return sha256_hex(state_.run + "\n" + frame().block->id + "/" + node().id + "\n" +
                      std::to_string(frame().call));
  }

  // Tries again after a delay; false: a client who waits would not live to see it.
  bool back_off(const Error& error);
  // The call did not leave: it is made later, unless somebody waits for the run, or for a day.
  bool hold_off(const Error& error);
  void wait_until(Millis due);

  // Bodies.

  // Takes the frame off the tree; path_ then leads to the one whose node had entered it.  In a list
  // of one, so that it stays where it is.
  std::list<Frame> take_body();
  void end_body();
  const NodeDef& node_around() {
    const Frame& around = *path_[path_.size() - 2];
    return around.block->nodes[static_cast<size_t>(around.at)];
  }

  void fail_body(Error error);

  // `end`: the graph is finished, whatever else of it is under way.
  void end_graph();

  // The end of a node.

  void done(Json result);
  void complete(Json result, Target target);
  Result<Target> settle_state(const Json& result);
  Result<> set_state(const Json& result);

  // Where what is set here goes.
  Values& variables();
  Result<> within_limit(const Values& vars, const std::vector<Json>& values);
  Result<> check(const std::string& key, const Json& value);
  const app::Graph& graph() const;
  Result<Target> choose();
  void leave(Target target);
  void trouble(Error error) { trouble(std::move(error), node().on_error); }

  // The node has failed for good: what does the author want then?
  void trouble(Error error, const app::OnError& otherwise);
  void give_up(Error error);

  // Of the node at hand: "improve[2]/revise", "gather/web/search".
  const std::string& path_text() { return path_text(path_.size() - 1); }
  const std::string& path_text(size_t depth);
  std::string path_without_indexes() const;  // "improve/revise"
  std::string about_node();                  // JSON
  void finish(const char* status, Json result) {
    out_.finished.push_back(
        {path_text(), status, std::move(result), frame().entered, frame().attempt});
  }

  void fail_run(Error error);
  void complete_run();
  void publish(std::string type, std::string data) {
    out_.published.push_back({++state_.last_event, std::move(type), std::move(data)});
  }

  State& state_;
  const app::App& app_;
  const Millis now_;
  Path path_;
  Names names_;
  Outcome out_;
  Chance chance_;            // of the failure at hand
  uint64_t call_again_ = 0;  // what is asked for again after a crash keeps its call
  bool broke_ = false;       // the body at hand was left by `break`
  std::string failed_at_;    // the innermost node that gave up
};

}  // namespace plenum::run
