// The events of a stream become the body of a reply that came whole, and that is read like any
// other: what holds for one holds for the other.
#include "engine/llm/stream.h"

namespace plenum::llm {
namespace {

constexpr size_t kLongest = 16 << 20;
constexpr JsonLimits kEvent = {kLongest, 128, 1'000'000, kLongest, 10'000};

bool is_failure(const Json& event) {
  if (event.is_array()) return !event.empty() && is_failure(event.front());
  const Json* error = find(event, "error");
  return error && !error->is_null();
}

bool looks_like_events(std::string_view body) {
  const auto begins = [&](std::string_view word) { return body.substr(0, word.size()) == word; };
  return begins("data:") || begins("event:") || begins(":");
}

class Reading final : public Stream {
 public:
  Reading(const Peer& peer, const Provider& provider, const Call& call, std::unique_ptr<Fold> fold)
      : peer_(peer), provider_(provider), call_(call), fold_(std::move(fold)) {}

  std::string take(std::string_view bytes) override {
    std::string text;
    reader_.feed(
        bytes, [&](const std::string& type, const std::string& data) { event(type, data, text); });
    return text;
  }

  Result<Reply> end(const http::Response& response) override {
    if (!response.body.empty()) {
      if (!looks_like_events(response.body)) return provider_.read(call_, response);
      take(response.body);  // by a server that does not say so
    }
    std::string text;
    reader_.end([&](const std::string& type, const std::string& data) { event(type, data, text); });
    if (failure_) return whole(response, *failure_);
    if (unreadable_ || reader_.too_long()) return fail(unfinished(peer_, "it is not JSON"));
    if (!fold_->finished) return fail(unfinished(peer_, "it broke off"));
    return whole(response, fold_->body);
  }

 private:
  void event(const std::string& type, const std::string& data, std::string& text) {
    if (failure_ || unreadable_) return;
    if (data == "[DONE]") return fold_->done();
    Result<Json> json = parse_json(data, kEvent);
    if (!json) {
      unreadable_ = true;
    } else if (is_failure(*json)) {
      failure_ = *std::move(json);
    } else {
      fold_->add(type, *json, text);
    }
  }

  Result<Reply> whole(const http::Response& response, const Json& body) const {
    return provider_.read(call_, {200, response.headers, to_text(body)});
  }

  const Peer peer_;
  const Provider& provider_;
  const Call& call_;
  const std::unique_ptr<Fold> fold_;
  SseReader reader_;
  std::optional<Json> failure_;
  bool unreadable_ = false;
};

}  // namespace

void SseReader::feed(std::string_view bytes, const Take& take) {
  while (!bytes.empty() && !too_long_) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const size_t end = bytes.find_first_of("\r\n");
    if (end == bytes.npos) {
      rest_ += bytes;
      too_long_ = rest_.size() + data_.size() > kLongest;
      return;
    }
    after_cr_ = bytes[end] == '\r';
    if (rest_.empty()) {
      line(bytes.substr(0, end), take);
    } else {
      rest_ += bytes.substr(0, end);
      const std::string whole = std::exchange(rest_, {});
      line(whole, take);
    }
    bytes.remove_prefix(end + 1);
  }
}

void SseReader::end(const Take& take) {
  if (too_long_) return;
  const std::string last = std::exchange(rest_, {});
  if (!last.empty()) line(last, take);
  dispatch(take);
}

void SseReader::line(std::string_view text, const Take& take) {
  if (std::exchange(first_, false) && text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  if (text.empty()) return dispatch(take);
  if (text.front() == ':') return;  // a comment: keeps the line open
  if (text.front() == '{' || text.front() == '[') {
    dispatch(take);
    return take("", std::string(text));
  }
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  std::string_view value = colon == text.npos ? std::string_view() : text.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (name == "event") {
    type_ = value;
  } else if (name == "data") {
    if (std::exchange(has_data_, true)) data_ += '\n';
    data_ += value;
    too_long_ = data_.size() > kLongest;
  }
}

void SseReader::dispatch(const Take& take) {
  const std::string type = std::exchange(type_, {}), data = std::exchange(data_, {});
  if (std::exchange(has_data_, false)) take(type, data);
}

std::unique_ptr<Stream> stream_of(const Peer& peer, const Provider& provider, const Call& call,
                                  std::unique_ptr<Fold> fold) {
  return std::make_unique<Reading>(peer, provider, call, std::move(fold));
}

void append(Json& object, const char* key, const std::string& text) {
  Json& there = object[key];
  if (there.is_string())
    there.get_ref<std::string&>() += text;
  else
    there = text;
}

}  // namespace plenum::llm
