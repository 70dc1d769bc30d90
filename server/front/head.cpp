// The head of a request, line by line.
//
// A request that two programs can read in two ways is how requests are smuggled, so whatever the
// grammar does not plainly allow is refused and the connection ends there; nothing is repaired.
#include "engine/base/diagnostic.h"
#include "server/front/parse.h"
#include "server/front/text.h"

namespace plenum::front {
namespace {

constexpr size_t kMethodBytes = 32;
constexpr size_t kRequestLineExtra =
    kMethodBytes + 32;  // what stands beside the target, generously

// A name, a bracketed address or neither of both, and a port.
bool is_host(std::string_view host) {
  if (host.empty()) return false;
  const size_t colon = host.rfind(':');
  const bool bracketed = host.front() == '[';
  if (colon != std::string_view::npos && !(bracketed && host.back() == ']')) {
    const std::string_view port = host.substr(colon + 1);
    if (port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    host = host.substr(0, colon);
  }
  if (bracketed) {
    return host.size() > 2 && host.back() == ']' &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
               std::string_view::npos;
  }
  for (const char c : host)
    if (!kTokenLower[static_cast<uint8_t>(c)] || c == '#' || c == '^' || c == '`' || c == '|')
      return false;
  return !host.empty();
}

bool has_item(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (equal_ignoring_case(trim(list.substr(0, comma)), wanted)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

const std::string* Head::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return &value;
  return nullptr;
}

const std::string* Head::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return &value;
  return nullptr;
}

LineReader::Outcome LineReader::next(std::string_view& bytes, size_t limit, std::string_view& out) {
  if (returned_) pending_.clear();
  returned_ = false;
  const size_t room = limit > pending_.size() ? limit - pending_.size() : 0;
  const size_t end = bytes.substr(0, room).find('\n');
  if (end == std::string_view::npos) {
    if (bytes.size() >= room) return too_long;
    pending_.append(bytes);
    bytes = {};
    return more;
  }
  if (pending_.empty()) {
    out = bytes.substr(0, end + 1);
  } else {
    out = pending_.append(bytes.substr(0, end + 1));
    returned_ = true;
  }
  bytes.remove_prefix(end + 1);
  if (out.size() < 2 || out[out.size() - 2] != '\r') return bare;
  out.remove_suffix(2);
  return line;
}

Result<std::pair<std::string_view, std::string_view>> split_field(std::string_view line) {
  const auto bad = [](std::string message) {
    return fail(Kind::invalid, std::move(message), "malformed_request");
  };
  if (line.front() == ' ' || line.front() == '\t')
    return bad("a header line begins with a space; folded headers are not accepted");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos)
    return bad("the header line " + plenum::quote(line) + " has no colon; write `name: value`");
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name))
    return bad("the header name " + plenum::quote(name) +
               " has a space or another character that a name may not have");
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_field_value(value))
    return bad("the header " + plenum::quote(name) + " has a control character in its value");
  return std::pair(name, value);
}

size_t HeadParser::feed(std::string_view bytes) {
  const size_t all = bytes.size();
  started_ = started_ || !bytes.empty();
  while (!bytes.empty() && !done_ && !refusal_) {
    const size_t limit = in_fields_ ? options_.header_bytes - field_bytes_
                                    : options_.target_bytes + kRequestLineExtra;
    std::string_view line;
    switch (lines_.next(bytes, limit, line)) {
      case LineReader::more:
        break;
      case LineReader::line:
        take(line);
        break;
      case LineReader::bare:
        refuse(400, "malformed_request", "a line of the head ends in LF alone; lines end in CR LF");
        break;
      case LineReader::too_long:
        if (in_fields_)
          refuse(431, "headers_too_large",
                 "the headers are longer than " + std::to_string(options_.header_bytes) + " bytes");
        else
          refuse(414, "target_too_long",
                 "the request line is too long; its target may have " +
                     std::to_string(options_.target_bytes) + " bytes");
    }
  }
  return all - bytes.size();
}

void HeadParser::reset() {
  head_ = Head();
  framing_ = Framing();
  started_ = in_fields_ = done_ = false;
  blank_lines_ = 0;
  field_bytes_ = 0;
}

void HeadParser::take(std::string_view line) {
  if (in_fields_) {
    field_bytes_ += line.size() + 2;
    return line.empty() ? finish() : take_field(line);
  }
  if (!line.empty()) return take_request_line(line);
  if (++blank_lines_ > 2)  // RFC 9112 section 2.2: one or so may follow an old client's body
    refuse(400, "malformed_request", "empty lines stand where a request line should");
}

