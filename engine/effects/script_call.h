// What a script is told of an effect.
#pragma once

#include "engine/effects/effects.h"
#include "engine/run/event.h"

namespace plenum {

inline ScriptCall script_call(const run::Perform& what, const EffectContext& context) {
  ScriptCall call{context.graph, what.path, context.run, what.call, what.attempt, {}, {}};
  if (const auto* ask = std::get_if<run::CallModel>(&what.effect))
    call.provider = ask->model->provider, call.model = ask->model->model;
  if (const auto* ask = std::get_if<run::Retrieve>(&what.effect))
    call.provider = "offline", call.model = ask->model->model;  // its question is embedded here
  return call;
}

}  // namespace plenum
