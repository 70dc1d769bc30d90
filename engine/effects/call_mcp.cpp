// A tool call at an MCP server: a short conversation, of which only the call itself can change
// anything.
//
// A server that nobody has spoken to yet is asked which era it is of (server/discover).  One of
// before 2026-07-28 is initialized first; its session is kept for the same caller.  Whatever fails
// before the call is sent may be tried again.  The call is sent once, and again only when the
// server has said that it did not take it: its session was gone, or it is of another era by now.
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/url.h"
#include "engine/effects/call_http.h"
#include "engine/effects/mcp/inbox.h"
#include "engine/effects/work.h"
#include "engine/llm/wire.h"

namespace plenum {

namespace {

std::string host_of(const run::CallMcp& call) {
  const Result<Origin> origin = read_origin(call.url);
  return quote(origin ? origin->text() : "?");
}

run::CallHttp post_of(const run::CallMcp& call, mcp::Outgoing said, bool at_most_once) {
  run::CallHttp post;
  post.method = "POST";
  post.url = call.url;
  post.headers = call.headers;
  post.headers.insert(post.headers.end(), said.headers.begin(), said.headers.end());
  post.body = std::move(said.body);
  post.auth = call.auth;
  post.local = call.local;
  post.at_most_once = at_most_once;
  return post;
}

// A status that no message explains.  Asking again helps where it says so, and where nothing can
// have happened or happening twice is harmless.
Error status_error(const run::CallMcp& call, const http::Response& response, bool may_repeat) {
  const int status = response.status;
  Error error{Kind::invalid,
              host_of(call) + " answered with the status " + std::to_string(status),
              "http_status",
              {}};
  error.status = 502;
  if (status == 401 || status == 403)
    error.message += call.auth.how == app::Auth::How::none
                         ? ": it wants a credential, which `auth` of the node names"
                         : ": it does not take the secret " + quote(call.auth.secret);
  const bool passing = status == 408 || status == 425 || status == 429 || status >= 500;
  if (!passing || !may_repeat) return error;
  error.kind = status == 429 ? Kind::limited : status == 408 ? Kind::timeout : Kind::unavailable;
  error.status = status == 429 || status == 503 ? 503 : 502;
  error.retry_after = llm::wait_asked(response, Json());
  return error;
}

Error unknown_end(const run::CallMcp& call, Error error) {
  error.status = error.kind == Kind::timeout ? 504 : 502;
  error.kind = Kind::conflict;
  error.code = "ambiguous_effect";
  error.message += "; whether the tool " + quote(call.tool) + " of " + host_of(call) +
                   " acted is unknown, and without `repeatable` it is not called again";
  return error;
}

// What became of a message that has no complete answer.
Error transfer_error(const run::CallMcp& call, Error error, bool is_call) {
  if (error.kind == Kind::invalid || error.kind == Kind::denied) error.status = 502;
  if (error.kind == Kind::limited) error.status = 503;
  const bool unknown = (error.kind == Kind::timeout || error.kind == Kind::unavailable) &&
                       error.code != "connect_failed" && error.code != "cancelled";
  return is_call && call.at_most_once && unknown ? unknown_end(call, std::move(error)) : error;
}

// A test's value is what the tool gives; {content, …} or {isError, …} is all of its result.
Result<EffectReply> scripted(Script& script, const run::CallMcp& call, const run::Perform& what,
                             const EffectContext& context) {
  Scripted said = TRY(script.answer(script_call(what, context)));
  if (said.failure) return fail(status_error(call, *said.failure, !call.at_most_once));
  Json result = std::move(said.value);
  if (result.is_string())
    result = Json{{"content", {{{"type", "text"}, {"text", result}}}}};
  else if (!find(result, "content") && !find(result, "isError"))
    result = Json{{"structuredContent", std::move(result)}};
  return EffectReply{
      TRY(mcp::tool_result(Json{{"result", std::move(result)}}, call.tool, host_of(call))), 0, ""};
}

}  // namespace

class Effects::Work::McpTalk : public std::enable_shared_from_this<Effects::Work::McpTalk> {
 public:
  McpTalk(std::shared_ptr<Work> work, uint64_t handle, run::CallMcp call,
          const EffectContext& context, milliseconds timeout, Done done)
      : work_(std::move(work)),
        handle_(handle),
        call_(std::move(call)),
        speaker_{context.owner.app, context.owner.owner, call_.url, call_.auth.secret},
        done_(std::move(done)) {
    if (timeout.count() > 0) deadline_ = work_->parts.clock->monotonic() + timeout.count();
  }

