// A call's turn with its provider's key, and leave to go.
//
// The order matters: it stands in line first, which costs nothing; then the day's budget holds the
// worst that it may cost; then the breaker is asked, whose answer may be a probe that must be made.
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/effects/work.h"

namespace plenum {

namespace {

Error full(const app::Model& model) {
  return Error{Kind::unavailable,
               "too many calls wait for the key of " + quote(model.provider) + "; try again later",
               "line_full",
               {},
               milliseconds(5000)};
}

}  // namespace

Result<> Effects::Work::let_go(uint64_t handle, const peers::Peer& peer, const Owner& owner,
                               double worst_usd) {
  const auto go = [&]() -> Result<> {
    const Spending::Hold hold = TRY(spending.reserve(owner, worst_usd, parts.clock->now()));
    const Result<> entered = enter(handle, peer, owner.app);
    if (entered)
      holds.emplace(handle, hold);
    else
      spending.settle(hold, 0);
    return entered;
  };
  Result<> gone = go();
  if (!gone) end_turn(handle, false);
  return gone;
}

void Effects::Work::wait_for_turn(uint64_t handle, const app::Model& model, const Owner& owner,
                                  int64_t tokens, std::function<void(Result<>)> go) {
  const auto limits = parts.lines.find(model.provider);
  if (limits == parts.lines.end() || !limits->second.any()) return go({});
  const std::string name = model.provider + "\n" + model.key;
  peers::Line& line = lines.try_emplace(name, limits->second).first->second;
  if (!line.join(handle, {owner.app, owner.owner, tokens})) return go(fail(full(model)));
  waiting[handle] = {name, std::move(go)};
  cancels[handle] = [this, handle] {
    auto left = waiting.extract(handle);
    if (!left) return;
    lines.at(left.mapped().line).leave(handle);
    serve(left.mapped().line);
    left.mapped().go(fail(Kind::unavailable, "the call was cancelled", "cancelled"));
  };
  serve(name);
}

void Effects::Work::serve(const std::string& name) {
  peers::Line& line = lines.at(name);
  while (const std::optional<uint64_t> next = line.next(parts.clock->monotonic())) {
    auto first = waiting.extract(*next);
    served[*next] = name;
    first.mapped().go({});
  }
  const Millis now = parts.clock->monotonic(), due = line.due(now);
  if (due == 0 || !parts.later || std::exchange(alarms[name], true)) return;
  parts.later(milliseconds(due - now), [weak = weak_from_this(), name] {
    const auto self = weak.lock();
    if (!self) return;
    self->alarms[name] = false;
    self->serve(name);
  });
}

void Effects::Work::end_turn(uint64_t handle, bool called) {
  const auto turn = served.extract(handle);
  if (!turn) return;
  peers::Line& line = lines.at(turn.mapped());
  if (!called) return line.took_nothing();  // within serve(), which goes on
  line.done();
  serve(turn.mapped());
}

void Effects::Work::with_token(uint64_t handle, const std::string& account,
                               const std::shared_ptr<http::Request>& request,
                               std::function<void()> go, Done done) {
  const auto dropped = std::make_shared<bool>(false);
  cancels[handle] = [dropped] { *dropped = true; };
  tokens->token(account, [dropped, request, go = std::move(go),
                          done = std::move(done)](Result<std::string> token) {
    if (!token) return done(fail(std::move(token).error()));
    if (*dropped) return done(fail(Kind::unavailable, "the call was cancelled", "cancelled"));
    request->headers.emplace_back("authorization", "Bearer " + *token);
    go();
  });
}

Result<std::shared_ptr<llm::Provider>> Effects::Work::provider_for(const app::Model& model) const {
  if (!model.key.empty() && parts.provider_with && !parts.script) {
    const std::optional<Secret> secret = parts.secrets->find(model.key);
    if (!secret)
      return fail(Kind::unavailable, "the secret `" + model.key + "` is not set", "secret_missing");
    return parts.provider_with(model.provider, secret->reveal());
  }
  const auto provider = parts.providers.find(model.provider);
  if (provider != parts.providers.end()) return provider->second;
  return fail(Kind::unavailable, "no key is set for the model provider `" + model.provider + "`",
              "provider_auth");
}

}  // namespace plenum
