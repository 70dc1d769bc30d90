// llm: asks a model, and makes sure of what comes back.
//
// A structured reply is parsed, validated against the authored schema, and asked for once more with
// the validation error when it does not fit.  What still does not fit is the node's error, never
// data.  A model that asks for tools gets their results and is asked again, until it answers
// (tool_rounds.cpp).  When the model cannot be reached, the models of its `fallback` are asked in
// turn.  The memory holds what the next request depends on: which model, which repair, what tools
// gave.
#include <nlohmann/json.hpp>

#include "engine/nodes/budget.h"
#include "engine/nodes/kind_of.h"
#include "engine/nodes/tool_rounds.h"
#include "engine/run/retry.h"

namespace plenum::nodes {

namespace {

constexpr double kDefaultMaxTokens = 8192;  // reserved for a model without `max_tokens`

struct Llm final : run::Node {
  app::ModelRef model;
  app::With with;
  app::System system;
  app::Prompt prompt;
  app::Value messages, files;
  app::Output output;
  int repair = 1;
  int max_tokens = 0;
  app::ToolRefs tools;
  int max_steps = 8;
  bool acknowledged = false;  // for the check of the app (A813); changes nothing here

  Result<run::Next> start(run::Visit& visit) const override {
    if (visit.memory.is_null()) visit.memory = Json::object();
    return ask(visit);
  }

  Result<run::Next> on_body(run::Visit& visit, run::Ended& ended) const override {
    return ToolRounds(tools, visit).ended(ended.slot, ended.result);
  }
  Result<run::Next> on_body_failed(run::Visit& visit, int slot, const Error& error) const override {
    return ToolRounds(tools, visit).failed(slot, error);
  }

  // The effect's result is {"text": …, "cut": bool, "value"?: parsed, "unparsed"?: why not}, or
  // {"calls": [{id, name, input}], "raw": …}; behind a pause it is the client's answer.
  Result<run::Next> on(run::Visit& visit, Json reply) const override {
    ToolRounds rounds(tools, visit);
    if (rounds.waits_for_client()) return rounds.confirmed(reply);
    if (find(reply, "calls")) return rounds.begin(reply, *TRY(asked(visit)), max_steps);
    if (!output.type) return run::Next::done(text_or(reply, "text"));
    if (const Json* cut = find(reply, "cut"); cut && *cut == true)
      return fail(Kind::invalid,
                  "the model's answer was cut off at `max_tokens`; raise it or ask for less",
                  "model_answer_cut");
    std::string wrong = text_or(reply, "unparsed");
    if (wrong.empty()) {
      const std::vector<Violation> violations = output.type->schema.validate(reply["value"], 8);
      if (violations.empty()) return run::Next::done(std::move(reply["value"]));
      for (const Violation& v : violations)
        wrong += (v.pointer.empty() ? "the value" : v.pointer) + ": " + v.message + "\n";
    }
    return mend(visit, text_or(reply, "text"), wrong);
  }

  Result<run::Next> mend(run::Visit& visit, const std::string& text,
                         const std::string& wrong) const {
    const size_t repairs = count(visit, "repairs");
    if (repairs >= static_cast<size_t>(repair))
      return fail(Kind::invalid,
                  "the model's answer does not fit `output`: " + wrong.substr(0, 300),
                  "model_answer_invalid");
    visit.memory["repairs"] = repairs + 1;
    visit.memory["reply"] = text;
    visit.memory["wrong"] = wrong;
    return ask(visit);
  }

  Result<std::optional<run::Next>> instead(run::Visit& visit, const Error& error) const override {
    const bool unreachable = error.kind == Kind::unavailable || error.kind == Kind::limited ||
                             error.kind == Kind::timeout || error.code == "provider_auth" ||
                             error.code == "model_not_found";
    const size_t tried = count(visit, "model");
    // All of them are held: who waits for that begins with the first, which is the one that is
    // wanted.
    if (tried >= model->fallback.size() && run::held(error)) visit.memory.erase("model");
    if (!unreachable || error.code == "cost_limit" || error.code == "daily_budget" ||
        tried >= model->fallback.size())
      return std::nullopt;
    visit.memory["model"] = tried + 1;
    return TRY(ask(visit));
  }

