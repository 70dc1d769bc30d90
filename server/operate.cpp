#include "server/operate.h"

#include <spdlog/spdlog.h>

#include <future>
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/ids.h"
#include "server/keys.h"

namespace plenum::server {

namespace {

constexpr std::chrono::seconds kLongest{60};

const std::map<std::string, Store::Act>& acts() {
  static const std::map<std::string, Store::Act> kActs = {
      {"retry", Store::Act::retry}, {"pause", Store::Act::pause}, {"resume", Store::Act::resume}};
  return kActs;
}

// What the engine answers to `ask`.  The promise is kept by the callback, which may come after we
// have given up.
template <typename T, typename Ask>
Result<T> answer_to(Ask ask) {
  const auto answer = std::make_shared<std::promise<Result<T>>>();
  ask([answer](Result<T> result) { answer->set_value(std::move(result)); });
  std::future<Result<T>> result = answer->get_future();
  if (result.wait_for(kLongest) != std::future_status::ready)
    return fail(Kind::timeout,
                "the server did not get to it within a minute, and may yet: ask again later",
                "timeout");
  return result.get();
}

Result<Json> forget(Engine& engine, const Owner& owner, const Actor& actor) {
  TRY(answer_to<void>([&](auto done) { engine.forget(owner, actor, done); }));
  spdlog::info("{}: an operator deleted what was kept for the owner {} of {}", actor.request,
               owner.owner, owner.app);
  return Json::object();
}

// Plans that operators give, and what is kept of a user by the name that sign-in knows.
Result<Json> account(Engine& engine, const std::string& act, const Json& request,
                     const Actor& actor) {
  Grant grant{text_or(request, "app"), text_or(request, "user"), text_or(request, "plan"),
              engine.clock().now(), request.value("until", Millis(0))};
  if (act == "grant") {
    TRY(answer_to<void>([&](auto done) { engine.grant(grant, actor, done); }));
    return Json{{"count", 1}};
  }
  const Result<int> count = answer_to<int>([&](auto done) {
    if (act == "revoke") return engine.revoke(grant, actor, done);
    engine.forget_user(grant.app, grant.user, actor, done);
  });
  if (!count) return fail(count.error());
  return Json{{"count", *count}};
}

Result<RunView> act_on_run(Engine& engine, const std::string& act, const Owner& owner,
                           const std::string& run, const Actor& actor) {
  return answer_to<RunView>([&](OnRun done) {
    if (act == "cancel") return engine.cancel(owner, run, actor, std::move(done));
    engine.operate(owner, run, acts().at(act), actor, std::move(done));
  });
}

Result<Json> create_key(Engine& engine, const Json& request, const Actor& actor) {
  const Json* json = find(request, "key");
  const ApiKey key = TRY(read_key(json ? *json : Json()));
  TRY(answer_to<void>([&](auto done) { engine.put_api_key(key, actor, done); }));
  spdlog::info("{}: an operator made the key {} of {}", actor.request, key.id, key.app);
  return Json{{"served", engine.catalog()->apps.contains(key.app)}};
}

Result<Json> revoke_key(Engine& engine, const Json& request, const Actor& actor) {
  const ApiKey key = TRY(answer_to<ApiKey>(
      [&](auto done) { engine.revoke_api_key(text_or(request, "key"), actor, done); }));
  spdlog::info("{}: an operator revoked the key {} of {}", actor.request, key.id, key.app);
  return Json::object();
}

}  // namespace

Result<Json> operate(Engine& engine, const Json& request) {
  const std::string act = text_or(request, "act"), run = text_or(request, "run");
  const Owner owner{text_or(request, "app"), text_or(request, "owner")};
  const Actor actor{operator_name(request.value("uid", 0U)), new_id("req")};
  if (act == "forget") return forget(engine, owner, actor);
  if (act == "create_key") return create_key(engine, request, actor);
  if (act == "revoke_key") return revoke_key(engine, request, actor);
  if (act == "grant" || act == "revoke" || act == "forget_user")
    return account(engine, act, request, actor);
  if (act != "cancel" && !acts().contains(act))
    return fail(Kind::invalid, "this server knows no act " + quote(act) +
                                   ": it is older than the command that asks");
  const RunView changed = TRY(act_on_run(engine, act, owner, run, actor));
  spdlog::info("{}: an operator asked to {} the run {}: it is {}", actor.request, act, run,
               name(changed.status));
  return Json{{"status", name(changed.status)}};
}

std::string operator_name(unsigned uid) {
  return "operator " + std::to_string(uid);
}

}  // namespace plenum::server
