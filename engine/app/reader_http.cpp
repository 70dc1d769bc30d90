// What an `http` node says: where it may go, what it sends, with which secret.
#include "engine/app/reader.h"

namespace plenum::app {

using yaml::Node;

namespace {

bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && text.size() <= 100 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) || kMarks.find(static_cast<char>(c)) != kMarks.npos;
         });
}

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Headers that say how the message is framed or where it goes: the client's own business.
bool is_framing(const std::string& name) {
  static const std::set<std::string, std::less<>> kFraming = {
      "host", "content-length", "transfer-encoding", "connection",     "keep-alive",     "expect",
      "te",   "trailer",        "upgrade",           "http2-settings", "accept-encoding"};
  return kFraming.contains(name) || name.starts_with("proxy-");
}

// Up to the first thing that is filled in.
std::string_view constant_part(std::string_view text) {
  return text.substr(0, text.find("{{"));
}

}  // namespace

void Reader::computed_host(const Node& node) {
  report.error("A803", node.span, "the host of this URL is computed, so it could be any",
               "write scheme and host as they are, and fill in what follows: "
               "https://api.example.com/things/{{id}}");
}

// The origin must stand in the text itself, whole and closed by / or ? or the end.
bool Reader::fixed_origin(const Node& node, const std::string& text, Origin& origin) {
  if (text.starts_with("=") || text.find("://") >= constant_part(text).size()) {
    const bool computed = text.starts_with("=") || text.find("{{") != std::string::npos;
    if (!computed)
      report.error("S104", node.span,
                   quote(text) + " cannot be called: it must begin with https://",
                   "https://api.example.com/v1/things");
    else
      computed_host(node);
    return false;
  }
  const std::string_view fixed = constant_part(text);
  const Result<Origin> read = read_origin(fixed);
  if (fixed.size() < text.size() &&
      fixed.find_first_of("/?#", fixed.find("://") + 3) == fixed.npos) {
    if (read)
      report.error("A803", node.span, "a value follows the host of this URL and could change it",
                   "close the host with a slash: " + quote(std::string(fixed) + "/{{…}}"));
    else
      computed_host(node);
    return false;
  }
  if (!read) {
    report.error("S104", node.span, quote(text) + " cannot be called: " + read.error().message);
    return false;
  }
  origin = *read;
  return true;
}

bool Reader::good_rest(const Node& node, std::string_view rest) {
  const std::string_view path = rest.substr(0, rest.find('?'));
  const char* what = nullptr;
  if (constant_part(rest).find('#') != rest.npos)
    what = "a fragment (#) is never sent";
  else if (path.find("//") != path.npos)
    what = "its path holds an empty segment";
  else if ((std::string(path) + "/").find("/../") != std::string::npos ||
           (std::string(path) + "/").find("/./") != std::string::npos ||
           lower_case(std::string(path)).find("%2e") != std::string::npos ||
           path.find('\\') != path.npos)
    what = "its path holds dots that lead elsewhere, or a backslash";
  else if (constant_part(rest).find_first_of(" \t\r\n") != rest.npos)
    what = "it holds a space; write %20";
  for (const char c : constant_part(rest))
    if (static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) < 0x20)
      what = "it holds a letter outside ASCII; write it as %XX";
  if (!what) return true;
  report.error("S104", node.span, quote(node.text) + " cannot be called: " + what);
  return false;
}

void Reader::read(const Node& node, Address& out) {
  std::string text;
  if (!read(node, text) || !fixed_origin(node, text, out.origin)) return;
  if (!good_rest(node, std::string_view(text).substr(out.origin.end))) return;
  const std::string host = out.origin.text();
  if (hosts && std::find(hosts->begin(), hosts->end(), host) == hosts->end()) {
    std::string all;
    for (const std::string& known : *hosts) all += known + ", ";
    report.error("A804", node.span, quote(host) + " is not among the hosts that this app may reach",
                 "limits: {hosts: [" + all + host + "]}");
    return;
  }
  auto code = text_of(node, text, mustache::Escape::url);
  if (code) out.text = std::move(*code);
}

void Reader::read(const Node& node, Values& out) {
  if (!is_map(node, "`query`")) return;
  for (const yaml::Member& member : node.members) {
    out.emplace_back(member.key, Value());
    read(member.value, out.back().second);
  }
}

