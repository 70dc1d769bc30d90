// Replies that come as server-sent events: cut into events here, put together by each provider.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/llm/wire.h"

namespace plenum::llm {

// Cuts bytes into events as the WHATWG standard does; pure.  Beyond it, a line that is a bare JSON
// value is an event, too: Gemini tells of a failure that way.
class SseReader {
 public:
  using Take = std::function<void(const std::string& type, const std::string& data)>;

  void feed(std::string_view bytes, const Take& take);
  // The end of the stream: an event that only lacks its empty line counts.
  void end(const Take& take);
  // A line, or an event, of more than 16 MiB: nothing is read any more.
  bool too_long() const { return too_long_; }

 private:
  void line(std::string_view text, const Take& take);
  void dispatch(const Take& take);

  std::string rest_;  // of a line that has not ended
  std::string type_, data_;
  bool has_data_ = false, after_cr_ = false, first_ = true, too_long_ = false;
};

// One provider's events, put together to the body of a reply that came whole.
class Fold {
 public:
  virtual ~Fold() = default;
  // What the event adds to the answer's text is appended to `text`.
  virtual void add(const std::string& type, const Json& data, std::string& text) = 0;
  // The stream's end mark without data, "[DONE]".
  virtual void done() {}

  Json body = Json::object();
  bool finished = false;  // the end mark has come: what is missing now is not missing
};

// Reads the whole with `provider`, which, like `call`, outlives it.
std::unique_ptr<Stream> stream_of(const Peer& peer, const Provider& provider, const Call& call,
                                  std::unique_ptr<Fold> fold);

// Appends to a member that is a string, or makes it one.
void append(Json& object, const char* key, const std::string& text);

// The beginning of a JSON object or array, closed: strings in it may be half, numbers and words are
// whole.  "": there is no value yet.
std::string closed_prefix(std::string_view text);
// The value of it; null: none.
Json partial_value(std::string_view text);

}  // namespace plenum::llm
