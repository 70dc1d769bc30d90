// What the providers' embeddings have in common.
#pragma once

#include "engine/llm/wire.h"

namespace plenum::llm {

// The call that post(), add_params() and read_body() know what to do with: its prompts are the
// texts, so no error quotes them.
Call as_call(const Embedding& asked);

// The member of `params` that asks for a dimension; 0: none does.
size_t dimension_asked(const Embedding& asked, std::string_view member);

// The numbers of one vector, or the bytes of little-endian float32 as base64; empty: it is neither.
std::vector<float> numbers_of(const Json* values);

// Makes every vector as long as 1, if there are as many as texts, of one dimension (`dimension`; 0:
// any), each with a direction.
Result<Vectors> completed(const Peer& peer, const Embedding& asked, size_t dimension,
                          Vectors vectors);
// The same, of one; false: it has no direction.
bool normalise(std::vector<float>& vector);

// Of a provider that does not count: a token for three bytes, as calls are reserved.
int64_t estimated_tokens(const Embedding& asked);

// Of a provider that has no embedding models.
Error no_embeddings(const char* provider);

}  // namespace plenum::llm
