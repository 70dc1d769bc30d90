// The words for the status of runs and effects, as they stand in answers, logs and messages.
#include "engine/store/store.h"

namespace plenum {

const char* name(RunStatus status) {
  switch (status) {
    case RunStatus::queued:
      return "queued";
    case RunStatus::running:
      return "running";
    case RunStatus::waiting:
      return "waiting";
    case RunStatus::paused:
      return "paused";
    case RunStatus::cancelling:
      return "cancelling";
    case RunStatus::completed:
      return "completed";
    case RunStatus::failed:
      return "failed";
    case RunStatus::cancelled:
      return "cancelled";
    case RunStatus::dead:
      return "dead";
  }
  return "unknown";
}

const char* name(EffectStatus status) {
  switch (status) {
    case EffectStatus::started:
      return "started";
    case EffectStatus::done:
      return "done";
    case EffectStatus::failed:
      return "failed";
    case EffectStatus::ambiguous:
      return "ambiguous";
  }
  return "unknown";
}

bool is_final(RunStatus status) {
  return status >= RunStatus::completed;
}

}  // namespace plenum
