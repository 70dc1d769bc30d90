// Files' bytes, by what they contain.  Who may have them is the store's business.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "engine/base/result.h"

namespace plenum {

// Blocking calls; any thread.  A blob is immutable: it is written, synced and renamed before `put` returns.
class Blobs {
 public:
  virtual ~Blobs() = default;
  // Returns the digest (SHA-256, hex) under which the bytes are kept, scoped by app and owner: app/owner/digest.
  virtual Result<std::string> put(const std::string& app, const std::string& owner, std::string_view bytes) = 0;
  virtual Result<std::string> get(const std::string& app, const std::string& owner, const std::string& digest) = 0;
  // Whether the bytes are there in that size; `whole`: they are read and compared, too.
  virtual Result<> check(const std::string& app, const std::string& owner, const std::string& digest, int64_t size,
                         bool whole) = 0;
  // `idle`: bytes that were put within that time stay, since whoever put them may be about to record it.
  virtual Result<> remove(const std::string& app, const std::string& owner, const std::string& digest,
                          std::chrono::milliseconds idle = {}) = 0;
};

// Under `folder` on a local disk, files 0600, folders 0700.
Result<std::unique_ptr<Blobs>> open_disk_blobs(const std::string& folder);

}  // namespace plenum