// Names that can be sent; values are one line of text.
void Reader::read(const Node& node, Headers& out) {
  if (!is_map(node, "`headers`")) return;
  std::set<std::string> seen;
  for (const yaml::Member& member : node.members) {
    const std::string name = lower_case(member.key);
    if (!is_token(member.key))
      report.error("S104", member.key_span, quote(member.key) + " is not the name of a header",
                   "letters, digits and hyphens");
    else if (is_framing(name))
      report.error("S104", member.key_span,
                   "the header " + quote(member.key) + " is set by the server itself", "remove it");
    else if (name == "authorization" || name == "proxy-authorization" || name == "cookie")
      report.error("A802", member.key_span,
                   "the header " + quote(member.key) + " carries a secret, which no file holds",
                   "auth: {bearer: A_SECRET}, and the name under `secrets`");
    else if (name == "idempotency-key")
      report.error("S104", member.key_span, "this header has a key of its own",
                   "idempotency: =run.id");
    else if (!seen.insert(name).second)
      report.error("Y001", member.key_span, "the header " + quote(member.key) + " is there twice");
    out.values.emplace_back(member.key, Value());
    read(member.value, out.values.back().second);
    const Type& type = out.values.back().second.type();
    if (type.is(Type::Kind::list) || type.is(Type::Kind::object) || type.is(Type::Kind::map))
      report.error("D405", member.value.span,
                   "the header " + quote(member.key) + " is text, this gives " + word(type));
  }
}

// {bearer: NAME}, {basic: NAME}, {header: NAME} or {header: {X-Other: NAME}}
void Reader::read(const Node& node, Auth& out) {
  if (!map_of(node, "`auth`", {"bearer", "basic", "header"})) return;
  if (node.members.size() != 1)
    return report.error("S102", node.span, "`auth` needs exactly one of bearer, basic and header",
                        "bearer: A_SECRET");
  const yaml::Member& how = node.members.front();
  const Node* name = &how.value;
  out.how = how.key == "bearer"  ? Auth::How::bearer
            : how.key == "basic" ? Auth::How::basic
                                 : Auth::How::header;
  if (out.how == Auth::How::header) out.header = "X-API-Key";
  if (out.how == Auth::How::header && name->is(Node::Kind::map)) {
    if (name->members.size() != 1 || !is_token(name->members.front().key) ||
        is_framing(lower_case(name->members.front().key)))
      return report.error("S104", name->span, "`header` names one header and its secret",
                          "header: {X-API-Key: A_SECRET}");
    out.header = name->members.front().key;
    name = &name->members.front().value;
  }
  std::string secret;
  if (read(*name, secret) && known_secret(*name, secret)) out.secret = secret;
}

bool Reader::known_secret(const Node& node, const std::string& name) {
  if (secrets.contains(name)) return true;
  const std::string near = nearest(name, {secrets.begin(), secrets.end()});
  report.error("A812", node.span, "no secret " + quote(name) + " under `secrets`",
               near.empty() ? "name it there: secrets: [" + name +
                                  "]; its value comes from the server's environment"
                            : quote(near));
  return false;
}

// 204, 2xx, or a list of them.
void Reader::read(const Node& node, Statuses& out) {
  const auto one = [&](const Node& item) {
    const std::string& text = item.text;
    const bool scalar = item.is(Node::Kind::integer) || item.is(Node::Kind::string);
    if (scalar && text.size() == 3 && text[0] >= '1' && text[0] <= '5') {
      const int hundred = (text[0] - '0') * 100;
      if (text.ends_with("xx")) return out.ranges.emplace_back(hundred, hundred + 99), true;
      if (item.is(Node::Kind::integer) && item.integer >= 200)
        return out.ranges.emplace_back(item.integer, item.integer), true;
    }
    report.error("S104", item.span, quote(text) + " is not a status",
                 "a code such as 404, or a class such as 2xx");
    return false;
  };
  out.ranges.clear();
  if (!node.is(Node::Kind::list)) {
    one(node);
    return;
  }
  if (node.items.empty()) report.error("S104", node.span, "`expect` names no status", "[2xx]");
  for (const Node& item : node.items) one(item);
}

template <>
const char* type_word<Address>() {
  return "text";
}
template <>
const char* type_word<Values>() {
  return "map of data";
}
template <>
const char* type_word<Headers>() {
  return "map of data";
}
template <>
const char* type_word<Auth>() {
  return "bearer, basic or header: secret";
}
template <>
const char* type_word<Statuses>() {
  return "list of statuses (2xx)";
}

}  // namespace plenum::app
