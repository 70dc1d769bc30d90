#include "engine/effects/kept.h"

#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "engine/effects/effects.h"

namespace plenum {

namespace {

constexpr size_t kLargest = 1 << 20;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json question(const run::CallModel& ask) {
  const app::Model& model = *ask.model;
  Json turns = Json::array();
  for (const run::Turn& turn : ask.turns)
    turns.push_back(Json{turn.from_model, turn.text, turn.files});
  return Json{{"model", model.provider + "/" + model.model},
              {"system", ask.system},
              {"turns", std::move(turns)},
              {"schema", ask.schema ? *ask.schema : Json()},
              {"max_tokens", or_null(ask.max_tokens ? ask.max_tokens : model.max_tokens)},
              {"temperature", or_null(model.temperature)},
              {"top_p", or_null(model.top_p)},
              {"seed", or_null(model.seed)},
              {"stop", model.stop},
              {"reasoning", model.reasoning},
              {"params", model.params ? *model.params : Json()}};
}

Json question(const run::CallHttp& ask) {
  Json headers = Json::array();
  for (const auto& [name, value] : ask.headers) headers.push_back(Json{name, value});
  return Json{{"method", ask.method},          {"url", ask.url},
              {"headers", std::move(headers)}, {"body", ask.body},
              {"secret", ask.auth.secret},     {"expect", ask.expect.text()}};
}

Json question(const run::CallMcp& ask) {
  return Json{{"url", ask.url},
              {"tool", ask.tool},
              {"arguments", ask.arguments},
              {"headers", ask.headers},
              {"secret", ask.auth.secret}};
}

Json question(const run::Retrieve& ask) {
  const app::Model& model = *ask.model;
  return Json{{"model", model.provider + "/" + model.model},
              {"params", model.params ? *model.params : Json()},
              {"query", ask.query}};
}

Json question(const run::ExtractText& ask) {
  return Json{{"file", text_or(ask.file, "id")}, {"max_pages", ask.max_pages}};
}

// The loader lets no other effect have a `cache`.
template <typename T>
Json question(const T&) {
  return Json();
}

Json under_key(const run::Effect& effect, const Json& key) {
  Json all{{"key", key}};
  if (const auto* ask = std::get_if<run::CallModel>(&effect)) {
    all["model"] = ask->model->provider + "/" + ask->model->model;
    all["turns"] = ask->turns.size();
  }
  // A vector of another model, or of other parameters, answers nothing.
  if (const auto* ask = std::get_if<run::Retrieve>(&effect)) {
    all["model"] = ask->model->provider + "/" + ask->model->model;
    all["params"] = ask->model->params ? *ask->model->params : Json();
  }
  return all;
}

}  // namespace

std::string kept_key(const run::Perform& what, const std::string& graph) {
  const Json asked = what.kept && what.kept->key
                         ? under_key(what.effect, *what.kept->key)
                         : std::visit([](const auto& ask) { return question(ask); }, what.effect);
  return sha256_hex(canonical(
      Json{{"node", graph + "/" + what.path}, {"kind", what.effect.index()}, {"asked", asked}}));
}

std::optional<std::string> kept_text(const EffectReply& reply) {
  const Json* cut = find(reply.result, "cut");
  if (reply.model == "offline" || find(reply.result, "unparsed") || (cut && *cut == true))
    return std::nullopt;
  std::string text = to_text(Json{{"result", reply.result}, {"model", reply.model}});
  if (text.size() > kLargest) return std::nullopt;
  return text;
}

Result<EffectReply> kept_reply(const std::string& text) {
  const Json all =
      TRY(parse_json(text, JsonLimits{2 * kLargest, 128, 1'000'000, 2 * kLargest, 100'000}));
  const Json* result = find(all, "result");
  if (!result) return fail(Kind::internal, "a kept reply has no result");
  return EffectReply{*result, 0, text_or(all, "model")};
}

}  // namespace plenum