void HeadParser::take_request_line(std::string_view line) {
  const auto bad = [this](std::string message) {
    refuse(400, "malformed_request", std::move(message));
  };
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return bad("the request line " + plenum::quote(line) + " is not `METHOD target HTTP/1.1`");
  const std::string_view method = line.substr(0, first), version = line.substr(last + 1);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(method) || method.size() > kMethodBytes)
    return bad("the method " + plenum::quote(method) + " is not a word of at most 32 letters");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return bad("the version " + plenum::quote(version) + " is not served; use HTTP/1.1");
  if (target.size() > options_.target_bytes)
    return refuse(414, "target_too_long",
                  "the target has " + std::to_string(target.size()) + " bytes; at most " +
                      std::to_string(options_.target_bytes) + " are accepted");
  for (const char c : target)
    if (static_cast<uint8_t>(c) <= 0x20 || static_cast<uint8_t>(c) >= 0x7f || c == '#')
      return bad("the target " + plenum::quote(target) +
                 " has a character that must be percent-encoded");
  head_.method = method;
  head_.target = target;
  head_.headers.reserve(8);
  framing_.http10 = version == "HTTP/1.0";
  head_.keep_alive = !framing_.http10;
  in_fields_ = true;
}

void HeadParser::take_field(std::string_view line) {
  const auto field = split_field(line);
  if (!field) return refuse(400, "malformed_request", field.error().message);
  if (head_.headers.size() >= options_.header_count)
    return refuse(431, "headers_too_large",
                  "there are more than " + std::to_string(options_.header_count) + " headers");
  auto& [name, value] = head_.headers.emplace_back();
  name.resize(field->first.size());
  for (size_t i = 0; i < name.size(); ++i)
    name[i] = kTokenLower[static_cast<uint8_t>(field->first[i])];
  value = field->second;
}

void HeadParser::finish() {
  finish_framing();
  if (refusal_) return;
  finish_connection();
  if (refusal_) return;
  if (auto wrong = parse_target(head_.header("host"), head_))
    refusal_ = std::move(wrong);
  else
    done_ = true;
}

// How long the body is: RFC 9112 section 6, without its leniencies.
void HeadParser::finish_framing() {
  const auto bad = [this](const char* message) { refuse(400, "malformed_request", message); };
  const std::string *length = nullptr, *coding = nullptr;
  for (const auto& [name, value] : head_.headers) {
    if (name == "content-length") {
      if (length) return bad("Content-Length is given more than once");
      length = &value;
    } else if (name == "transfer-encoding") {
      if (coding) return bad("Transfer-Encoding is given more than once");
      coding = &value;
    }
  }
  if (length && coding) return bad("Content-Length and Transfer-Encoding exclude each other");
  if (coding) {
    if (framing_.http10) return bad("HTTP/1.0 has no Transfer-Encoding; use HTTP/1.1");
    if (!equal_ignoring_case(*coding, "chunked"))
      return bad("the only Transfer-Encoding served is exactly `chunked`");
    framing_.chunked = true;
  } else if (length) {
    if (length->empty() || length->size() > 19 ||
        length->find_first_not_of("0123456789") != std::string::npos)
      return bad("Content-Length is not a number of 1 to 19 digits");
    for (const char digit : *length)
      framing_.length = framing_.length * 10 + static_cast<uint64_t>(digit - '0');
  }
}

void HeadParser::finish_connection() {
  int hosts = 0;
  bool close = false, keep = false;
  for (const auto& [name, value] : head_.headers) {
    if (name == "host") {
      ++hosts;
      if (!is_host(value))
        return refuse(400, "malformed_request",
                      "the Host " + plenum::quote(value) + " is not a host");
    } else if (name == "connection") {
      close = close || has_item(value, "close");
      keep = keep || has_item(value, "keep-alive");
    } else if (name == "expect" && !framing_.http10) {
      if (!equal_ignoring_case(value, "100-continue"))
        return refuse(417, "expectation_failed",
                      "the only expectation served is 100-continue, not " + plenum::quote(value));
      framing_.expects_continue = true;
    }
  }
  if (hosts > 1) return refuse(400, "malformed_request", "Host is given more than once");
  if (hosts == 0 && !framing_.http10)
    return refuse(400, "malformed_request", "Host is missing; HTTP/1.1 requires it");
  head_.keep_alive = !close && (keep || !framing_.http10);
}

void HeadParser::refuse(int status, const char* code, std::string message) {
  refusal_ = Refusal{status, code, std::move(message)};
}

}  // namespace plenum::front
