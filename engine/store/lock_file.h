// One process per data file.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace plenum {

// Holds an exclusive advisory lock on a file of its own beside the data, as long as the value
// lives.  The kernel drops it when the process ends, however it ends.  Local file systems only.
class LockFile {
 public:
  // `conflict` with the holder's process id when another one (or another store of this process) has
  // it.
  static Result<LockFile> take(const std::string& path);
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace plenum
