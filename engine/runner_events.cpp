// What clients hear of a run: its events once they are stored, and in between, not stored, the text
// of models' answers as it comes.
//
// Every listener reads a flow at its own pace: one that lags gets more text at once, later.  The
// furthest sets the pace of the flow itself, and with it of the provider's socket.
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "engine/run_view.h"
#include "engine/runner.h"

namespace plenum {

namespace {

constexpr Millis kPartialEvery = 100;
constexpr size_t kLargestPartial = 256 << 10;  // of the text: beyond it only text is told

Json about(const std::string& place) {
  const size_t slash = place.rfind('/');
  Json json{{"node", slash == std::string::npos ? place : place.substr(slash + 1)}};
  if (slash != std::string::npos) json["path"] = place;
  return json;
}

}  // namespace

void Runner::events(Owner owner, std::string run, int64_t after, EventSink sink) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->sink = std::move(sink);
  subscriber->seen = after;
  subscribers_[run].push_back(subscriber);
  parts_.store->events(owner, run, after,
                       [this, owner, run, subscriber](Result<std::vector<EventRow>> stored) {
                         fill(run, *subscriber, stored ? *stored : std::vector<EventRow>());
                         catch_up(run, *subscriber);
                         drop_finished(run);
                         if (!subscriber->done && !live_.contains(run))
                           end_if_over(owner, run, subscriber);
                       });
}

void Runner::fill(const std::string& run, Subscriber& subscriber,
                  const std::vector<EventRow>& stored) {
  subscriber.filled = true;
  const std::vector<EventRow> meanwhile = std::exchange(subscriber.meanwhile, {});
  // An earlier pause is not the end of the stream when the run has gone on since.
  int64_t newest = 0;
  for (const std::vector<EventRow>* events : {&stored, &meanwhile})
    if (!events->empty()) newest = std::max(newest, events->back().id);
  if (const auto live = live_.find(run); live != live_.end())
    newest = std::max(newest, live->second->state.last_event);
  for (const std::vector<EventRow>* events : {&stored, &meanwhile})
    for (const EventRow& event : *events)
      deliver(subscriber, event, event.id >= newest && ends_stream(event.type));
}

// Ends the stream of a run that has stopped and has nothing more to tell: the listener had heard
// all of it, or it was cancelled before it began.
void Runner::end_if_over(const Owner& owner, const std::string& run,
                         std::shared_ptr<Subscriber> subscriber) {
  parts_.store->run(owner, run, [this, run, subscriber](Result<Run> row) {
    if (!row || live_.contains(run)) return;
    if (row->status != RunStatus::waiting && !is_final(row->status)) return;
    deliver(*subscriber, last_event(*row), true);
    drop_finished(run);
  });
}

void Runner::subscribe(const std::string& run, EventSink sink, int64_t seen) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->sink = std::move(sink);
  subscriber->seen = seen;
  subscriber->filled = true;
  subscribers_[run].push_back(std::move(subscriber));
}

void Runner::deliver(Subscriber& subscriber, const EventRow& event, bool last) {
  if (subscriber.done || event.id <= subscriber.seen) return;
  if (!subscriber.filled) {
    subscriber.meanwhile.push_back(event);
    return;
  }
  subscriber.seen = event.id;
  subscriber.part = 0;
  if (!subscriber.sink.take(event, last) || last) subscriber.done = true;
}

void Runner::publish(const Run& row, const std::vector<EventRow>& events) {
  const auto it = subscribers_.find(row.id);
  if (it == subscribers_.end()) return;
  const auto subscribers = it->second;
  for (const EventRow& event : events)
    for (const auto& subscriber : subscribers) deliver(*subscriber, event, ends_stream(event.type));
  drop_finished(row.id);
}

void Runner::drop_finished(const std::string& run) {
  const auto it = subscribers_.find(run);
  if (it == subscribers_.end()) return;
  std::erase_if(it->second, [](const auto& s) { return s->done; });
  if (it->second.empty()) subscribers_.erase(it);
}

// ── tokens ──

// Nobody listens: null, and the answer comes whole.
std::shared_ptr<Flow> Runner::open_flow(const LivePtr& live, const run::Perform& what) {
  if (!std::holds_alternative<run::CallModel>(what.effect)) return nullptr;
  if (!subscribers_.contains(live->row.id)) return nullptr;
  if (live->half_told.erase(what.place) > 0) reset(*live, what.place, "again");
  Live::Telling& telling = live->telling[what.call];
  telling.place = what.place;
  telling.flow =
      std::make_shared<Flow>([this, io = parts_.io, weak = std::weak_ptr(live), call = what.call] {
        boost::asio::post(*io, [this, weak, call] {
          if (const LivePtr live = weak.lock()) tell(*live, call, false);
        });
      });
  return telling.flow;
}

