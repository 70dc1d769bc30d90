#include "engine/timers.h"

#include <boost/asio/post.hpp>

namespace plenum {

uint64_t Timers::at(Millis due, std::function<void()> wake) {
  const Millis when = clock_.monotonic() + std::max<Millis>(0, due - clock_.now());
  const uint64_t id = ++last_;
  due_.emplace(std::pair(when, id), std::move(wake));
  times_.emplace(id, when);
  if (due_.begin()->first.second == id) arm();
  return id;
}

void Timers::cancel(uint64_t id) {
  const auto it = times_.find(id);
  if (it == times_.end()) return;
  due_.erase({it->second, id});
  times_.erase(it);
}

void Timers::arm() {
  if (due_.empty()) return;
  const auto wake = [io = timer_.get_executor(), weak = std::weak_ptr(self_)] {
    boost::asio::post(io, [weak] {
      if (const auto self = weak.lock()) (*self)->fire();
    });
  };
  if (clock_.wake_at(due_.begin()->first.first, wake)) return;
  timer_.expires_after(std::chrono::milliseconds(
      std::max<Millis>(0, due_.begin()->first.first - clock_.monotonic())));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) fire();
  });
}

void Timers::fire() {
  while (!due_.empty() && due_.begin()->first.first <= clock_.monotonic()) {
    auto node = due_.extract(due_.begin());
    times_.erase(node.key().second);
    node.mapped()();
  }
  arm();
}

}  // namespace plenum
