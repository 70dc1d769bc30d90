#include "tools/editor/keys.h"

namespace plenum::editor {

namespace {

constexpr const char* kText = R"({"$ref": "#/definitions/text"})";
constexpr const char* kCel = R"({"$ref": "#/definitions/cel"})";
constexpr const char* kDuration = R"({"$ref": "#/definitions/duration"})";
constexpr const char* kWords = R"({"$ref": "#/definitions/words"})";
constexpr const char* kType = R"({"$ref": "#/definitions/type"})";
constexpr const char* kFields = R"({"$ref": "#/definitions/fields"})";
constexpr const char* kTarget = R"({"$ref": "#/definitions/id"})";
constexpr const char* kGraph =  // of the app, or of a library: "stem.name"
    R"({"type": "string", "pattern": "^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)?$"})";
constexpr const char* kMapOfData = R"({"type": "object"})";
constexpr const char* kQuota =
    R"({"anyOf": [{"$ref": "#/definitions/amount"}, {"type": "object", "additionalProperties": {"$ref": "#/definitions/amount"}}]})";
constexpr const char* kAuth =
    R"({"anyOf": [{"enum": ["required", "optional", "public"]}, {"$ref": "#/definitions/roles"}]})";

Place app() {
  return {
      "an app file",
      {{"plenum", R"({"const": 1})", "The version of the language.", true},
       {"app", R"({"$ref": "#/definitions/id"})",
        "The app's id, equal to the file's name; its endpoints live under /api/v1/{app}.", true},
       {"title", kText, "Its name for people and in the API's documents."},
       {"description", kText, "What it is for, in a sentence."},
       {"version", kText, "The app's own version, for the API's documents."},
       {"use", kWords,
        "Library files whose graphs and models the app may name, as `stem.name`: "
        "[apps.d/lib/a.yaml]."},
       {"secrets", kWords,
        "Names of secrets, whose values the environment has; only `auth` may name them."},
       {"env", R"({"type": "object", "additionalProperties": {"$ref": "#/definitions/variable"}})",
        "Values that the operator can set: {NAME: {type, default}}, read as `env.NAME`."},
       {"models", R"({"type": "object", "additionalProperties": {"$ref": "#/definitions/model"}})",
        "The models that `llm` nodes name: {name: {use: provider/model, …}}."},
       {"tools", R"({"type": "object", "additionalProperties": {"$ref": "#/definitions/tool"}})",
        "What models may ask for: {name: {description, input, one node kind, confirm}}."},
       {"collections",
        R"({"type": "object", "additionalProperties": {"$ref": "#/definitions/collection"}})",
        "What `store` nodes keep: {name: {fields, owner, ttl, expose}}; or `ingest` and "
        "`retrieve`: {name: {vector, chunk, owner, ttl}}."},
       {"graphs", R"({"type": "object", "additionalProperties": {"$ref": "#/definitions/graph"}})",
        "What the app can do: {name: graph}.", true},
       {"routes",
        R"({"type": "object", "additionalProperties": {"$ref": "#/definitions/route"}, "propertyNames": {"pattern": "^(GET|POST|PUT|PATCH|DELETE) /"}})",
        "The endpoints: {\"METHOD /path\": route}.", true},
       {"schedules", R"({"type": "array", "items": {"$ref": "#/definitions/schedule"}})",
        "Graphs that start by the clock."},
       {"access", R"({"$ref": "#/definitions/access"})",
        "Defaults for every route: auth, plans, quota."},
       {"limits", R"({"$ref": "#/definitions/limits"})", "What one run may take at most."},
       {"tests",
        R"({"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/definitions/test"}}]})",
        "The app's own tests, or the file that holds them; `plenum test` runs them."}}};
}

Place variable() {
  return {"a variable of `env`",
          {{"type", kType, "What it holds.", false},
           {"default", "true", "What it is until the operator sets it.", true}}};
}

Place model() {
  return {"a model",
          {{"use", R"({"type": "string", "pattern": "^[a-z]+/."})",
            "provider/model, for example gemini/gemini-3-flash-preview.", true},
           {"kind", R"({"enum": ["chat", "embedding"]})",
            "What it is for: chat, or embedding, which makes vectors of texts."},
           {"temperature", R"({"type": "number", "minimum": 0, "maximum": 2})",
            "How freely it chooses words: 0 is the most likely ones."},
           {"top_p", R"({"type": "number", "minimum": 0, "maximum": 1})",
            "Only words within this share of probability."},
           {"max_tokens", R"({"type": "integer", "minimum": 1, "maximum": 1000000})",
            "The longest answer; without it a run's cost has no bound."},
           {"seed", R"({"type": "integer", "minimum": 0, "maximum": 2147483647})",
            "The same seed gives the same answer, where a provider keeps that."},
           {"stop", kWords, "Texts at which the answer ends."},
           {"reasoning", R"({"enum": ["none", "low", "medium", "high"]})",
            "How long it may think before it answers."},
           {"timeout", kDuration, "How long one attempt may take (60s)."},
           {"key", R"({"type": "string"})",
            "A name under `secrets`: the app's own key, instead of the operator's."},
           {"params", kMapOfData, "Passed on to the provider as it is."},
           {"fallback", R"({"type": "array", "items": {"type": "string"}})",
            "Models that are asked in turn when this one cannot be reached."}}};
}

Place tool() {
  return {"a tool",
          {{"description", kText, "What it does and when to use it: the model reads it.", true},
           {"input", kFields, "What the model gives it, by field; its node sees these names."},
           {"confirm", R"({"type": "boolean"})",
            "true: a client agrees before it runs, at a route that resumes the model's node."}}};
}

Place collection() {
  return {
      "a collection",
      {{"fields", kFields, "What a row holds: {name: type}."},
       {"vector", R"({"type": "string"})",
        "Instead of `fields`, of a collection of texts: the embedding model."},
       {"chunk",
        R"({"type": "object", "properties": {"size": {"type": "integer", "minimum": 50, "maximum": 8000, "description": "The longest piece (800)."}, "overlap": {"type": "integer", "minimum": 0, "maximum": 4000, "description": "How much of the piece before it begins with, at most half of size (100)."}}, "additionalProperties": false})",
        "How texts are cut, in characters: {size: 800, overlap: 100}."},
       {"owner", R"({"enum": ["user", "app"]})",
        "Whose rows they are: each user's own (user), or the app's."},
       {"ttl", kDuration, "How long a row is kept; without it for ever."},
       {"expose",
        R"({"anyOf": [{"enum": ["list", "get", "delete"]}, {"type": "array", "items": {"enum": ["list", "get", "delete"]}}]})",
        "The endpoints that clients get for their own rows: list, get, delete."}}};
}

Place graph() {
  return {
      "a graph",
      {{"input", kFields, "What it is started with; input fields are state, too."},
       {"state",
        R"({"type": "object", "additionalProperties": {"anyOf": [{"$ref": "#/definitions/type"}, {"$ref": "#/definitions/state_key"}]}})",
        "What its nodes write and read: {key: type}, or {key: {type, default, reduce, keep}}."},
       {"nodes", R"({"type": "array", "items": {"$ref": "#/definitions/node"}})",
        "What it does, from top to bottom.", true},
       {"output", "true", "What a run gives back; without it the last node's result."}}};
}

Place node() {
  return {
      "a node",
      {{"id", R"({"$ref": "#/definitions/id"})", "A name that no other node of the graph has.",
        true},
       {"when", kCel, "Whether it runs; false skips it together with its `set` and `next`."},
       {"set", R"({"anyOf": [{"type": "string"}, {"type": "object"}]})",
        "A state key that takes the whole result, or {key: data}. A node with only `set` "
        "computes."},
       {"next",
        R"({"anyOf": [{"$ref": "#/definitions/id"}, {"type": "array", "items": {"$ref": "#/definitions/edge"}}]})",
        "A later node of this list, `end`, `break`, or a list of {when, to}. A node with only "
        "`next` is a switch."},
       {"retry",
        R"({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 10}, {"$ref": "#/definitions/retry"}]})",
        "How often it is tried again when its peer fails, and after what wait."},
       {"timeout", kDuration, "How long one attempt may take."},
       {"cache",
        R"({"anyOf": [{"$ref": "#/definitions/duration"}, {"$ref": "#/definitions/cache"}]})",
        "How long an answer is given again to the same question; for llm, extract and reading http "
        "nodes."},
       {"on_error", R"({"anyOf": [{"const": "fail"}, {"$ref": "#/definitions/on_error"}]})",
        "What follows when it fails in the end: fail, {value: data} or {next: a later node}; sees "
        "`error`."},
       {"progress", R"({"$ref": "#/definitions/progress"})",
        "What clients are told when it starts."},
       {"note", kText, "For readers."}}};
}

std::vector<Place> parts_of_nodes() {
  return {
      {"a state key",
       {{"type", kType, "What it holds.", true},
        {"default", "true", "What it is until a node writes it."},
        {"reduce",
         R"({"enum": ["last", "first", "append", "merge", "union", "sum", "min", "max"]})",
         "What a write does to the value that is there (last: takes its place)."},
        {"keep", R"({"enum": ["run", "thread", "user"]})",
         "How long it lives: this run, all runs of the thread, or all of the user's (run)."},
        {"last", R"({"type": "integer", "minimum": 1, "maximum": 10000})",
         "Of a list: how many of its last items are kept."}}},
      {"an edge of `next`",
       {{"when", kCel, "When this edge is taken; only the last one may leave it out."},
        {"to", kTarget, "A later node of this list, `end` or `break`.", true}}},
      {"`retry`",
       {{"max", R"({"type": "integer", "minimum": 0, "maximum": 10})", "Tries after the first."},
        {"wait", kDuration, "Before the first of them, at most 1m (1s)."},
        {"factor", R"({"type": "number", "minimum": 1, "maximum": 10})",
         "How much longer each next wait is (2)."},
        {"on",
         R"({"anyOf": [{"enum": ["timeout", "rate_limit", "server"]}, {"type": "array", "items": {"enum": ["timeout", "rate_limit", "server"]}}]})",
         "After which failures."}}},
      {"`cache`",
       {{"ttl", kDuration, "How long an answer is kept, at most 90d.", true},
        {"key", "true", "What makes two questions the same; without it all of the request."},
        {"scope", R"({"enum": ["user", "app"]})",
         "Who gets it: each user what they asked themselves (user), or everybody."}}},
      {"`on_error`",
       {{"value", "true", "The result it goes on with, as if it had worked."},
        {"next", kTarget, "The later node that goes on."}}},
      {"`progress`",
       {{"at", R"({"type": "integer", "minimum": 0, "maximum": 100})",
         "How far the run has come, in percent.", true},
        {"say", kText, "What is being done, for people."}}}};
}

Place route() {
  return {
      "a route",
      {{"start", kGraph, "The graph that a call starts."},
       {"resume", R"({"type": "string", "pattern": "^[a-z][a-z0-9_]*[.][a-z]"})",
        "graph.interrupt: a call answers a run that waits there."},
       {"waiting", R"({"type": "string", "pattern": "^[a-z][a-z0-9_]*[.][a-z]"})",
        "graph.interrupt: a call lists the caller's runs that wait there."},
       {"read", kTarget, "The collection whose rows a call reads."},
       {"async", R"({"type": "boolean"})", "true makes every call a job."},
       {"with", kMapOfData, "{input field: data} from `body`, `params` and `query`."},
       {"output", "true", "The body of a finished run's answer, instead of the envelope."},
       {"auth", kAuth,
        "Who may call: required, optional, public, or {roles}: who has one of them."},
       {"plans", kWords, "The plans that may call; others get 402."},
       {"quota", kQuota, "How often: 20/day, or {plan: n/period}; over it is 429."},
       {"rate", kQuota, "How fast: 60/min per user, or {plan: n/period}; faster is 429."},
       {"files", R"({"type": "object", "additionalProperties": {"$ref": "#/definitions/upload"}})",
        "{field: {accept, max}}: makes the body a form, and the field a file."},
       {"job", R"({"$ref": "#/definitions/job"})", "How its jobs run."},
       {"summary", kText, "For the API's documents."}}};
}

std::vector<Place> parts_of_routes() {
  return {{"a schedule",
           {{"cron", R"({"type": "string"})",
             "When: minute, hour, day, month, weekday, as in \"0 9 * * mon-fri\".", true},
            {"tz", R"({"type": "string"})", "The zone of those times: Europe/Berlin (UTC)."},
            {"start", kGraph, "The graph that starts.", true},
            {"input", kMapOfData, "Its input: data that sees `now` and `env`."},
            {"overlap", R"({"enum": ["skip", "queue"]})",
             "Whether a run starts while the last one is not finished (skip)."}}},
          {"`access`",
           {{"auth", kAuth, "Who may call, where a route does not say."},
            {"plans", kWords, "The plans that may call."},
            {"quota", kQuota, "How often."},
            {"rate", kQuota, "How fast."}}},
          {"`auth`", {{"roles", kWords, "Roles; the caller needs one of them.", true}}},
          {"`who`", {{"roles", kWords, "Roles; whoever has one may answer.", true}}},
          {"a file",
           {{"accept", kWords,
             "Types, told by the content: pdf, docx, txt, md, html, png, jpeg, gif, webp."},
            {"max", R"({"$ref": "#/definitions/size"})", "The largest one (10MB)."}}},
          {"`job`",
           {{"priority", R"({"enum": ["high", "normal", "low"]})", "Which jobs go first."},
            {"concurrency", R"({"type": "string", "pattern": "^[1-9][0-9]*/user$"})",
             "How many of a user's run at a time: 2/user."},
            {"timeout", kDuration, "How long one may work."},
            {"ttl", kDuration, "How long its result is kept (30d)."}}},
          {"`limits`",
           {{"cost_per_run", R"({"type": "number", "exclusiveMinimum": 0, "maximum": 1000})",
             "USD that a run's model calls may cost (0.50)."},
            {"steps", R"({"type": "integer", "minimum": 1, "maximum": 100000})",
             "Nodes that a run may enter (500)."},
            {"timeout", kDuration, "How long it may work (60s; jobs 30m)."},
            {"state", R"({"$ref": "#/definitions/size"})", "How large its state may grow (1MB)."},
            {"hosts", kWords, "The only hosts that an `http` node may reach."}}}};
}

std::vector<Place> tests() {
  return {
      {"a test",
       {{"name", kText, "What it shows, as a sentence.", true},
        {"user", R"({"$ref": "#/definitions/test_user"})", "Who calls (tester, plan free)."},
        {"steps", R"({"type": "array", "items": {"$ref": "#/definitions/step"}})",
         "The calls, one after the other.", true}}},
      {"`user` of a test",
       {{"id", kText, "The user."},
        {"plan", kText, "Their plan (free)."},
        {"roles", kWords, "Their roles."}}},
      {"a step of a test",
       {{"call", R"({"type": "string", "pattern": "^(GET|POST|PUT|PATCH|DELETE) /"})",
         "METHOD /path below /api/v1/{app}; may hold {{last.body.…}}.", true},
        {"after", kDuration, "The clock moves on by so much before the call."},
        {"body", "true", "What is sent: data that sees `last`, or a fixture."},
        {"replies", kMapOfData,
         "{node path: value, fixture, list of them, or {error: {status, body}}} for llm, http, mcp "
         "and "
         "retrieve; {tool_calls: [{name, input}]} is a model that asks for tools."},
        {"files", R"({"type": "object", "additionalProperties": {"type": "string"}})",
         "{field: fixture} to upload."},
        {"expect",
         R"({"anyOf": [{"$ref": "#/definitions/cel"}, {"type": "array", "items": {"$ref": "#/definitions/cel"}}]})",
         "What must hold of `response` {status, headers, body}; `last` is the step's before."}}},
      {"`error` of a reply",
       {{"status", R"({"type": "integer", "minimum": 400, "maximum": 599})",
         "The HTTP status the peer answers.", true},
        {"body", "true", "… and its body."}}}};
}

}  // namespace

const std::vector<Place>& places() {
  static const std::vector<Place> kAll = [] {
    std::vector<Place> all = {app(),        variable(), model(), tool(),
                              collection(), graph(),    node(),  route()};
    for (auto parts : {parts_of_nodes(), parts_of_routes(), tests()})
      all.insert(all.end(), parts.begin(), parts.end());
    return all;
  }();
  return kAll;
}

const Place& place(const std::string& name) {
  for (const Place& place : places())
    if (place.name == name) return place;
  static const Place kNone;
  return kNone;
}

}  // namespace plenum::editor
