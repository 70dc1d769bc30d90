// Which of the forms that an answer can have a client takes (RFC 9110, section 12.5.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/table.h"

namespace plenum::server {

// Whether `accept` names one of the types, or leaves it open.  What is no list of types is read as
// "anything": clients that write it badly mean no harm.
bool accepts(std::string_view accept, const std::vector<std::string>& types);

// What the endpoint answers with when all is well; empty: what that will be is not known before.
std::vector<std::string> types_of(const Endpoint& endpoint);

}  // namespace plenum::server
