// Model calls: what a node asks for as a provider's call, and the provider's reply as the node's
// result.
#include <nlohmann/json.hpp>

#include "engine/effects/work.h"

namespace plenum {

namespace {

double cost_of(const llm::Usage& usage, const app::Price& price) {
  const auto fresh = static_cast<double>(usage.input_tokens - usage.cached_tokens);
  return (fresh * price.input + static_cast<double>(usage.cached_tokens) * price.cached +
          static_cast<double>(usage.output_tokens) * price.output) /
         1e6;
}

// As much as it may use; a token is taken as three bytes of prompt.
int64_t tokens_of(const llm::Call& call) {
  constexpr int64_t kDefaultMaxTokens = 8192;
  size_t bytes = call.system.size();
  for (const llm::Message& message : call.messages) bytes += message.text.size();
  return static_cast<int64_t>(bytes / 3) + call.max_tokens.value_or(kDefaultMaxTokens);
}

Json calls_json(const std::vector<llm::ToolCall>& calls) {
  Json list = Json::array();
  for (const llm::ToolCall& call : calls)
    list.push_back({{"id", call.id}, {"name", call.name}, {"input", call.input}});
  return list;
}

// What a recording keeps of a reply, and what a test may have a model say.
std::string said_by(const llm::Reply& reply) {
  if (reply.calls.empty()) return reply.text;
  Json calls = Json::array();
  for (const llm::ToolCall& call : reply.calls)
    calls.push_back({{"name", call.name}, {"input", call.input}});
  return to_text(Json{{"tool_calls", std::move(calls)}});
}

Json input_of(const Json& call) {
  const Json* input = find(call, "input");
  return input ? *input : Json::object();
}

bool asks_for_tools(const Json& said) {
  const Json* calls = find(said, "tool_calls");
  return calls && calls->is_array() && said.size() == 1;
}

// What the llm node reads: the text, and for a structured reply its value or why there is none.
EffectReply model_reply(llm::Reply reply, bool structured, const app::Price& price) {
  EffectReply out;
  out.cost_usd = cost_of(reply.usage, price);
  out.model = reply.model;
  out.usage = {reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.cached_tokens};
  out.result = Json{{"text", reply.text}, {"cut", reply.cut}};
  if (!reply.calls.empty()) {
    out.result["calls"] = calls_json(reply.calls);
    out.result["raw"] = std::move(reply.raw);
    return out;
  }
  if (!structured) return out;
  Result<llm::Parsed> parsed = llm::read_structured(reply.text);
  if (parsed)
    out.result["value"] = std::move(parsed->value);
  else
    out.result["unparsed"] = parsed.error().message;
  return out;
}

llm::Message message_of(const run::Turn& turn) {
  llm::Message message{turn.from_model ? llm::Message::Role::assistant : llm::Message::Role::user,
                       turn.text};
  for (const Json& call : turn.calls)
    message.calls.push_back({text_or(call, "id"), text_or(call, "name"), call["input"]});
  message.raw = turn.raw;
  for (const Json& result : turn.results)
    message.results.push_back({text_or(result, "id"), text_or(result, "name"),
                               text_or(result, "text"), result.value("error", false)});
  return message;
}

llm::Call model_call(const run::CallModel& ask, const run::Perform& what,
                     const EffectContext& context, const std::map<std::string, llm::File>& files) {
  const app::Model& model = *ask.model;
  llm::Call call;
  call.app = context.owner.app;
  call.node = context.graph + "/" + what.path;
  call.provider = model.provider;
  call.model = model.model;
  call.system = ask.system;
  for (const run::Turn& turn : ask.turns) {
    llm::Message& message = call.messages.emplace_back(message_of(turn));
    for (const std::string& id : turn.files) message.files.push_back(files.at(id));
  }
  if (ask.tools)
    for (const Json& tool : *ask.tools)
      call.tools.push_back({text_or(tool, "name"), text_or(tool, "description"), tool["input"]});
  call.schema = ask.schema;
  call.temperature = model.temperature;
  call.top_p = model.top_p;
  call.max_tokens = ask.max_tokens ? ask.max_tokens : model.max_tokens;
  call.seed = model.seed;
  call.stop = model.stop;
  call.reasoning = model.reasoning;
  if (model.params) call.params = *model.params;
  call.timeout = what.timeout.count() > 0 ? std::min(what.timeout, model.timeout) : model.timeout;
  call.stream = context.flow != nullptr;
  return call;
}

// What the script has the model say, read as if it had come from there.  A text that is asked to be
// structured is taken as it is, so that a test can have the model break its word.
Result<EffectReply> scripted(Script& script, const llm::Provider& provider, const llm::Call& call,
                             const run::Perform& what, const EffectContext& context) {
  const Scripted said = TRY(script.answer(script_call(what, context)));
  llm::Reply reply;
  if (said.failure) {
    Result<llm::Reply> read = provider.read(call, *said.failure);
    if (!read) return fail(provider_failure(std::move(read).error()));
    reply = *std::move(read);
  } else if (!call.tools.empty() && asks_for_tools(said.value)) {
    for (const Json& one : said.value["tool_calls"])
      reply.calls.push_back({"", text_or(one, "name"), input_of(one)});
    reply.model = call.model;
  } else {
    reply.text = said.value.is_string() ? said.value.get<std::string>() : to_text(said.value);
    reply.model = call.model;
  }
  return model_reply(std::move(reply), call.schema != nullptr, app::Price{0, 0, 0, true});
}

}  // namespace

// A call whose reply is read as it comes; with what reads it, for as long as that is needed.
struct Effects::Work::Streaming {
  std::shared_ptr<const llm::Provider> provider;
  std::shared_ptr<const llm::Call> call;
  std::unique_ptr<llm::Stream> stream;  // null: it comes whole
  Result<llm::Reply> read(const http::Response& response) const {
    return stream ? stream->end(response) : provider->read(*call, response);
  }
  // Unset for prose.
  std::function<Json(std::string_view)> partial() const {
    if (!call->schema) return nullptr;
    return [provider = provider, call = call](std::string_view text) {
      return provider->partial(*call, text);
    };
  }
};

namespace {

constexpr size_t kLongestStream = 32 << 20;  // a token costs some 300 bytes on the wire

// The words of an offline answer, one after the other.
class Words : public std::enable_shared_from_this<Words> {
 public:
  using Later = std::function<void(std::chrono::milliseconds, std::function<void()>)>;
  Words(std::shared_ptr<Flow> flow, std::string text, Later later)
      : flow_(std::move(flow)), text_(std::move(text)), later_(std::move(later)) {}

