// Help for words that are no keyword, type or format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace plenum::schema {

uint8_t type_bit(std::string_view name);  // 0: no type
std::string type_help(const std::string& wrong);
std::string keyword_help(const std::string& wrong);

}  // namespace plenum::schema
