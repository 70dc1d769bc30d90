#include "engine/effects/flow.h"

#include <nlohmann/json.hpp>

namespace plenum {

void Flow::begin(std::function<void()> go_on, std::function<Json(std::string_view)> partial) {
  std::function<void()> now;
  {
    const std::lock_guard lock(mutex_);
    partial_ = std::move(partial);
    go_on_ = std::move(go_on);
    if (waits_ && has_room()) waits_ = false, now = go_on_;
  }
  if (now) now();
}

bool Flow::room() {
  const std::lock_guard lock(mutex_);
  waits_ = !has_room();
  return !waits_;
}

void Flow::append(std::string_view text) {
  if (text.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    text_ += text;
    if (std::exchange(told_, true)) return;
  }
  news_();
}

std::string Flow::since(size_t at) {
  const std::lock_guard lock(mutex_);
  told_ = false;
  return at < text_.size() ? text_.substr(at) : std::string();
}

size_t Flow::size() const {
  const std::lock_guard lock(mutex_);
  return text_.size();
}

Json Flow::partial() const {
  std::string text;
  std::function<Json(std::string_view)> value;
  {
    const std::lock_guard lock(mutex_);
    if (!partial_) return {};
    text = text_;
    value = partial_;
  }
  return value(text);
}

void Flow::read_to(size_t at) {
  std::function<void()> now;
  {
    const std::lock_guard lock(mutex_);
    read_ = at;
    if (waits_ && go_on_ && has_room()) waits_ = false, now = go_on_;
  }
  if (now) now();
}

}  // namespace plenum
