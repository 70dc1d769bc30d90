#include "server/auth/sign_in.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/base/blocked_signals.h"
#include "server/auth/jwt.h"

namespace plenum::server::auth {

namespace {

// Does one thing after the other, so that the curl thread, which answers fetches, goes on.
class Line {
 public:
  Line() {
    const BlockedSignals blocked;
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "sign-in");
  }
  ~Line() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void post(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
    }
    changed_.notify_all();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || !work_.empty(); });
      if (work_.empty()) return;
      const std::function<void()> work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool ending_ = false;
  std::thread thread_;
};

// The world of a server.  At its end the client answers what is under way, and what follows from
// that finds none.
class Outside {
 public:
  ~Outside() {
    std::unique_ptr<http::Client> last;
    {
      const std::lock_guard lock(mutex_);
      last.swap(client_);
    }
  }

  void send(http::Request request, http::Done done) {
    const std::lock_guard lock(mutex_);
    const auto answer = [this, done = std::move(done)](Result<http::Response> response) {
      line_.post([done, response = std::move(response)]() mutable { done(std::move(response)); });
    };
    if (!client_) return answer(fail(Kind::unavailable, "the server is shutting down"));
    client_->send(std::move(request), answer);
  }

 private:
  std::mutex mutex_;
  Line line_;
  std::unique_ptr<http::Client> client_ = std::make_unique<http::Client>();
};

Result<Subject> subject_of(const Jwt& jwt, const Issuer& issuer, Millis now,
                           const Result<KeySource::Keys>& keys) {
  if (!keys) return fail(keys.error());
  const Key* key = (*keys)->find(jwt.key_id ? &*jwt.key_id : nullptr, jwt.algorithm);
  if (!key) return refused("no key of that id");
  if (!signed_by(*key, jwt.signed_part, jwt.signature)) return refused("a wrong signature");
  TRY(check_claims(jwt, issuer, now));
  Subject subject{issuer.url, text_or(jwt.claims, "sub"), {}, {}};
  subject.roles = words(find_claim(jwt.claims, issuer.roles_claim));
  const std::vector<std::string> plan = words(find_claim(jwt.claims, issuer.plan_claim));
  if (plan.size() == 1) subject.plan = plan.front();
  return subject;
}

class KeyedSignIn final : public SignIn {
 public:
  KeyedSignIn(Issuers issuers, World world, std::unique_ptr<Outside> outside)
      : issuers_(std::move(issuers)), world_(std::move(world)), outside_(std::move(outside)) {
    add_sources(issuers_.any);
    for (const auto& [app, own] : issuers_.of_app) add_sources(own);
  }
  ~KeyedSignIn() override { outside_.reset(); }

  bool serves(const std::string& app) const override { return !issuers_.of(app).empty(); }
  const std::vector<Issuer>& issuers(const std::string& app) const override {
    return issuers_.of(app);
  }

  void judge(const std::string& app, const std::string& token, Done done) override {
    const Result<Jwt> jwt = Jwt::read(token);
    if (!jwt) return answer(done, fail(jwt.error()));
    const Issuer* issuer = issuer_of(app, *jwt);
    if (!issuer) return answer(done, refused("another issuer"));
    if (const Result<> header = check_header(*jwt, *issuer); !header)
      return answer(done, fail(header.error()));
    source_of(*issuer)->keys(jwt->key_id, [this, jwt = *jwt, issuer,
                                           done = std::move(done)](Result<KeySource::Keys> keys) {
      answer(done, subject_of(jwt, *issuer, world_.clock->now(), keys));
    });
  }

  void warm() override {
    for (const auto& [place, source] : sources_) source->warm();
  }

 private:
  // What a token says of itself chooses among what the operator configured, and nothing else.
  const Issuer* issuer_of(const std::string& app, const Jwt& jwt) const {
    for (const Issuer& issuer : issuers_.of(app))
      if (issuer.url == jwt.issuer) return &issuer;
    return nullptr;
  }

  static std::string place_of(const Issuer& issuer) { return issuer.url + " " + issuer.keys_url; }

  void add_sources(const std::vector<Issuer>& issuers) {
    for (const Issuer& issuer : issuers) {
      std::shared_ptr<KeySource>& source = sources_[place_of(issuer)];
      if (!source) source = std::make_shared<KeySource>(issuer, world_);
    }
  }
  const std::shared_ptr<KeySource>& source_of(const Issuer& issuer) const {
    return sources_.at(place_of(issuer));
  }

  static void answer(const Done& done, Result<Subject> subject) {
    if (!subject && subject.error().kind == Kind::denied)
      spdlog::debug("a token was refused: {}", subject.error().trail);
    done(std::move(subject));
  }

  const Issuers issuers_;
  const World world_;
  std::map<std::string, std::shared_ptr<KeySource>> sources_;
  std::unique_ptr<Outside> outside_;  // null: somebody else's
};

}  // namespace

std::unique_ptr<SignIn> SignIn::open(Issuers issuers, World world) {
  return std::make_unique<KeyedSignIn>(std::move(issuers), std::move(world), nullptr);
}

std::unique_ptr<SignIn> SignIn::open(Issuers issuers, const Clock& clock) {
  auto outside = std::make_unique<Outside>();
  World world{&clock, [own = outside.get()](http::Request request, http::Done done) {
                own->send(std::move(request), std::move(done));
              }};
  return std::make_unique<KeyedSignIn>(std::move(issuers), std::move(world), std::move(outside));
}

}  // namespace plenum::server::auth