  void begin() {
    // Weak: what is under way keeps this, and an engine that stops drops all of it.
    work_->cancels[handle_] = [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->dropped_ = true;
      self->work_->parts.http->cancel(self->sending_);
    };
    next();
  }

 private:
  struct Heard {
    http::Response response;
    std::optional<Json> message;  // the response to what was said
  };
  using Then = void (McpTalk::*)(Heard);
  mcp::Servers& servers() { return work_->mcp_servers; }

  void next() {
    const std::optional<mcp::Voice> known = servers().voice(speaker_);
    remembered_ = known && !fresh_;
    if (known) return call(*known);
    fresh_ = true;
    voice_ = {};
    const int64_t id = servers().next_id();
    if (servers().era(call_.url) == mcp::Era::unknown)
      return say(mcp::discover(id), id, false, &McpTalk::discovered);
    say(mcp::initialize(id), id, false, &McpTalk::initialized);
  }

  void discovered(Heard heard) {
    const mcp::Era era = mcp::era_of(heard.response.status, heard.message);
    if (era == mcp::Era::unknown) return done_(fail(status_error(call_, heard.response, true)));
    servers().learn(call_.url, era);
    next();
  }

  void initialized(Heard heard) {
    if (heard.response.status != 200 || !heard.message) {
      servers().forget(speaker_);
      if (heard.response.status != 200)
        return done_(fail(status_error(call_, heard.response, true)));
      return done_(fail(no_answer()));
    }
    Result<mcp::Voice> voice = mcp::voice_of(heard.response, *heard.message, host_of(call_));
    if (!voice) return done_(fail(std::move(voice).error()));
    voice_ = *std::move(voice);
    say(mcp::initialized(voice_), 0, false, &McpTalk::announced);
  }

  void announced(Heard heard) {
    if (heard.response.status >= 300) return done_(fail(status_error(call_, heard.response, true)));
    servers().keep(speaker_, voice_);
    next();
  }

  void call(const mcp::Voice& voice) {
    voice_ = voice;
    const int64_t id = servers().next_id();
    say(mcp::call_tool(id, voice_, call_.tool, call_.arguments), id, true, &McpTalk::called);
  }

  void called(Heard heard) {
    if (remembered_ && not_taken(heard)) {
      servers().forget(speaker_);
      return next();
    }
    if (heard.message)
      return finish(mcp::tool_result(clean(*std::move(heard.message)), call_.tool, host_of(call_)));
    if (heard.response.status >= 300 || heard.response.status < 200)
      return done_(fail(status_error(call_, heard.response, !call_.at_most_once)));
    done_(fail(call_.at_most_once ? unknown_end(call_, no_answer()) : no_answer()));
  }

  // The session is gone, or the server is of another era than it was.
  bool not_taken(const Heard& heard) const {
    const int status = heard.response.status;
    if (!voice_.session.empty() && status == 404) return true;
    const bool modern = mcp::is_modern_error(status, heard.message);
    if (!voice_.modern()) return modern && status != 200;
    return !modern && (status == 400 || status == 404 || status == 405);
  }

  Error no_answer() const {
    return Error{Kind::unavailable,
                 host_of(call_) + " ended its answer without a response",
                 "mcp_answer",
                 {}};
  }

  // Where the server sent the secret back, its name stands instead.
  Json clean(Json message) const {
    const std::string text = to_text(message);
    const std::string clean = without_secret(text, call_.auth, *work_->parts.secrets);
    if (clean == text) return message;
    constexpr size_t kMost = 2 * mcp::kLargestAnswer;
    Result<Json> read = parse_json(clean, JsonLimits{kMost, 70, 200'000, kMost, 20'000});
    return read ? *std::move(read) : Json::object();
  }

  void finish(Result<Json> result) {
    if (!result) return done_(fail(std::move(result).error()));
    done_(EffectReply{*std::move(result), 0, ""});
  }

