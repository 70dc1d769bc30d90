// Between a live run, its stored row, and what clients see.
#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/runner.h"

namespace plenum {

RunView view(const Run& row);         // a stored run
RunView live_view(const Live& live);  // one that is being worked on
std::vector<EventRow> rows(const std::vector<run::Published>& published);
Json error_json(const Error& error, const std::string& node);  // as it is stored
RunStatus status_of(run::Status status);
bool ends_stream(const std::string& event_type);
// What a stopped run's stream ends with, as it is told to someone who has nothing else to hear.
EventRow last_event(const Run& row);

}  // namespace plenum