  // The model whose turn it is.
  Result<app::ModelRef> asked(const run::Visit& visit) const {
    const size_t tried = count(visit, "model");
    if (tried > model->fallback.size())
      return fail(Kind::internal, "the run remembers a model that its app does not have");
    return tried == 0 ? model : model->fallback[tried - 1];
  }

  Result<run::Next> ask(run::Visit& visit) const {
    run::CallModel call;
    call.model = TRY(asked(visit));
    if (system.code) call.system = TRY(system.in(visit.scope));
    TRY(add_messages(visit, call));
    const Json shown = TRY(files_shown(visit));
    call.turns.push_back({false, TRY(prompt_text(visit.scope)), ids_of(shown)});
    ToolRounds(tools, visit).add_to(call);
    if (visit.memory.contains("wrong")) {
      call.turns.push_back({true, text_or(visit.memory, "reply"), {}});
      call.turns.push_back({false,
                            "Your answer does not fit the required JSON schema:\n" +
                                text_or(visit.memory, "wrong") +
                                "\nGive the whole answer again, corrected, as JSON only.",
                            {}});
    }
    if (output.type) call.schema = std::make_shared<const Json>(output.type->schema.json());
    if (max_tokens > 0) call.max_tokens = max_tokens;
    const double worst = TRY(within_budget(visit, call, tokens_of(shown)));
    return run::Next::perform(std::move(call), worst);
  }

  // The conversation so far; what comes from a client may say anything, but only as `user` or
  // `assistant`.
  Result<> add_messages(run::Visit& visit, run::CallModel& call) const {
    const Json list = TRY(messages.in(visit.scope));
    if (list.is_null()) return {};
    if (!list.is_array()) return not_messages(visit, list);
    for (const Json& message : list) {
      const std::string role = text_or(message, "role");
      const Json* content = find(message, "content");
      if ((role != "user" && role != "assistant") || !content || !content->is_string())
        return not_messages(visit, message);
      call.turns.push_back({role == "assistant", content->get<std::string>(), {}});
    }
    return {};
  }

  // A list of file values; one that is not there is left out.
  Result<Json> files_shown(run::Visit& visit) const {
    constexpr size_t kMost = 10;
    Json given = TRY(files.in(visit.scope)), list = Json::array();
    if (given.is_object()) given = Json::array({std::move(given)});
    if (given.is_null()) return list;
    const auto wrong = [&](std::string what, const char* code) {
      return fail(Kind::invalid, "`files` of " + quote(visit.path) + " " + what, code);
    };
    if (!given.is_array()) return wrong("is a list of files", "wrong_type");
    for (Json& file : given) {
      if (file.is_null()) continue;
      if (text_or(file, "id").empty()) return wrong("is a list of files", "wrong_type");
      list.push_back(std::move(file));
    }
    if (list.size() > kMost)
      return wrong("has " + std::to_string(list.size()) + " files; a model is shown at most " +
                       std::to_string(kMost) + " at a time",
                   "too_many_files");
    return list;
  }

  static std::vector<std::string> ids_of(const Json& files) {
    std::vector<std::string> ids;
    for (const Json& file : files) ids.push_back(text_or(file, "id"));
    return ids;
  }

  // An estimate for the budget: what providers count for an image, or for a PDF whose pages we do
  // not count, lies mostly below.
  static double tokens_of(const Json& files) {
    constexpr double kImage = 3000, kBytesPerToken = 20;
    double tokens = 0;
    for (const Json& file : files) {
      const Json* size = find(file, "size");
      const double bytes = size && size->is_number() ? size->get<double>() : 0;
      const bool image = text_or(file, "mime").starts_with("image/");
      tokens += image ? kImage : std::max(kImage, bytes / kBytesPerToken);
    }
    return tokens;
  }

