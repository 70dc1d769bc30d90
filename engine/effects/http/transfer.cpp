// One call on one curl handle.
//
// Everything a peer can do to us is bounded here: where we connect (the resolved address is judged,
// on every socket and again before every request, because a kept connection opens no socket), how
// long, how much, and how slowly.  What curl would do beyond the request itself (proxies,
// redirects, cookies, .netrc) is switched off by name.
#include "engine/effects/http/transfer.h"

#include <strings.h>
#include <unistd.h>

#include "engine/effects/http/address.h"

namespace plenum::http {
namespace {

bool has_prefix(std::string_view text, std::string_view lower_case_prefix) {
  return text.size() >= lower_case_prefix.size() &&
         strncasecmp(text.data(), lower_case_prefix.data(), lower_case_prefix.size()) == 0;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || kMarks.find(c) != kMarks.npos;
  });
}

std::string quoted_host(std::string_view url) {
  std::string_view host = origin(url);
  host.remove_prefix(std::min(host.size(), host.find("://") + 3));
  return "`" + std::string(host.substr(0, 200)) + "`";
}

std::string printable(const char* text) {
  std::string out = text;
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

}  // namespace

std::string_view origin(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t start = scheme == url.npos ? 0 : scheme + 3;
  std::string_view all = url.substr(0, std::min(url.size(), url.find_first_of("/?#", start)));
  return all;
}

Result<> check(const Request& request) {
  const bool https = has_prefix(request.url, "https://");
  if (!https && !has_prefix(request.url, "http://"))
    return fail(Kind::invalid, "the URL has no scheme we speak; it must begin with https://");
  if (!https && !request.trusted_destination)
    return fail(Kind::denied,
                quoted_host(request.url) + " is called with http://; only https:// is allowed here",
                "address_denied");
  if (has_control(request.url) || request.url.find(' ') != std::string::npos)
    return fail(Kind::invalid, "the URL holds a space or a control character; encode it as %XX");
  if (origin(request.url).back() == '/') return fail(Kind::invalid, "the URL names no host");
  if (origin(request.url).find('@') != std::string_view::npos)
    return fail(Kind::invalid, "the URL holds a user name or password; send them in a header");
  if (!is_token(request.method))
    return fail(Kind::invalid, "the method is not a word such as GET or POST");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name))
      return fail(Kind::invalid, "a header's name holds a character that is not allowed in one");
    if (has_control(value))
      return fail(Kind::invalid,
                  "header `" + name + "` holds a line break or another control character");
  }
  return {};
}

Transfer::Transfer(const Client::Options& options)
    : easy_(curl_easy_init()), stalled_(options.stalled) {
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy_, option, value); };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // else a slow name lookup that is given up blocks every other call
  set(CURLOPT_BUFFERSIZE, 4096L);  // a call that waits holds it: four times as much by default
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_NOPROGRESS, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_PREREQFUNCTION, &Transfer::on_request);
  set(CURLOPT_PREREQDATA, this);
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

void Transfer::prepare(uint64_t id, Request request, Done done, void* peer) {
  id_ = id;
  peer_ = peer;
  request_ = std::move(request);
  done_ = std::move(done);
  response_ = {};
  sent_ = 0;
  address_denied_ = repeat_denied_ = too_large_ = headers_too_large_ = false;
  header_bytes_ = body_bytes_ = 0;
  body_ = unknown;
  error_[0] = 0;

  const bool https = has_prefix(request_.url, "https://");
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy_, option, value); };
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, request_.trusted_destination ? "https,http" : "https");
  // Without TLS there is no HTTP/2 here, and waiting for a connection to share would hold calls
  // back for nothing.
  set(CURLOPT_HTTP_VERSION,
      static_cast<long>(https ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PIPEWAIT, https ? 1L : 0L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<int64_t>(1, request_.timeout.count())));
  set(CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::max<int64_t>(1, request_.connect_timeout.count())));
  // Slowness counts from the first byte of the answer (on_body): a model may think for a minute
  // before it.
  set(CURLOPT_LOW_SPEED_TIME, 0L);
  set(CURLOPT_LOW_SPEED_LIMIT, 0L);
  set_method();
  set_headers();
}

void Transfer::set_method() {
  const std::string& method = request_.method;
  const bool sends =
      !request_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
  curl_easy_setopt(easy_, CURLOPT_NOBODY, 0L);
  if (sends) {
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS,
                     request_.body.data());  // not copied: request_ outlives the call
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
  } else if (method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  }
  const char* named =
      method == (sends ? "POST" : "GET") || method == "HEAD" ? nullptr : method.c_str();
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, named);
}

void Transfer::set_headers() {
  headers_ = curl_slist_append(nullptr, "Expect:");  // no round trip before the body
  bool typed = false;
  std::string line;
  for (const auto& [name, value] : request_.headers) {
    typed = typed || strcasecmp(name.c_str(), "content-type") == 0;
    line.assign(name);
    value.empty() ? line.append(";")
                  : line.append(": ").append(value);  // curl's way to say "empty, but there"
    headers_ = curl_slist_append(headers_, line.c_str());
  }
  if (!typed) headers_ = curl_slist_append(headers_, "Content-Type:");  // no form type by default
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
}

