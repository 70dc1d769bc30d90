// Places where a test has the process die: around each transaction and each effect.
#pragma once

#include <string>

// FAILPOINT("accept", "before").  Only in builds with assertions: where people are served there is
// nothing that could be set off.
#ifdef NDEBUG
#define FAILPOINT(what, where) static_cast<void>(0)
#else
#define FAILPOINT(what, where) ::plenum::reach_failpoint(what, where)
#endif

namespace plenum {

// Before any thread is started.  "accept.before 3": the process ends as by a kill when it gets
// there for the third time.  "?": each place is written to stderr when it is reached first.
void arm_failpoint(const std::string& place);

// Any thread; costs a comparison when nothing is armed.
void reach_failpoint(const char* what, const char* where);

}  // namespace plenum
