// A line between threads, with an end.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

namespace plenum {

// First in, first out; bounded by items and by the bytes they hold.  Any thread.
template <typename T>
class Queue {
 public:
  Queue(size_t most, size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  // False when it is full or closed: `item` is left as it was.  A single item larger than
  // `most_bytes` is taken by an empty queue.
  bool push(T& item, size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (closed_ || items_.size() >= most_ || (bytes_ > 0 && bytes_ + bytes > most_bytes_))
      return false;
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
    filled_.notify_one();  // under the lock: who takes the item may drop the queue with it
    return true;
  }

  // Waits for an item; false when the queue is closed and empty.
  bool pop(T& item) {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return closed_ || !items_.empty(); });
    return take(item);
  }

  // An item if there is one.
  bool try_pop(T& item) {
    const std::lock_guard lock(mutex_);
    return take(item);
  }

  // Nothing more comes in; what is there can still be taken.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_all();
  }

 private:
  bool take(T& item) {
    if (items_.empty()) return false;
    item = std::move(items_.front().first);
    bytes_ -= items_.front().second;
    items_.pop_front();
    return true;
  }

  const size_t most_, most_bytes_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::pair<T, size_t>> items_;
  size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace plenum
