// Walking inside an authored schema: references, required members, unions, what may be null.
#pragma once

#include "engine/base/json.h"

namespace plenum::llm {

// What "#", "#/$defs/job" or "#job" (an anchor) names in the document; null when it names nothing.
const Json* at_pointer(const Json& root, const std::string& reference);

// Whether following the references inside `schema` leads to `pointer`.
bool reaches(const Json& root, const Json& schema, const std::string& pointer);

std::vector<std::string> required_names(const Json& schema);
bool is_required(const Json& schema, std::string_view property);

// Whether null is a valid value, as far as types and values tell.
bool accepts_null(const Json& root, const Json& schema);

// `type` as a list; when it is missing, what the other keywords speak of; empty when nothing tells.
std::vector<std::string> types_of(const Json& schema);

// Both schemas in one: members of both, the first one's word where they differ.
Json merged(const Json& first, const Json& second);

// The schema with its `allOf` folded into it.
Json flattened(const Json& root, const Json& schema);

}  // namespace plenum::llm
