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

// What the llm node reads: the text, and for a structured reply its value or why there is none.
EffectReply model_reply(llm::Reply reply, bool structured, const app::Price& price) {
  EffectReply out;
  out.cost_usd = cost_of(reply.usage, price);
  out.model = reply.model;
  out.result = Json{{"text", reply.text}, {"cut", reply.cut}};
  if (!structured) return out;
  Result<llm::Parsed> parsed = llm::read_structured(reply.text);
  if (parsed)
    out.result["value"] = std::move(parsed->value);
  else
    out.result["unparsed"] = parsed.error().message;
  return out;
}

// What goes wrong between us and a provider is no fault of our client: neither a limit, of which
// clients have their own, nor an answer that is too large or an address that may not be asked.
Error provider_failure(Error error) {
  if (error.kind == Kind::limited && error.code.empty()) error.code = "provider_limited";
  return error;
}

Error transfer_failure(Error error) {
  if (error.kind == Kind::invalid || error.kind == Kind::denied) error.status = 502;
  return error;
}

llm::Call model_call(const run::CallModel& ask, const run::Perform& what,
                     const EffectContext& context) {
  const app::Model& model = *ask.model;
  llm::Call call;
  call.app = context.owner.app;
  call.node = context.graph + "/" + what.path;
  call.provider = model.provider;
  call.model = model.model;
  call.system = ask.system;
  for (const run::Turn& turn : ask.turns)
    call.messages.push_back(
        {turn.from_model ? llm::Message::Role::assistant : llm::Message::Role::user, turn.text});
  if (ask.schema) call.schema = *ask.schema;
  call.temperature = model.temperature;
  call.top_p = model.top_p;
  call.max_tokens = ask.max_tokens ? ask.max_tokens : model.max_tokens;
  call.seed = model.seed;
  call.stop = model.stop;
  call.reasoning = model.reasoning;
  if (model.params) call.params = *model.params;
  call.timeout = what.timeout.count() > 0 ? std::min(what.timeout, model.timeout) : model.timeout;
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
  } else {
    reply.text = said.value.is_string() ? said.value.get<std::string>() : to_text(said.value);
    reply.model = call.model;
  }
  return model_reply(std::move(reply), call.schema.has_value(), app::Price{0, 0, 0, true});
}

}  // namespace

void Effects::Work::start(uint64_t handle, const run::CallModel& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  const auto provider = parts.providers.find(ask.model->provider);
  if (provider == parts.providers.end())
    return done(fail(Kind::unavailable,
                     "no key is set for the model provider `" + ask.model->provider + "`",
                     "provider_auth"));
  const auto call = std::make_shared<llm::Call>(model_call(ask, what, context));
  auto prepared = provider->second->prepare(*call);
  if (!prepared) return done(tl::unexpected(std::move(prepared).error()));
  if (parts.script) {
    const Result<bool> asks = parts.script->asks(script_call(what, context));
    if (!asks) return done(fail(asks.error()));
    if (!*asks) return done(scripted(*parts.script, *provider->second, *call, what, context));
  }
  const auto heard = [script = parts.script,
                      at = script_call(what, context)](const llm::Reply& reply) {
    if (script) script->heard(at, reply.text);
  };
  const bool structured = call->schema.has_value();
  const app::Price price = ask.model->price;
  if (auto* reply = std::get_if<llm::Reply>(&*prepared)) {
    heard(*reply);
    return done(model_reply(std::move(*reply), structured, app::Price{0, 0, 0, true}));
  }
  if (const Result<> free = enter(handle, what.effect, context); !free)
    return done(fail(free.error()));
  auto request = std::get<http::Request>(*std::move(prepared));
  request.headers.emplace_back("Idempotency-Key", what.key);
  send(handle, std::move(request),
       [call, structured, price, heard, provider = provider->second,
        done](Result<http::Response> response) {
         if (!response) return done(fail(transfer_failure(std::move(response).error())));
         Result<llm::Reply> reply = provider->read(*call, *response);
         if (!reply) return done(fail(provider_failure(std::move(reply).error())));
         heard(*reply);
         done(model_reply(*std::move(reply), structured, price));
       });
}

}  // namespace plenum
