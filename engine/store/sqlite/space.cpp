#include "engine/store/sqlite/space.h"

#include <sys/statvfs.h>

namespace plenum::sqlite {

Result<> Space::enough() const {
  struct statvfs disk = {};
  if (reserve_ == 0 || statvfs(folder_.c_str(), &disk) != 0) return {};
  const uint64_t free = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (free >= reserve_) return {};
  Error error{Kind::unavailable,
              "the data's disk is almost full (" + std::to_string(free >> 20) + " MB free, " +
                  std::to_string(reserve_ >> 20) +
                  " MB are kept for finishing what was accepted): free some space",
              "disk_low",
              {}};
  error.retry_after = std::chrono::seconds(5);
  return fail(std::move(error));
}

}  // namespace plenum::sqlite