  void say(std::function<void()> done) {
    if (at_ >= text_.size()) return done();
    const size_t least = std::min(at_ + text_.size() / kPieces, text_.size());
    const size_t end = std::min(text_.find(' ', least), text_.size() - 1) + 1;
    flow_->append(std::string_view(text_).substr(at_, end - at_));
    at_ = end;
    later_(kPause, [self = shared_from_this(), done = std::move(done)]() mutable {
      self->say(std::move(done));
    });
  }

 private:
  static constexpr std::chrono::milliseconds kPause{15};
  static constexpr size_t kPieces = 200;  // at most: a long answer takes three seconds, too

  const std::shared_ptr<Flow> flow_;
  const std::string text_;
  const Later later_;
  size_t at_ = 0;
};

}  // namespace

void Effects::Work::start(uint64_t handle, const run::CallModel& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  const bool shows = std::any_of(ask.turns.begin(), ask.turns.end(),
                                 [](const run::Turn& turn) { return !turn.files.empty(); });
  if (!shows) return ask_model(handle, ask, what, context, {}, std::move(done));
  const auto dropped = std::make_shared<bool>(false);
  cancels[handle] = [dropped] { *dropped = true; };
  load_files(ask, context.owner,
             [this, handle, kept = std::make_shared<const run::Perform>(what), context, dropped,
              done](Result<ModelFiles> files) {
               if (!files) return done(fail(std::move(files).error()));
               if (*dropped)
                 return done(fail(Kind::unavailable, "the call was cancelled", "cancelled"));
               ask_model(handle, std::get<run::CallModel>(kept->effect), *kept, context, *files,
                         done);
             });
}

void Effects::Work::ask_model(uint64_t handle, const run::CallModel& ask, const run::Perform& what,
                              const EffectContext& context, const ModelFiles& files, Done done) {
  const Result<std::shared_ptr<llm::Provider>> found = provider_for(*ask.model);
  if (!found) return done(fail(found.error()));
  const std::shared_ptr<llm::Provider>& provider = *found;
  const auto call = std::make_shared<llm::Call>(model_call(ask, what, context, files));
  const auto streaming = std::make_shared<Streaming>(Streaming{provider, call, nullptr});
  auto prepared = provider->prepare(*call);
  if (!prepared) return done(tl::unexpected(std::move(prepared).error()));
  if (parts.script) {
    const Result<bool> asks = parts.script->asks(script_call(what, context));
    if (!asks) return done(fail(asks.error()));
    if (!*asks) return done(scripted(*parts.script, *provider, *call, what, context));
  }
  std::function<void(const llm::Reply&)> heard = [](const llm::Reply&) {};
  if (parts.script)
    heard = [script = parts.script, at = script_call(what, context)](const llm::Reply& reply) {
      script->heard(at, said_by(reply));
    };
  const bool structured = call->schema != nullptr;
  const app::Price price = ask.model->price;
  if (auto* reply = std::get_if<llm::Reply>(&*prepared)) {
    heard(*reply);
    EffectReply made = model_reply(std::move(*reply), structured, app::Price{0, 0, 0, true});
    if (!context.flow || !parts.later) return done(std::move(made));
    return say(handle, context.flow, *streaming, std::move(made), std::move(done));
  }
  auto request = std::make_shared<http::Request>(std::get<http::Request>(*std::move(prepared)));
  request->headers.emplace_back("Idempotency-Key", what.key);
  if (context.flow) {
    streaming->stream = provider->stream(*call);
    request->max_response_bytes = kLongestStream;
    request->on_body = [streaming, flow = context.flow](std::string_view bytes) {
      if (!flow->room()) return false;
      flow->append(streaming->stream->take(bytes));
      return true;
    };
  }
  const std::string account = provider->account();
  const auto read = [this, account, streaming, structured, price, heard,
                     done](Result<http::Response> response) {
    if (!response) return done(fail(transfer_failure(std::move(response).error())));
    Result<llm::Reply> reply = streaming->read(*response);
    if (!reply && !account.empty() && reply.error().code == "provider_auth")
      parts.post([tokens = tokens, account] { tokens->forget(account); });
    if (!reply) return done(fail(provider_failure(std::move(reply).error())));
    heard(*reply);
    done(model_reply(*std::move(reply), structured, price));
  };
  const auto go = [this, handle, model = ask.model, peer = *peer_of(what.effect),
                   owner = context.owner, worst = what.worst_usd, flow = context.flow, streaming,
                   call, request, read, done] {
    wait_for_turn(handle, *model, owner, tokens_of(*call), [=, this](Result<> turn) {
      if (turn) turn = let_go(handle, peer, owner, worst);
      if (!turn) return done(fail(std::move(turn).error()));
      const uint64_t id = send(handle, std::move(*request), read);
      if (flow) flow->begin([http = parts.http, id] { http->resume(id); }, streaming->partial());
    });
  };
  if (account.empty()) return go();
  with_token(handle, account, request, go, std::move(done));
}

// What was made up is told like what a model says, so that a page can be tried without one.
void Effects::Work::say(uint64_t handle, const std::shared_ptr<Flow>& flow,
                        const Streaming& streaming, EffectReply reply, Done done) {
  flow->begin(nullptr, streaming.partial());
  const auto dropped = std::make_shared<bool>(false);
  cancels[handle] = [dropped] { *dropped = true; };
  const auto later = [dropped, post = parts.later](milliseconds pause, std::function<void()> then) {
    post(*dropped ? milliseconds(0) : pause, std::move(then));
  };
  std::make_shared<Words>(flow, text_or(reply.result, "text"), later)
      ->say([dropped, reply = std::move(reply), done = std::move(done)] {
        if (*dropped) return done(fail(Kind::unavailable, "the call was cancelled", "cancelled"));
        done(reply);
      });
}

}  // namespace plenum
