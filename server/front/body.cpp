// The body of a request: counted by Content-Length, or in chunks.
//
// Sizes are checked before any of their bytes are kept, and a chunk's framing is read to the
// letter: a line that another program might read as another size ends the connection.
#include <algorithm>

#include "engine/base/diagnostic.h"
#include "server/front/parse.h"
#include "server/front/text.h"

namespace plenum::front {
namespace {

constexpr size_t kSizeDigits = 16;
constexpr size_t kExtensionBytes = 64;
constexpr size_t kAllExtensionBytes = 16 << 10;  // of one request
constexpr size_t kTrailerBytes = 8 << 10;
constexpr size_t kFirstReserve = 64 << 10;  // a lie about the length costs no more memory than this

}  // namespace

Refusal body_too_large(const std::string& size, size_t limit) {
  return {
      413, "body_too_large",
      "the body has " + size + " bytes; at most " + std::to_string(limit) + " are accepted here"};
}

void BodyReader::start(const Framing& framing, size_t limit) {
  *this = BodyReader();
  limit_ = limit;
  if (framing.chunked) {
    state_ = chunk_size;
    return;
  }
  left_ = framing.length;
  if (left_ > limit) refusal_ = body_too_large(std::to_string(left_), limit);
  state_ = left_ == 0 ? done_state : counted;
}

size_t BodyReader::feed(std::string_view bytes, std::string& body) {
  const size_t all = bytes.size();
  while (!bytes.empty() && state_ != done_state && !refusal_) {
    std::string_view line;
    switch (state_) {
      case counted:
      case chunk_data:
        take_data(bytes, body);
        break;
      case chunk_cr:
      case chunk_lf:
        if (bytes.front() != (state_ == chunk_cr ? '\r' : '\n')) {
          refuse("a chunk is not followed by CR LF");
          break;
        }
        bytes.remove_prefix(1);
        state_ = state_ == chunk_cr ? chunk_lf : chunk_size;
        break;
      case chunk_size:
      case trailer: {
        const bool size = state_ == chunk_size;
        const size_t limit =
            size ? kSizeDigits + kExtensionBytes + 2 : kTrailerBytes - trailer_bytes_;
        switch (lines_.next(bytes, limit, line)) {
          case LineReader::more:
            break;
          case LineReader::line:
            size ? take_chunk_size(line, body.size()) : take_trailer(line);
            break;
          case LineReader::bare:
            refuse("a line of the chunked body ends in LF alone");
            break;
          case LineReader::too_long:
            refuse(size ? "a chunk's size line is too long; an extension may have 64 bytes"
                        : "the trailers are longer than 8192 bytes");
        }
        break;
      }
      case done_state:
        break;
    }
  }
  return all - bytes.size();
}

void BodyReader::take_data(std::string_view& bytes, std::string& body) {
  const size_t n = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  if (body.empty()) body.reserve(static_cast<size_t>(std::min<uint64_t>(left_, kFirstReserve)));
  body.append(bytes.substr(0, n));
  bytes.remove_prefix(n);
  left_ -= n;
  if (left_ == 0) state_ = state_ == counted ? done_state : chunk_cr;
}

void BodyReader::take_chunk_size(std::string_view line, size_t body_size) {
  size_t digits = 0;
  uint64_t size = 0;
  for (; digits < line.size() && hex_digit(line[digits]) >= 0; ++digits) {
    if (digits == kSizeDigits) return refuse("a chunk's size has more than 16 digits");
    size = size * 16 + static_cast<uint64_t>(hex_digit(line[digits]));
  }
  const std::string_view extension = line.substr(digits);
  if (digits == 0)
    return refuse("the chunk size " + plenum::quote(line) + " is not a hexadecimal number");
  if (!extension.empty() && (extension.front() != ';' || !is_field_value(extension)))
    return refuse("the chunk size " + plenum::quote(line) + " is followed by something else");
  extension_bytes_ += extension.size();
  if (extension.size() > kExtensionBytes || extension_bytes_ > kAllExtensionBytes)
    return refuse("chunk extensions may have 64 bytes each and 16384 together");
  if (size == 0) {
    state_ = trailer;
  } else if (size > limit_ - std::min(limit_, body_size)) {
    refusal_ = body_too_large("more than " + std::to_string(limit_), limit_);
  } else {
    left_ = size;
    state_ = chunk_data;
  }
}

// Trailers are checked and dropped: nothing may arrive after the body that a check before it would
// have needed.
void BodyReader::take_trailer(std::string_view line) {
  trailer_bytes_ += line.size() + 2;
  if (line.empty()) {
    state_ = done_state;
    return;
  }
  const auto field = split_field(line);
  if (!field) return refuse(field.error().message);
  for (const std::string_view framing : {"content-length", "transfer-encoding", "host"})
    if (equal_ignoring_case(field->first, framing))
      refuse("the trailer " + plenum::quote(field->first) + " belongs into the head");
}

void BodyReader::refuse(std::string message, int status, const char* code) {
  refusal_ = Refusal{status, code, std::move(message)};
}

}  // namespace plenum::front
