// Tells when something below some folders changes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace plenum::server {

class Watch {
 public:
  // Watches folders below `root`, with all that they hold; one that is not there may come later.
  // `changed` is called on a thread of its own, once for changes that come together: when it has
  // been quiet for a while, and after two seconds at the latest.  `unavailable` when the system has
  // no more watches to give.
  static Result<std::unique_ptr<Watch>> open(std::string root, std::vector<std::string> folders,
                                             std::function<void()> changed);
  virtual ~Watch() = default;  // when it returns, `changed` does not run any more
};

}  // namespace plenum::server
