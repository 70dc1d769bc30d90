#include "tools/testing/request.h"

#include <nlohmann/json.hpp>

#include "server/front/parse.h"

namespace plenum::testing {

namespace {

constexpr const char* kBoundary = "plenum-test-boundary-6f1d0c7a";

// A form with the uploads, and the body's members as its plain fields.
std::string form(const app::TestStep& step, const Json& body) {
  std::string text;
  const auto part = [&](const std::string& name, const std::string& more,
                        const std::string& value) {
    text += std::string("--") + kBoundary + "\r\nContent-Disposition: form-data; name=\"" + name +
            "\"" + more + "\r\n\r\n" + value + "\r\n";
  };
  if (body.is_object())
    for (const auto& [name, value] : body.items())
      part(name, "", value.is_string() ? value.get<std::string>() : to_text(value));
  for (const app::TestUpload& upload : step.uploads)
    part(upload.field, "; filename=\"" + upload.name + "\"", upload.bytes);
  return text + "--" + kBoundary + "--\r\n";
}

}  // namespace

std::string development_token(const app::TestCase& test) {
  std::string token = "dev:" + test.user + ":" + test.plan, roles;
  for (const std::string& role : test.roles) roles += (roles.empty() ? ":" : ",") + role;
  return token + roles;
}

Result<front::Request> request_of(const app::App& app, const app::TestCase& test,
                                  const app::TestStep& step, const Scope& scope) {
  const Json call = TRY(step.call.in(scope));
  const std::string text = call.is_string() ? call.get<std::string>() : to_text(call);
  front::Request request;
  request.peer = "127.0.0.1";
  request.headers = {{"host", "127.0.0.1"}, {"authorization", "Bearer " + development_token(test)}};
  const size_t space = text.find(' ');
  request.method = text.substr(0, space);
  request.target = "/api/v1/" + app.name + text.substr(space + 1);
  const std::string host = "127.0.0.1";
  if (const auto refusal = front::parse_target(&host, request))
    return fail(Kind::invalid, quote(text) + ": " + refusal->message);
  const Json body = TRY(step.body.in(scope));
  if (!step.uploads.empty()) {
    request.headers.emplace_back("content-type",
                                 std::string("multipart/form-data; boundary=") + kBoundary);
    request.body = form(step, body);
  } else if (!body.is_null()) {
    request.headers.emplace_back("content-type", "application/json");
    request.body = to_text(body);
  }
  return request;
}

}  // namespace plenum::testing
