// The key set of one issuer: fetched, kept, fetched again.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/effects/http/client.h"
#include "server/auth/issuer.h"
#include "server/auth/key_set.h"

namespace plenum::server::auth {

// What is outside: a clock, and somebody who sends requests and answers each once, on any thread.
struct World {
  const Clock* clock = nullptr;
  std::function<void(http::Request, http::Done)> send;
};

// Keys are kept as long as the issuer says, 5 minutes to 24 hours, an hour when it says nothing;
// then they are fetched anew while the old ones go on being used, for 24 hours at most.  Whatever
// callers do, an issuer is asked seldom: one fetch at a time, none within ten seconds of one that
// failed, and for key ids that nobody knows one in five minutes.  Any thread.
class KeySource : public std::enable_shared_from_this<KeySource> {
 public:
  static constexpr Millis kLeastFresh = 5 * 60'000, kMostFresh = 24 * 3'600'000LL;
  static constexpr Millis kFresh = 3'600'000, kMostStale = 24 * 3'600'000LL;
  static constexpr Millis kAfterFailure = 10'000, kBetweenUnknown = 5 * 60'000;
  static constexpr size_t kMostWaiting = 4'096;

  using Keys = std::shared_ptr<const KeySet>;
  using Then = std::function<void(Result<Keys>)>;

  KeySource(Issuer issuer, World world);

  // Calls `then` once: now with keys that are there, or when the fetch ends that it takes.  With a
  // key id that is not among them the keys may be newer ones, and lack it still.  `unavailable`
  // (code "sign_in_unavailable") when there are none, or too many requests wait.
  void keys(const std::optional<std::string>& id, Then then);
  // Fetches them unless they are there: at start-up, before somebody waits for them.
  void warm();

 private:
  struct Fetch {  // of one try
    bool discovered = false;
    std::string keys_url, etag;
  };
  using Got = std::function<void(const http::Response&)>;

  // With mutex_ held: whether there is a use in trying, and what is done when there is.
  bool may_try(Millis now) const;
  std::optional<Fetch> begin();
  std::optional<Fetch> begin_unless_known(const std::optional<std::string>& id, Millis now);

  void start(std::optional<Fetch> fetch);
  void discover(Fetch fetch);
  void get_keys(const Fetch& fetch);
  void get(const std::string& url, const std::string& etag, Got got);
  void read_keys(const Fetch& fetch, const http::Response& response);
  void keep(const http::Response& response, Keys keys, const std::string& keys_url);
  void failed(const std::string& why);
  void answer(std::vector<Then> waiting);
  tl::unexpected<Error> unavailable() const;

  const Issuer issuer_;
  const World world_;
  mutable std::mutex mutex_;
  Keys keys_;                                // null: never fetched
  Millis fresh_until_ = 0;  // monotonic, as all times here
  std::string keys_url_, etag_;
  std::optional<Millis> failed_at_, unknown_at_;
  bool fetching_ = false;
  std::vector<Then> waiting_;
};

}  // namespace plenum::server::auth