  static tl::unexpected<Error> not_messages(const run::Visit& visit, const Json& value) {
    return fail(Kind::invalid,
                "`messages` of " + quote(visit.path) +
                    " is a list of {role: user or assistant, content: text}; this is " +
                    to_text(value).substr(0, 80),
                "wrong_type");
  }

  static size_t count(const run::Visit& visit, std::string_view name) {
    const Json* value = find(visit.memory, name);
    return value && value->is_number_integer() && *value > 0 ? value->get<size_t>() : 0;
  }

  Result<std::string> prompt_text(const Scope& scope) const {
    if (!with.given) return prompt.in(scope);
    const Json values = TRY(app::compute(with.values, scope));
    return prompt.in(ObjectScope(values));
  }

  static size_t size_of(const Json& value) { return value.is_null() ? 0 : to_text(value).size(); }

  // The worst this call can cost must fit what the run may still spend.  A token is taken as three
  // bytes of prompt.
  static Result<double> within_budget(const run::Visit& visit, const run::CallModel& call,
                                      double file_tokens) {
    double bytes = static_cast<double>(call.system.size());
    for (const run::Turn& turn : call.turns)
      bytes += static_cast<double>(turn.text.size() + size_of(turn.calls) + size_of(turn.results));
    if (call.tools) bytes += static_cast<double>(size_of(*call.tools));
    const double most =
        static_cast<double>(call.max_tokens.value_or(call.model->max_tokens.value_or(0)));
    const app::Price& price = call.model->price;
    const double worst = ((bytes / 3 + file_tokens) * price.input +
                          (most > 0 ? most : kDefaultMaxTokens) * price.output) /
                         1e6;
    return nodes::within_budget(visit, worst);
  }

  Type result() const override {
    return output.type ? output.type->type : Type(Type::Kind::string);
  }
};

void check_inputs(Reader& reader, const yaml::Node& yaml, Llm& llm) {
  if (const yaml::Node* files = yaml.find("files"))
    reader.wants(*files, llm.files, Type::list(app::file_type().nullable()).nullable(), "`files`");
  const yaml::Node* node = yaml.find("messages");
  if (!node) return;
  const Type message = Type::object(
      {{"role", {Type::Kind::string}}, {"content", {Type::Kind::string}}}, false, "a message");
  reader.wants(*node, llm.messages, Type::list(message).nullable(), "`messages`");
}

}  // namespace

NodeKind llm_kind() {
  return KindOf<Llm>("llm",
                     "Asks a model; the result is its text, or the object that `output` describes.")
      .needs("model", &Llm::model, "A name under `models`.")
      .with(&Llm::with, "Values by name; the prompt then sees only these.")
      .needs("prompt", &Llm::prompt,
             "What the user's turn says: a file under prompts/, or the text itself.")
      .takes("system", &Llm::system,
             "The system instruction; only names that the operator controls may stand in it.")
      .takes("messages", &Llm::messages,
             "The turns before the prompt: a list<message>, oldest first.")
      .takes("files", &Llm::files,
             "Images and PDFs that the model is shown with the prompt: a list of files.")
      .takes("output", &Llm::output, "The type of a structured answer, usually a schema file.")
      .takes("repair", &Llm::repair, 0, 2,
             "How often an answer that does not fit is asked for again.")
      .takes("max_tokens", &Llm::max_tokens, 0, 1'000'000,
             "Overrides the model's own limit; 0: the model's.")
      .takes("tools", &Llm::tools, "Names under `tools` that the model may ask for.")
      .takes("max_steps", &Llm::max_steps, 1, 50,
             "How often it may ask for tools before it answers.")
      .takes("acknowledge_exfiltration_risk", &Llm::acknowledged,
             "It is meant that this model reads private data and texts of others, and has a tool "
             "that sends what it writes to another server.")
      .pauses([](const Llm& llm) {
        return std::any_of(llm.tools.list.begin(), llm.tools.list.end(),
                           [](const auto& tool) { return tool->confirm; });
      })
      .check(check_inputs)
      .cacheable([](const Llm& llm) { return llm.tools.list.empty(); })
      .retries(2)
      .timeout(std::chrono::seconds(60));
}

}  // namespace plenum::nodes
