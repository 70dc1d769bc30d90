// What the journal says of an effect (specification section 3).
#pragma once

#include <optional>

#include "engine/base/clock.h"
#include "engine/run/event.h"
#include "engine/store/store.h"

namespace plenum {

// The row of an effect that is about to be performed; none for one that only reads what is here:
// it costs nothing and changes nothing.
std::optional<EffectRow> journal_row(const run::Perform& what, Millis now);

// What an event says of the effect that it answers; none for other events.
std::optional<EffectRow> journal_end(const run::Event& event, Millis now);

// Of an effect whose answer is not waited for: whether it was carried out stays unknown.
EffectRow journal_doubt(uint64_t call, Millis now);

}  // namespace plenum
