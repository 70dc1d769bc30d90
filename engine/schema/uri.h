// Resolving references (RFC 3986 section 5), also between relative paths.
#pragma once

#include <string>
#include <string_view>

namespace plenum::schema {

// What `reference` means in the document `base`, without a fragment: ("a/b.json", "../c.json#x") is
// "c.json".  A relative path that climbs above its start keeps its "../".
std::string resolve_uri(std::string_view base, std::string_view reference);

// Behind '#', with %XX decoded; empty when there is none.
std::string fragment_of(std::string_view reference);

}  // namespace plenum::schema
