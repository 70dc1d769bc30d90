// Names for things: unguessable ids and digests.
#pragma once

#include <string>
#include <string_view>

namespace plenum {

// "run_", 5 lower-case letters and digits (Crockford's alphabet) that ids share which one thread
// makes after one another, and 128 random bits as 26: nobody guesses one.  From the system's random
// source; callable from any thread.
std::string new_id(std::string_view prefix);
// Whether `text` has the shape of such an id: the prefix, "_" and 31 characters; or 26, as what an
// effect makes is named, by its key.
bool is_id(std::string_view text, std::string_view prefix);

std::string sha256_hex(std::string_view bytes);  // 64 lower-case hex digits
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);  // RFC 2104
bool equal_in_constant_time(std::string_view a, std::string_view b);
std::string random_bytes(size_t n);
std::string base64(std::string_view bytes);  // RFC 4648 section 4, padded

}  // namespace plenum
