// Answers are given and requests sent without the lock, so that either may happen at once.
#include "server/auth/key_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/json.h"

namespace plenum::server::auth {

namespace {

constexpr milliseconds kPatience{5'000};
constexpr size_t kLargest = 1 << 20;
constexpr const char* kDiscovery = "/.well-known/openid-configuration";

// Scheme, host and port.
std::string_view place(std::string_view url) {
  const size_t host = url.find("://");
  return host == url.npos ? std::string_view() : url.substr(0, url.find_first_of("/?#", host + 3));
}

// How long an answer may be kept.
Millis fresh_for(const http::Response& response) {
  const std::string* header = response.header("cache-control");
  if (!header) return KeySource::kFresh;
  const size_t at = header->find("max-age=");
  if (at == std::string::npos) return KeySource::kFresh;
  Millis seconds = 0;
  const char* begin = header->data() + at + 8;
  const auto [end, error] = std::from_chars(begin, header->data() + header->size(), seconds);
  if (error == std::errc::result_out_of_range) return KeySource::kMostFresh;
  if (error != std::errc()) return KeySource::kFresh;
  return std::clamp(std::min(seconds, KeySource::kMostFresh) * 1000, KeySource::kLeastFresh,
                    KeySource::kMostFresh);
}

}  // namespace

KeySource::KeySource(Issuer issuer, World world)
    : issuer_(std::move(issuer)), world_(std::move(world)) {}

void KeySource::keys(const std::optional<std::string>& id, Then then) {
  const Millis now = world_.clock->monotonic();
  std::optional<Fetch> fetch;
  Result<Keys> known = unavailable();
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    fetch = begin_unless_known(id, now);
    const bool usable = keys_ && now < fresh_until_ + kMostStale;
    const bool enough = usable && (!id || keys_->has(*id));
    waits = !enough && (fetch || fetching_) && waiting_.size() < kMostWaiting;
    if (waits) waiting_.push_back(then);
    if (usable) known = keys_;
  }
  start(std::move(fetch));
  if (!waits) then(std::move(known));
}

void KeySource::warm() {
  std::optional<Fetch> fetch;
  {
    const std::lock_guard lock(mutex_);
    if (!keys_) fetch = begin();
  }
  start(std::move(fetch));
}

bool KeySource::may_try(Millis now) const {
  return !fetching_ && (!failed_at_ || now - *failed_at_ >= kAfterFailure);
}

std::optional<KeySource::Fetch> KeySource::begin() {
  if (fetching_) return std::nullopt;
  fetching_ = true;
  const std::string& url = issuer_.keys_url.empty() ? keys_url_ : issuer_.keys_url;
  return Fetch{issuer_.keys_url.empty(), url, keys_ ? etag_ : ""};
}

std::optional<KeySource::Fetch> KeySource::begin_unless_known(const std::optional<std::string>& id,
                                                              Millis now) {
  if (!may_try(now)) return std::nullopt;
  if (!keys_ || now >= fresh_until_) return begin();
  if (!id || keys_->has(*id)) return std::nullopt;
  if (unknown_at_ && now - *unknown_at_ < kBetweenUnknown) return std::nullopt;
  unknown_at_ = now;
  return begin();
}

void KeySource::start(std::optional<Fetch> fetch) {
  if (!fetch) return;
  if (fetch->keys_url.empty()) return discover(*std::move(fetch));
  get_keys(*fetch);
}

void KeySource::get(const std::string& url, const std::string& etag, Got got) {
  http::Request request;
  request.method = "GET";
  request.url = url;
  request.headers = {{"Accept", "application/json, application/jwk-set+json"}};
  if (!etag.empty()) request.headers.emplace_back("If-None-Match", etag);
  request.timeout = kPatience;
  request.max_response_bytes = kLargest;
  // What the operator wrote may be anywhere, also on this machine; what the issuer names may not,
  // unless it is the same place.
  request.trusted_destination = place(url) == place(issuer_.url) || url == issuer_.keys_url;
  world_.send(std::move(request),
              [weak = weak_from_this(), got = std::move(got)](Result<http::Response> response) {
                const std::shared_ptr<KeySource> self = weak.lock();
                if (!self) return;
                if (!response) return self->failed(response.error().message);
                if (response->status != 200 && response->status != 304)
                  return self->failed("it answered " + std::to_string(response->status));
                got(*response);
              });
}

void KeySource::discover(Fetch fetch) {
  const std::string base = issuer_.url.substr(0, issuer_.url.find_last_not_of('/') + 1);
  get(base + kDiscovery, "", [this, fetch](const http::Response& response) mutable {
    const Result<Json> document = parse_json(response.body);
    if (!document) return failed("its configuration is no JSON: " + document.error().message);
    if (text_or(*document, "issuer") != issuer_.url)
      return failed("its configuration is that of " + quote(text_or(*document, "issuer")));
    fetch.keys_url = text_or(*document, "jwks_uri");
    if (place(fetch.keys_url) != place(issuer_.url) && !fetch.keys_url.starts_with("https://"))
      return failed("its `jwks_uri` is " + quote(fetch.keys_url) + ", which is not https://");
    get_keys(fetch);
  });
}

void KeySource::get_keys(const Fetch& fetch) {
  get(fetch.keys_url, fetch.etag,
      [this, fetch](const http::Response& response) { read_keys(fetch, response); });
}

void KeySource::read_keys(const Fetch& fetch, const http::Response& response) {
  if (response.status == 304 && !fetch.etag.empty()) return keep(response, nullptr, fetch.keys_url);
  Result<KeySet> keys = KeySet::read(response.body);
  if (!keys) return failed("its key set cannot be used: " + keys.error().message);
  keep(response, std::make_shared<const KeySet>(*std::move(keys)), fetch.keys_url);
}

// Null: the keys that are there are still the issuer's.
void KeySource::keep(const http::Response& response, Keys keys, const std::string& keys_url) {
  const Millis now = world_.clock->monotonic();
  std::vector<Then> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (keys) {
      keys_ = std::move(keys);
      const std::string* etag = response.header("etag");
      etag_ = etag ? *etag : "";
    }
    keys_url_ = keys_url;
    fresh_until_ = now + fresh_for(response);
    failed_at_.reset();
    fetching_ = false;
    waiting.swap(waiting_);
  }
  answer(std::move(waiting));
}

void KeySource::failed(const std::string& why) {
  const Millis now = world_.clock->monotonic();
  std::vector<Then> waiting;
  bool have = false;
  {
    const std::lock_guard lock(mutex_);
    keys_url_.clear();  // looked up again next time
    failed_at_ = now;
    fetching_ = false;
    have = keys_ && now < fresh_until_ + kMostStale;
    waiting.swap(waiting_);
  }
  spdlog::warn("sign-in {}: the keys of {} cannot be fetched: {}; {}", issuer_.name, issuer_.url,
               why, have ? "the old ones are used" : "nobody can sign in by it");
  answer(std::move(waiting));
}

void KeySource::answer(std::vector<Then> waiting) {
  Result<Keys> known = unavailable();
  {
    const std::lock_guard lock(mutex_);
    if (keys_ && world_.clock->monotonic() < fresh_until_ + kMostStale) known = keys_;
  }
  for (const Then& then : waiting) then(known);
}

tl::unexpected<Error> KeySource::unavailable() const {
  Error error{Kind::unavailable,
              "sign-in is not possible at the moment; try again soon",
              "sign_in_unavailable",
              {}};
  error.retry_after = milliseconds(kAfterFailure);
  return tl::unexpected(std::move(error));
}

}  // namespace plenum::server::auth
