#include "server/operate.h"

#include <spdlog/spdlog.h>

#include <future>
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"

namespace plenum::server {

namespace {

constexpr std::chrono::seconds kLongest{60};

const std::map<std::string, Store::Act>& acts() {
  static const std::map<std::string, Store::Act> kActs = {
      {"retry", Store::Act::retry}, {"pause", Store::Act::pause}, {"resume", Store::Act::resume}};
  return kActs;
}

}  // namespace

namespace {

Result<Json> forget(Engine& engine, const Owner& owner) {
  const auto answer = std::make_shared<std::promise<Result<>>>();
  engine.forget(owner, [answer](Result<> done) { answer->set_value(std::move(done)); });
  std::future<Result<>> done = answer->get_future();
  if (done.wait_for(kLongest) != std::future_status::ready)
    return fail(Kind::timeout, "the server is still deleting; ask again later", "timeout");
  TRY(done.get());
  spdlog::info("an operator deleted what was kept for the owner {} of {}", owner.owner, owner.app);
  return Json::object();
}

}  // namespace

Result<Json> operate(Engine& engine, const Json& request) {
  const std::string act = text_or(request, "act"), run = text_or(request, "run");
  const Owner owner{text_or(request, "app"), text_or(request, "owner")};
  if (act == "forget") return forget(engine, owner);
  // Kept by the callback, which may come after we have given up.
  const auto answer = std::make_shared<std::promise<Result<RunView>>>();
  const OnRun done = [answer](Result<RunView> view) { answer->set_value(std::move(view)); };
  if (act == "cancel")
    engine.cancel(owner, run, done);
  else if (const auto known = acts().find(act); known != acts().end())
    engine.operate(owner, run, known->second, done);
  else
    return fail(Kind::invalid, "this server knows no act " + quote(act) +
                                   ": it is older than the command that asks");
  std::future<Result<RunView>> view = answer->get_future();
  if (view.wait_for(kLongest) != std::future_status::ready)
    return fail(Kind::timeout, "the server did not get to it within a minute", "timeout");
  Result<RunView> changed = view.get();
  if (!changed) return fail(std::move(changed).error());
  spdlog::info("an operator asked to {} the run {}: it is {}", act, run, name(changed->status));
  return Json{{"status", name(changed->status)}};
}

}  // namespace plenum::server
