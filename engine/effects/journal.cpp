// Each kind of effect that costs or changes something, with a digest of what it asks for.  A secret
// is put in later, when the effect is performed: no digest depends on one.
#include "engine/effects/journal.h"

#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "engine/base/json_text.h"

namespace plenum {

namespace {

constexpr size_t kDigest = 32;  // hex digits: told apart, not signed

// What it asks for, as text; nothing for one that is not journaled.  A model call's schema and
// tools are left out: they stand in the app, and a run never changes the version of its app.
using Journaled = std::optional<std::string>;

Journaled asked(const run::CallModel& e) {
  Json turns = Json::array();
  for (const run::Turn& turn : e.turns) {
    turns.push_back({turn.from_model, turn.text, turn.files});
    for (const Json* tools : {&turn.calls, &turn.results})
      if (!tools->is_null()) turns.back().push_back(*tools);
  }
  return array_text(e.model->provider, e.model->model, e.system, turns, e.max_tokens.value_or(0));
}
Journaled asked(const run::CallHttp& e) {
  return array_text(e.method, e.url, e.headers, e.body);
}
Journaled asked(const run::CallMcp& e) {
  return array_text(e.url, e.tool, e.headers, e.arguments);
}
Journaled asked(const run::MakePdf& e) {
  return array_text(e.html, e.size, e.margin, e.name);
}
Journaled asked(const run::PutRow& e) {
  return array_text(e.collection, e.id, e.data, e.app_owned);
}
Journaled asked(const run::DeleteRow& e) {
  return array_text(e.collection, e.id, e.app_owned);
}
Journaled asked(const run::EmbedTexts& e) {
  return array_text(e.model->provider, e.model->model, e.texts);
}
Journaled asked(const run::PutDocument& e) {
  return array_text(e.collection, e.id, e.meta, e.parts, e.app_owned);
}
Journaled asked(const run::Retrieve& e) {
  return array_text(e.model->provider, e.model->model, e.collection, e.query);
}
Journaled asked(const run::StartRun& e) {
  return array_text(e.graph, e.input, e.key);
}
Journaled asked(const run::ExtractText&) {
  return std::nullopt;
}
Journaled asked(const run::GetRow&) {
  return std::nullopt;
}
Journaled asked(const run::QueryRows&) {
  return std::nullopt;
}

// What may be done once is not done again after a crash: its one row tells of the doubt.
bool sent(const run::Perform& what) {
  const auto* http = std::get_if<run::CallHttp>(&what.effect);
  const auto* mcp = std::get_if<run::CallMcp>(&what.effect);
  const bool once = (http && http->at_most_once) || (mcp && mcp->at_most_once);
  return !(what.again && once);
}

}  // namespace

std::optional<EffectRow> journal_row(const run::Perform& what, Millis now) {
  const Journaled effect = std::visit([](const auto& e) { return asked(e); }, what.effect);
  if (!effect || !sent(what)) return std::nullopt;
  EffectRow row;
  row.call = what.call;
  row.kind = run::kind_of(what.effect);
  row.path = what.path;
  row.key = what.key;
  row.digest = sha256_hex(*effect).substr(0, kDigest);
  row.started_at = now;
  row.reserved_usd = what.worst_usd;
  return row;
}

std::optional<EffectRow> journal_end(const run::Event& event, Millis now) {
  EffectRow row;
  row.ended_at = now;
  if (const auto* replied = std::get_if<run::Replied>(&event)) {
    row.call = replied->call;
    row.status = EffectStatus::done;
    row.cost_usd = replied->cost_usd;
    row.input_tokens = replied->usage.input_tokens;
    row.output_tokens = replied->usage.output_tokens;
    row.cached_tokens = replied->usage.cached_tokens;
    return row;
  }
  const auto* failed = std::get_if<run::Failed>(&event);
  if (!failed) return std::nullopt;
  row.call = failed->call;
  row.error = failed->error.code.empty() ? name(failed->error.kind) : failed->error.code;
  row.status = row.error == "ambiguous_effect" ? EffectStatus::ambiguous : EffectStatus::failed;
  row.cost_usd = failed->cost_usd;
  return row;
}

EffectRow journal_doubt(uint64_t call, Millis now) {
  EffectRow row;
  row.call = call;
  row.status = EffectStatus::ambiguous;
  row.ended_at = now;
  return row;
}

}  // namespace plenum
