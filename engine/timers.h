// Wakes functions at a time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "engine/base/clock.h"

namespace plenum {

// Times are the wall clock's, but the wait is monotonic: a jump of the wall clock fires nothing
// early.  One thread only, that of `io`, where the functions run, too.
class Timers {
 public:
  Timers(boost::asio::io_context& io, const Clock& clock) : timer_(io), clock_(clock) {}
  uint64_t at(Millis due, std::function<void()> wake);  // an id for cancel()
  void cancel(uint64_t id);                             // unknown and fired ids are ignored

 private:
  void arm();
  void fire();
  boost::asio::steady_timer timer_;
  const Clock& clock_;
  uint64_t last_ = 0;
  std::map<std::pair<Millis, uint64_t>, std::function<void()>> due_;  // by monotonic time
  std::unordered_map<uint64_t, Millis> times_;
  std::shared_ptr<Timers*> self_ = std::make_shared<Timers*>(this);  // for what may outlive it
};

}  // namespace plenum
