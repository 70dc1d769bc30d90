// A model's answer while it comes: written by the thread that receives it, read on the engine's.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace plenum {

// Callable from any thread.  The writer gets no further than 64 KiB ahead of the reader that is
// furthest; what has been read is kept, for readers who come later.
class Flow {
 public:
  static constexpr size_t kAhead = 64 << 10;

  // `news`: there is something to read, for the first time since the last since(); called on the
  // writer's thread.
  explicit Flow(std::function<void()> news) : news_(std::move(news)) {}

  // The writer's.  `go_on`: there is room again, called on the reader's thread after room() was
  // false.  `partial`: the value that the text is the beginning of; unset for prose.
  void begin(std::function<void()> go_on, std::function<Json(std::string_view)> partial);
  bool room();
  void append(std::string_view text);

  // The readers'.
  std::string since(size_t at);
  size_t size() const;
  Json partial() const;     // null: there is none
  void read_to(size_t at);  // the furthest of them; SIZE_MAX: nobody reads

 private:
  bool has_room() const { return read_ >= text_.size() || text_.size() - read_ < kAhead; }

  const std::function<void()> news_;
  mutable std::mutex mutex_;
  std::function<void()> go_on_;
  std::function<Json(std::string_view)> partial_;
  std::string text_;
  size_t read_ = 0;
  bool told_ = false, waits_ = false;
};

}  // namespace plenum