// The call is over: what it said is told to the end, or taken back.
void Runner::close_flow(Live& live, uint64_t call, const Error* error) {
  const auto it = live.telling.find(call);
  if (it == live.telling.end()) return;
  if (!error) tell(live, call, true);
  const std::string place = it->second.place;
  live.telling.erase(it);
  if (const auto all = subscribers_.find(live.row.id); all != subscribers_.end())
    for (const auto& subscriber : all->second) subscriber->heard.erase(call);
  if (error && live.half_told.erase(place) > 0) reset(live, place, error->stable_code());
}

void Runner::reset(const Live& live, const std::string& place, const std::string& why) {
  const auto all = subscribers_.find(live.row.id);
  if (all == subscribers_.end()) return;
  Json data = about(place);
  data["reason"] = why;
  for (const auto& subscriber : std::vector(all->second)) tell(*subscriber, "reset", to_text(data));
  drop_finished(live.row.id);
}

// Gives every listener what it has not heard; `whole`: even one that is behind.
void Runner::tell(Live& live, uint64_t call, bool whole) {
  const auto it = live.telling.find(call);
  if (it == live.telling.end()) return;
  Live::Telling& telling = it->second;
  const auto all = subscribers_.find(live.row.id);
  if (all == subscribers_.end()) return telling.flow->read_to(SIZE_MAX);
  const Json partial = partial_of(telling, whole);
  size_t furthest = 0;
  for (const auto& subscriber : std::vector(all->second)) {
    size_t& at = subscriber->heard[call];
    const std::string text = telling.flow->since(at);
    const bool last_value = whole && !partial.is_null();
    if ((!text.empty() || last_value) && ready(live.row.id, subscriber, whole)) {
      Json data = about(telling.place);
      data["text"] = text;
      if (!partial.is_null()) data["partial"] = partial;
      live.half_told.insert(telling.place);
      at += text.size();
      tell(*subscriber, "token", to_text(data));
    }
    if (!subscriber->done) furthest = std::max(furthest, at);
  }
  telling.flow->read_to(furthest);
  drop_finished(live.row.id);
  if (!subscribers_.contains(live.row.id)) telling.flow->read_to(SIZE_MAX);
}

// The value so far, at a bounded rate; at the end once more, unless it has been told.
Json Runner::partial_of(Live::Telling& telling, bool whole) const {
  const size_t size = telling.flow->size();
  const Millis now = parts_.clock->monotonic();
  if (size == telling.partial_size || size > kLargestPartial) return {};
  if (!whole && telling.partial_at && now - telling.partial_at < kPartialEvery) return {};
  telling.partial_at = now;
  telling.partial_size = size;
  return telling.flow->partial();
}

// Whether it can be told something that is not stored; if not, it is told when it has caught up.
bool Runner::ready(const std::string& run, const std::shared_ptr<Subscriber>& subscriber,
                   bool whole) {
  if (subscriber->done || !subscriber->filled) return false;
  if (whole || !subscriber->sink.behind) return true;
  if (subscriber->behind) return false;
  subscriber->behind =
      subscriber->sink.behind([this, io = parts_.io, run, weak = std::weak_ptr(subscriber)] {
        boost::asio::post(*io, [this, run, weak] {
          const auto caught_up = weak.lock();
          if (!caught_up) return;
          caught_up->behind = false;
          tell_all(run);
        });
      });
  return !subscriber->behind;
}

void Runner::tell_all(const std::string& run) {
  const auto live = live_.find(run);
  if (live == live_.end()) return;
  const LivePtr kept = live->second;
  std::vector<uint64_t> calls;
  for (const auto& [call, telling] : kept->telling) calls.push_back(call);
  for (const uint64_t call : calls) tell(*kept, call, false);
}

void Runner::tell(Subscriber& subscriber, const char* type, std::string data) {
  if (subscriber.done || !subscriber.filled) return;
  const EventRow event{subscriber.seen, type, std::move(data), ++subscriber.part};
  if (!subscriber.sink.take(event, false)) subscriber.done = true;
}

// Somebody who comes while a model speaks, or comes back, hears all of it from the start.
void Runner::catch_up(const std::string& run, Subscriber& subscriber) {
  const auto live = live_.find(run);
  if (live == live_.end()) return;
  for (const auto& [call, telling] : live->second->telling)
    if (telling.flow->size() > 0) {
      Json data = about(telling.place);
      data["reason"] = "joined";
      tell(subscriber, "reset", to_text(data));
    }
  tell_all(run);
}

}  // namespace plenum
