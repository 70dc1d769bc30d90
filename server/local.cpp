#include "server/local.h"

#include <mutex>

#include "server/reply.h"

namespace plenum::server {

namespace {

// Keeps a stream until it ends; what is never answered is answered 500, as the front does.
class Local final : public front::Reply::Exchange {
 public:
  explicit Local(std::function<void(front::Response)> done) : done_(std::move(done)) {}
  ~Local() override {
    if (done_) done_(problem(Error{Kind::internal, "the request was not answered", "", {}}));
  }

  void send(front::Response response) override {
    if (const auto done = take()) done(std::move(response));
  }
  void start(front::Response head) override {
    const std::lock_guard lock(mutex_);
    stream_ = std::move(head);
  }
  bool write(std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    stream_.body += bytes;
    return done_ != nullptr;
  }
  void end() override {
    if (const auto done = take()) done(std::move(stream_));
  }
  void on_gone(std::function<void()>) override {}  // a caller in this process stays

 private:
  std::function<void(front::Response)> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(done_, nullptr);
  }

  std::mutex mutex_;
  front::Response stream_;
  std::function<void(front::Response)> done_;
};

}  // namespace

void call(Site& site, front::Request request, std::function<void(front::Response)> done) {
  handle(site, std::move(request), front::Reply(std::make_shared<Local>(std::move(done))));
}

}  // namespace plenum::server
