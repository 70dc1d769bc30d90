// The words for a run's status, as they stand in answers, logs and messages.
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

bool is_final(RunStatus status) {
  return status >= RunStatus::completed;
}

}  // namespace plenum
