// mcp: calls a tool of an MCP server that the app file names.
//
// The server's words are a result or an error like any other, never an instruction: which tool is
// called, and with what, stands in the app.  Nobody can tell whether a call that got lost was
// carried out, so it is repeated only where the author says that this does no harm.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"
#include "engine/nodes/sent_headers.h"

namespace plenum::nodes {

namespace {

constexpr size_t kLargestArguments = 1 << 20, kLongestUrl = 8192, kLongestName = 128;

struct Mcp final : run::Node {
  app::Address server;
  std::string tool;
  app::Value arguments;
  app::Headers headers;
  app::Auth auth;
  bool repeatable = false;

  Result<run::Next> start(run::Visit& visit) const override {
    run::CallMcp call;
    call.url = TRY(server.in(visit.scope));
    if (call.url.size() > kLongestUrl)
      return fail(Kind::invalid,
                  "the URL would be longer than " + std::to_string(kLongestUrl) + " bytes",
                  "bad_url");
    call.tool = tool;
    call.arguments = TRY(given(visit.scope));
    call.headers = TRY(sent_headers(headers, visit.scope));
    call.auth = auth;
    call.local = server.origin.local;
    call.at_most_once = !repeatable;
    return run::Next::perform(std::move(call));
  }

  // What is null is not given: servers' schemas know optional arguments, not null ones.
  Result<Json> given(const Scope& scope) const {
    const Json all = TRY(arguments.in(scope));
    if (all.is_null()) return Json::object();
    if (!all.is_object())
      return fail(Kind::invalid,
                  std::string("`arguments` are values by name; this is ") + type_name(all),
                  "wrong_type");
    Json out = Json::object();
    for (const auto& [name, value] : all.items())
      if (!value.is_null()) out[name] = value;
    if (to_text(out).size() > kLargestArguments)
      return fail(Kind::invalid, "`arguments` would be larger than 1 MB", "too_large");
    return out;
  }

  Type result() const override { return Type(); }
};

bool is_tool_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '_' || c == '-' || c == '.';
         });
}

// What the protocol says with headers of its own; parameters may be sent as headers, too.
bool is_protocols(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name == "content-type" || name == "accept" || name == "origin" ||
         (name.starts_with("mcp-") && !name.starts_with("mcp-param-"));
}

void check_mcp(app::Reader& reader, const yaml::Node& yaml, Mcp& mcp) {
  if (const yaml::Node* tool = yaml.find("tool"); tool && !is_tool_name(mcp.tool))
    reader.report.error("S104", tool->span, quote(mcp.tool) + " is not the name of a tool",
                        "its name at the server, as it stands: 1 to 128 letters, digits and _ - .");
  if (const yaml::Node* arguments = yaml.find("arguments"))
    if (const Type& type = mcp.arguments.type();
        !type.is(Type::Kind::any) && !type.is(Type::Kind::object) && !type.is(Type::Kind::map))
      reader.report.error("D405", arguments->span,
                          "`arguments` are values by name, this gives " + Reader::word(type),
                          "{location: =city}");
  const yaml::Node* headers = yaml.find("headers");
  if (!headers) return;
  for (const yaml::Member& member : headers->members)
    if (is_protocols(member.key))
      reader.report.error("S104", member.key_span,
                          "the header " + quote(member.key) + " is the protocol's own",
                          "remove it");
}

}  // namespace

NodeKind mcp_kind() {
  return KindOf<Mcp>("mcp",
                     "Calls a tool of an MCP server (streamable HTTP) at a host of `limits.hosts`; "
                     "the result is its structured content, else {text, content}.")
      .needs("server", &Mcp::server, "The server's URL; its host is fixed text.")
      .needs("tool", &Mcp::tool, "The tool's name at the server.")
      .takes("arguments", &Mcp::arguments,
             "What it is given, by name; null is nothing. In a tool of a model: its input.")
      .takes("headers", &Mcp::headers, "Further headers by name.")
      .takes("auth", &Mcp::auth,
             "A name of `secrets`: a token, user:password, or the value of X-API-Key (of another "
             "header: {Name: SECRET}).")
      .takes("repeatable", &Mcp::repeatable,
             "true: it only reads, or calling it twice is calling it once, so a call that got lost "
             "may be repeated.")
      .cacheable([](const Mcp& mcp) { return mcp.repeatable; })
      .retries(2)
      .timeout(std::chrono::seconds(60))
      .check(check_mcp);
}

}  // namespace plenum::nodes
