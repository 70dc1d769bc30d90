// What expressions and templates of a run see: a place's own names, the names of the bodies it
// stands in, the state keys, then run, user, env and now.
#pragma once

#include <string_view>
#include <vector>

#include "engine/app/app.h"
#include "engine/base/clock.h"
#include "engine/base/scope.h"
#include "engine/run/state.h"

namespace plenum::run {

using Path = std::vector<Frame*>;  // from the root to the frame that is walked

class Names final : public Scope {
 public:
  // All of them outlive this.
  Names(const State& state, const app::App& app, const Path& path, Millis now)
      : state_(state), app_(app), path_(path), time_(now) {}

  // What `now` is from here on.
  void at(Millis time);
  const Json* find(std::string_view name) const override;
  // A state key or a body's name; nullptr: none has a value.
  const Json* variable(std::string_view name) const;

  std::string_view own_name;  // "result" or "error"
  const Json* own = nullptr;

 private:
  const State& state_;
  const app::App& app_;
  const Path& path_;
  Millis time_;
  mutable Json now_;  // as text, made when it is first asked for
};

}  // namespace plenum::run
