// Replies that are given again: under which key, as which text.
#pragma once

#include <optional>
#include <string>

#include "engine/base/json.h"
#include "engine/run/event.h"

namespace plenum {

struct EffectReply;

// The digest of what is asked and of the node that asks; the same for the same question.  It holds
// names of secrets, never values.  With an author's key that stands for the request, but for which
// model is asked and how often it has answered: a repair is another question.
std::string kept_key(const run::Perform& what, const std::string& graph);

// A good reply as text; nothing for one that must not be given again: made up by the offline model,
// cut off, not to be parsed, or larger than 1 MB.
std::optional<std::string> kept_text(const EffectReply& reply);
Result<EffectReply> kept_reply(const std::string& text);  // which costs nothing

}  // namespace plenum