size_t Transfer::on_header(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  Response& response = transfer.response_;
  std::string_view line(data, size * count);
  transfer.header_bytes_ += line.size();
  if (response.headers.size() >= transfer.request_.max_response_headers ||
      transfer.header_bytes_ > transfer.request_.max_response_header_bytes) {
    transfer.headers_too_large_ = true;
    return 0;
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (has_prefix(line, "http/"))
    response.headers.clear();  // an interim answer came before this one
  const size_t colon = line.find(':');
  if (colon == line.npos || has_prefix(line, "http/")) return size * count;
  std::string name(line.substr(0, colon));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  line.remove_prefix(colon + 1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  response.headers.emplace_back(std::move(name), line);
  return size * count;
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t length = size * count;
  if (transfer.body_bytes_ + length > transfer.request_.max_response_bytes) {
    transfer.too_large_ = true;
    return 0;
  }
  if (transfer.body_ == unknown) {
    transfer.watch_pace();
    transfer.body_ = transfer.streams() ? streamed : collected;
  }
  if (transfer.body_ == streamed) {
    if (!transfer.request_.on_body({data, length})) return CURL_WRITEFUNC_PAUSE;
  } else {
    transfer.response_.body.append(data, length);
  }
  transfer.body_bytes_ += length;
  return length;
}

// At the first byte of the body.
void Transfer::watch_pace() {
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_LIMIT, request_.may_rest ? 0L : 10L);
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(stalled_.count()));
  curl_off_t announced = -1;
  curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  if (announced > 0)  // a peer's word: trusted for what it would be allowed to send anyway
    response_.body.reserve(
        std::min<size_t>(announced, std::min<size_t>(request_.max_response_bytes, 1 << 20)));
}

bool Transfer::streams() const {
  if (!request_.on_body) return false;
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  const std::string* type = response_.header("content-type");
  return status == 200 && type && has_prefix(*type, "text/event-stream");
}

void Transfer::go_on() {
  if (body_ == streamed) curl_easy_pause(easy_, CURLPAUSE_CONT);
}

curl_socket_t Transfer::on_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!transfer.request_.trusted_destination && !is_global_unicast(&address->addr)) {
    transfer.address_denied_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int Transfer::on_request(void* self, char* peer_ip, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!transfer.request_.trusted_destination && !is_global_unicast(peer_ip)) {
    transfer.address_denied_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  if (transfer.sent_++ > 0 && transfer.request_.at_most_once) {
    transfer.repeat_denied_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  return CURL_PREREQFUNC_OK;
}

Done Transfer::release() {
  request_ = {};
  response_ = {};
  curl_slist_free_all(headers_);
  headers_ = nullptr;
  return std::exchange(done_, nullptr);
}

bool Transfer::multiplexed() const {
  long version = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  return version == CURL_HTTP_VERSION_2_0;
}

Result<Response> Transfer::finish(CURLcode code) {
  if (code != CURLE_OK) return fail(failure(code));
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

Error Transfer::failure(CURLcode code) const {
  const std::string host = quoted_host(request_.url);
  if (address_denied_)
    return {Kind::denied,
            host + " is not a public address; an app may call public hosts only",
            "address_denied",
            {}};
  if (too_large_)
    return {Kind::invalid,
            host + " answered with more than " + std::to_string(request_.max_response_bytes) +
                " bytes, which is the limit for this call",
            "response_too_large",
            {}};
  if (headers_too_large_)
    return {Kind::invalid,
            host + " answered with more or larger headers than this call may take",
            "response_too_large",
            {}};
  if (repeat_denied_)
    return {Kind::unavailable,
            "the connection to " + host +
                " broke after the request was sent; whether it was acted on is unknown",
            "connection_lost",
            {}};
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return {Kind::invalid, "the URL is malformed; it must be https://host/path", {}, {}};
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return {Kind::internal, "curl failed: " + printable(curl_easy_strerror(code)), {}, {}};
    case CURLE_OPERATION_TIMEDOUT:
      return lost(code, "gave no complete answer in time");
    default:
      return lost(code, error_[0] ? printable(error_) : printable(curl_easy_strerror(code)));
  }
}

Error Transfer::lost(CURLcode code, std::string_view why) const {
  const std::string host = quoted_host(request_.url);
  const bool in_time = code != CURLE_OPERATION_TIMEDOUT;
  long written = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &written);
  if (written == 0 && sent_ == 0)
    return {in_time ? Kind::unavailable : Kind::timeout,
            "no connection to " + host + (in_time ? ": " + std::string(why) : " in time"),
            "connect_failed",
            {}};
  if (!in_time)
    return {
        Kind::timeout,
        host + " " + std::string(why) + " (" + std::to_string(request_.timeout.count()) + " ms)",
        {},
        {}};
  return {Kind::unavailable,
          "the exchange with " + host + " broke off: " + std::string(why),
          "connection_lost",
          {}};
}

}  // namespace plenum::http
