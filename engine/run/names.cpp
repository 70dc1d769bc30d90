#include "engine/run/names.h"

#include <nlohmann/json.hpp>

namespace plenum::run {

void Names::at(Millis time) {
  if (time != time_) now_ = Json();
  time_ = time;
}

const Json* Names::variable(std::string_view name) const {
  for (size_t i = path_.size(); i-- > 0;) {
    const Frame& frame = *path_[i];
    if (const Json* value = value_of(frame.locals, name)) return value;
    if (const Json* value = value_of(frame.vars, name)) return value;
    if (frame.sees == Vars::own) break;
  }
  return nullptr;
}

const Json* Names::find(std::string_view name) const {
  if (own && name == own_name) return own;
  if (const Json* value = variable(name)) return value;
  if (name == "run") return &state_.about;
  if (name == "user") return &state_.user;
  if (name == "env") return app_.env.get();
  if (name != "now") return nullptr;
  if (now_.is_null()) now_ = rfc3339(time_);
  return &now_;
}

}  // namespace plenum::run
