// An answer goes out in one system call when the socket takes it: head and body are gathered, not
// joined, and a body that has to wait is moved into the queue, never copied.
#include "server/front/answer.h"

#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "server/front/text.h"

namespace plenum::front {
namespace {

constexpr size_t kChunk = 16 << 10;  // smaller pieces are joined while they wait

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

void append_number(std::string& out, size_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

// "Sat, 21 Nov 2026 09:30:00 GMT", made once a second per thread.  Not by strftime(): its names
// follow the locale.
std::string_view http_date() {
  static constexpr char kDays[] = "SunMonTueWedThuFriSat";
  static constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  thread_local time_t made = 0;
  thread_local std::array<char, 64> text;
  thread_local size_t length = 0;
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != made) {
    tm t{};
    gmtime_r(&now.tv_sec, &t);
    length = static_cast<size_t>(snprintf(
        text.data(), text.size(), "%.3s, %02d %.3s %d %02d:%02d:%02d GMT", kDays + 3 * t.tm_wday,
        t.tm_mday, kMonths + 3 * t.tm_mon, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec));
    made = now.tv_sec;
  }
  return {text.data(), length};
}

bool is_ours(std::string_view name) {
  for (const std::string_view own :
       {"content-length", "transfer-encoding", "connection", "keep-alive", "date"})
    if (equal_ignoring_case(name, own)) return true;
  return false;
}

}  // namespace

bool asks_to_close(const Response& response) {
  for (const auto& [name, value] : response.headers)
    if (equal_ignoring_case(name, "connection") && equal_ignoring_case(trim(value), "close"))
      return true;
  return false;
}

void append_head(std::string& out, const Response& response, const AnswerShape& shape) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<size_t>(response.status));
  out += ' ';
  out += reason(response.status);
  out += "\r\nDate: ";
  out += http_date();
  out += "\r\n";
  for (const auto& [name, value] : response.headers) {
    if (!is_token(name) || is_ours(name)) continue;
    out += name;
    out += ": ";
    const size_t start = out.size();
    out += value;
    if (!is_field_value(value))
      std::replace_if(
          out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
          [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }, ' ');
    out += "\r\n";
  }
  if (shape.framing == BodyFraming::counted) {
    out += "Content-Length: ";
    append_number(out, shape.length);
    out += "\r\n";
  } else if (shape.framing == BodyFraming::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!shape.keep_alive)
    out += "Connection: close\r\n";
  else if (shape.http10)
    out += "Connection: keep-alive\r\n";
  out += "\r\n";
}

Outbox::State Outbox::send(int fd, std::string_view first, std::string&& last) {
  if (bytes_ > 0) {
    keep(first);
    keep(std::move(last), 0);
    return waiting;
  }
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()}, {last.data(), last.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = last.empty() ? 1 : 2;
  ssize_t sent;
  do sent = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return broken;
  size_t done = sent < 0 ? 0 : static_cast<size_t>(sent);
  if (done == first.size() + last.size()) return empty;
  if (done < first.size()) keep(first.substr(done));
  keep(std::move(last), done > first.size() ? done - first.size() : 0);
  return waiting;
}

Outbox::State Outbox::send(int fd, std::string_view first, std::string_view middle,
                           std::string_view last) {
  if (bytes_ > 0) {
    keep(first);
    keep(middle);
    keep(last);
    return waiting;
  }
  iovec parts[3] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(middle.data()), middle.size()},
                    {const_cast<char*>(last.data()), last.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 3;
  ssize_t sent;
  do sent = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return broken;
  size_t done = sent < 0 ? 0 : static_cast<size_t>(sent);
  for (const std::string_view part : {first, middle, last}) {
    keep(part.substr(std::min(done, part.size())));
    done -= std::min(done, part.size());
  }
  return bytes_ > 0 ? waiting : empty;
}

Outbox::State Outbox::resume(int fd) {
  while (bytes_ > 0) {
    iovec parts[16];
    size_t count = 0;
    for (size_t i = first_; i < chunks_.size() && count < 16; ++i, ++count) {
      const size_t skip = i == first_ ? offset_ : 0;
      parts[count] = {chunks_[i].data() + skip, chunks_[i].size() - skip};
    }
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK ? waiting : broken;
    }
    bytes_ -= static_cast<size_t>(sent);
    offset_ += static_cast<size_t>(sent);
    while (first_ < chunks_.size() && offset_ >= chunks_[first_].size()) {
      offset_ -= chunks_[first_].size();
      std::string().swap(chunks_[first_++]);
    }
    if (first_ >= 64) {  // a stream that never runs dry must not grow the list
      chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }
  clear();
  return empty;
}

void Outbox::clear() {
  std::vector<std::string>().swap(chunks_);
  first_ = offset_ = bytes_ = 0;
}

void Outbox::keep(std::string_view text) {
  if (text.empty()) return;
  bytes_ += text.size();
  if (chunks_.size() > first_ && chunks_.back().size() + text.size() <= kChunk) {
    chunks_.back().append(text);
    return;
  }
  chunks_.emplace_back().reserve(std::max(text.size(), std::min(kChunk, bytes_)));
  chunks_.back().append(text);
}

void Outbox::keep(std::string&& text, size_t offset) {
  if (text.size() - offset <= kChunk) return keep(std::string_view(text).substr(offset));
  bytes_ += text.size() - offset;
  if (chunks_.size() == first_) {
    chunks_.push_back(std::move(text));
    offset_ = offset;
    return;
  }
  if (offset > 0) text.erase(0, offset);  // not reached by send(): a part that was sent comes first
  chunks_.push_back(std::move(text));
}

}  // namespace plenum::front
