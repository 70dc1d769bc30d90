// How many retries one app may still make at one peer (specification section 5).
#pragma once

#include <algorithm>

namespace plenum::peers {

// A token bucket: a retry takes one, a good call brings a tenth of one.  So in the long run at most
// one call in ten is a retry, however many runs want theirs at the same time.
class RetryBudget {
 public:
  explicit RetryBudget(int capacity = 20) : most_(capacity * kTenths), left_(most_) {}

  bool take() {
    if (left_ < kTenths) return false;
    left_ -= kTenths;
    return true;
  }
  void earn() { left_ = std::min(most_, left_ + 1); }
  bool full() const { return left_ == most_; }

 private:
  static constexpr int kTenths = 10;
  int most_, left_;  // in tenths
};

}  // namespace plenum::peers