  void say(mcp::Outgoing said, int64_t id, bool is_call, Then then) {
    if (dropped_) return done_(fail(Kind::unavailable, "the call was cancelled", "cancelled"));
    const Result<milliseconds> left = time_left();
    if (!left) return done_(fail(left.error()));
    Result<http::Request> request =
        http_request(post_of(call_, std::move(said), is_call && call_.at_most_once), *left,
                     *work_->parts.secrets, work_->parts.allow_local_hosts);
    if (!request) return done_(fail(std::move(request).error()));
    request->max_response_bytes = mcp::kLargestAnswer;
    request->may_rest = true;
    may_hang_up_ = then != &McpTalk::initialized;  // whose headers are needed
    const auto inbox = std::make_shared<mcp::Inbox>(id);
    const auto self = shared_from_this();
    request->on_body = [self, inbox, step = ++step_](std::string_view bytes) {
      self->asked(inbox->feed(bytes));
      if (inbox->answered()) self->enough(step);
      return true;
    };
    sending_ = work_->parts.http->send(
        *std::move(request), [self, inbox, id, is_call, then](Result<http::Response> response) {
          self->asked(inbox->end());
          self->work_->parts.post(
              [self, inbox, id, is_call, then, response = std::move(response)]() mutable {
                self->heard(std::move(response), *inbox, id, is_call, then);
              });
        });
  }

  void heard(Result<http::Response> response, const mcp::Inbox& inbox, int64_t id, bool is_call,
             Then then) {
    ++step_;
    if (inbox.answered()) return (this->*then)({{200, headers_of(response), {}}, inbox.response()});
    if (!response) return done_(fail(transfer_error(call_, std::move(response).error(), is_call)));
    std::optional<Json> message = mcp::response_in(response->body, id);
    (this->*then)({*std::move(response), std::move(message)});
  }

  // Of a stream whose end nobody waited for there are none.
  static http::Headers headers_of(const Result<http::Response>& response) {
    return response ? response->headers : http::Headers{};
  }

  // On the curl thread: the response is there, the rest of its stream is of no use.
  void enough(uint64_t step) {
    work_->parts.post([self = shared_from_this(), step] {
      if (step == self->step_ && self->may_hang_up_)
        self->work_->parts.http->cancel(self->sending_);
    });
  }

  // On the curl thread: what the server asks of us.
  void asked(std::vector<Json> requests) {
    for (Json& request : requests)
      work_->parts.post([self = shared_from_this(), request = std::move(request)] {
        Result<http::Request> answer =
            http_request(post_of(self->call_, mcp::answer_to(request, self->voice_), false),
                         milliseconds(10'000), *self->work_->parts.secrets,
                         self->work_->parts.allow_local_hosts);
        if (answer) self->work_->parts.http->send(*std::move(answer), [](auto) {});
      });
  }

  Result<milliseconds> time_left() const {
    if (deadline_ == 0) return milliseconds(0);
    const Millis left = deadline_ - work_->parts.clock->monotonic();
    if (left > 0) return milliseconds(left);
    return fail(Kind::timeout, host_of(call_) + " did not answer in time", "timeout");
  }

  const std::shared_ptr<Work> work_;
  const uint64_t handle_;
  const run::CallMcp call_;
  const mcp::Speaker speaker_;
  const Done done_;
  Millis deadline_ = 0;
  mcp::Voice voice_;
  uint64_t sending_ = 0, step_ = 0;
  bool dropped_ = false, may_hang_up_ = false;
  bool fresh_ = false;       // this talk has asked the server how to speak to it
  bool remembered_ = false;  // the call went by what an earlier talk had learned
};

void Effects::Work::start(uint64_t handle, const run::CallMcp& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  if (parts.script) return done(scripted(*parts.script, ask, what, context));
  if (ask.at_most_once && what.again)
    return done(fail(unknown_end(
        ask, Error{Kind::unavailable, "the server stopped while it was called", {}, {}})));
  if (const Result<> free = enter(handle, *peer_of(what.effect), context.owner.app); !free)
    return done(fail(free.error()));
  std::make_shared<McpTalk>(shared_from_this(), handle, ask, context, what.timeout, std::move(done))
      ->begin();
}

}  // namespace plenum
