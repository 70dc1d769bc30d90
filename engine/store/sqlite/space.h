// How much room is left where the database is.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"

namespace plenum::sqlite {

class Space {
 public:
  Space() = default;  // there is always enough
  Space(std::string folder, uint64_t reserve) : folder_(std::move(folder)), reserve_(reserve) {}

  // `unavailable` (code "disk_low") when less than the reserve is free.  Asks the system each time:
  // a microsecond, beside a sync of the disk.
  Result<> enough() const;

 private:
  std::string folder_;
  uint64_t reserve_ = 0;
};

}  // namespace plenum::sqlite
