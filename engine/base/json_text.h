// JSON as text, piece by piece: `to_text` (json.h) for what is made of several values.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace plenum {

// Appends what `to_text` gives.
void append_text(std::string& out, const Json& value);
void append_text(std::string& out, const Json::object_t& members);

// A value that `append_text` and `to_text` write as the text it was made of, which must be JSON:
// for what is the same in many texts.  Nothing else may look at it.
Json verbatim(const std::string& text);

// The text of the array of these values, none of which is copied.
template <typename... T>
std::string array_text(const T&... values) {
  std::string out = "[";
  ((append_text(out, values), out += ','), ...);
  out.back() = ']';
  return out;
}

// An object's text, member by member; whole when this ends.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  ObjectText(const ObjectText&) = delete;
  ~ObjectText() { out_ += '}'; }

  // Where the member's value is to be appended.
  std::string& operator[](std::string_view plain_key) {
    if (out_.back() != '{') out_ += ',';
    ((out_ += '"') += plain_key) += "\":";
    return out_;
  }
  template <typename T>
  void put(std::string_view plain_key, const T& value) {
    append_text((*this)[plain_key], value);
  }

 private:
  std::string& out_;
};

}  // namespace plenum
