// The text of prices.json: what models cost, with its date.  A file, not code, so that whoever changes
// a price changes nothing else.
#pragma once

namespace plenum::app {

extern const char* const kPricesJson;

}  // namespace plenum::app
