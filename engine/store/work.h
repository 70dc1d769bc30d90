// An operation on its way: asked for on one thread, done on another, answered on a third.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "engine/store/store.h"

namespace plenum {

// `Context` is what the thread that does it works on: a connection.
template <typename Context>
class Work {
 public:
  virtual ~Work() = default;
  virtual bool perform(
      Context& context) = 0;  // false: it failed, and what it wrote is to be undone
  virtual void refuse(
      const Error& error) = 0;  // instead of performing, or after that came to nothing
  virtual void answer() = 0;    // once, after one of the two

  const char* name = "";  // of the transaction, for failpoints
};

template <typename Context, typename T, typename Act>
class WorkOf final : public Work<Context> {
 public:
  WorkOf(Act act, Done<T> done) : act_(std::move(act)), done_(std::move(done)) {}

  bool perform(Context& context) override {
    try {
      result_ = act_(context);
    } catch (const std::exception& bug) {
      result_ = fail(Kind::internal, std::string("the store failed: ") + bug.what());
    }
    return result_->has_value();
  }
  void refuse(const Error& error) override { result_ = tl::unexpected<Error>(error); }
  void answer() override {
    if (done_) done_(*std::move(result_));
  }

 private:
  Act act_;
  Done<T> done_;
  std::optional<Result<T>> result_;
};

template <typename Context, typename T, typename Act>
std::unique_ptr<Work<Context>> work(Done<T> done, Act act) {
  return std::make_unique<WorkOf<Context, T, Act>>(std::move(act), std::move(done));
}

}  // namespace plenum
