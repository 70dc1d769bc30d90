// The OpenAPI 3.1 document of an app.
#include <nlohmann/json.hpp>

#include "server/handle.h"

namespace plenum::server {

namespace {

Json reference(const char* name) {
  return Json{{"$ref", std::string("#/components/") + name}};
}

Json json_content(Json schema) {
  return Json{{"application/json", {{"schema", std::move(schema)}}}};
}

// What is certain of a value, as JSON Schema.
Json schema_of(const Type& type) {
  if (type.is_nullable())
    return Json{{"anyOf", Json::array({schema_of(type.nullable(false)), Json{{"type", "null"}}})}};
  switch (type.kind()) {
    case Type::Kind::boolean:
      return Json{{"type", "boolean"}};
    case Type::Kind::integer:
      return Json{{"type", "integer"}};
    case Type::Kind::number:
    case Type::Kind::real:
      return Json{{"type", "number"}};
    case Type::Kind::string: {
      Json schema{{"type", "string"}};
      if (!type.values().empty()) schema["enum"] = type.values();
      return schema;
    }
    case Type::Kind::list:
      return Json{{"type", "array"}, {"items", schema_of(type.element())}};
    case Type::Kind::object: {
      Json properties = Json::object(), required = Json::array();
      for (const auto& [name, field] : type.fields()) {
        properties[name] = schema_of(field.type);
        if (field.required) required.push_back(name);
      }
      Json schema{{"type", "object"}};
      if (!properties.empty()) schema["properties"] = std::move(properties);
      if (!required.empty()) schema["required"] = std::move(required);
      return schema;
    }
    case Type::Kind::null:
      return Json{{"type", "null"}};
    default:
      return Json::object();
  }
}

Json form_schema(const app::Graph& graph, const app::Route& route) {
  Json schema = app::object_schema(graph.input);
  for (const app::Upload& upload : route.uploads)
    schema["properties"][upload.field] =
        Json{{"type", "string"},
             {"format", "binary"},
             {"description", "One of " + any_of(upload.accept) + ", at most " +
                                 std::to_string(upload.max_bytes >> 20) + " MB."}};
  return schema;
}

Json request_body(const app::App& app, const app::Route& route) {
  const app::Graph& graph = app.graphs.at(route.graph);
  if (route.does == app::Route::Does::resume)
    return Json{{"required", true},
                {"content",
                 json_content(Json{
                     {"type", "object"},
                     {"properties",
                      {{"run_id",
                        {{"type", "string"}, {"description", "As the paused call returned it."}}}}},
                     {"required", Json::array({"run_id"})},
                     {"description", "And the fields that `" + route.interrupt + "` expects."}})}};
  if (!route.uploads.empty())
    return Json{{"required", true},
                {"content", {{"multipart/form-data", {{"schema", form_schema(graph, route)}}}}}};
  if (route.has_with) return Json{{"content", json_content(Json{{"type", "object"}})}};
  Json schema = app::object_schema(graph.input);
  if (graph.keeps && !app::find(graph.input, "thread_id"))
    schema["properties"]["thread_id"] =
        Json{{"type", "string"}, {"description", "Of an earlier answer: continues its thread."}};
  return Json{{"required", true}, {"content", json_content(std::move(schema))}};
}

Json answers(const app::App& app, const app::Route& route) {
  Json answers = Json::object();
  if (route.async) {
    answers["202"] = Json{{"description", "Queued; see `status_url`."},
                          {"content", json_content(reference("schemas/Accepted"))}};
  } else if (route.does == app::Route::Does::start || route.does == app::Route::Does::resume) {
    Json output = route.output ? schema_of(route.output->type())
                               : schema_of(app.graphs.at(route.graph).output_type);
    Json body =
        route.output
            ? std::move(output)
            : Json{{"allOf", Json::array({reference("schemas/Run"),
                                          Json{{"type", "object"},
                                               {"properties", {{"output", Json::object()}}}}})},
                   {"description", "When completed, `output` is: " + to_text(output)}};
    answers["200"] = Json{{"description", "Completed, or waiting for an answer."},
                          {"content", json_content(std::move(body))}};
  } else {
    answers["200"] = Json{{"description", "A page of items."},
                          {"content", json_content(Json{{"type", "object"}})}};
  }
  for (const char* status : {"400", "401", "402", "403", "406", "409", "422", "429", "503"})
    answers[status] = reference("responses/Problem");
  return answers;
}

// The ways to sign in, by name.  A token of any issuer is sent as a bearer's; an issuer without a
// document of its own to be found in is only that.
Json security_schemes(const std::vector<auth::Issuer>& issuers) {
  Json schemes{{"bearer",
                {{"type", "http"},
                 {"scheme", "bearer"},
                 {"description", "A token of the app's issuer, or a key of the app."}}},
               {"apiKey",
                {{"type", "apiKey"},
                 {"in", "header"},
                 {"name", "X-Api-Key"},
                 {"description", "A key that the operator made for a program."}}}};
  for (const auth::Issuer& issuer : issuers)
    if (issuer.keys_url.empty() || issuer.firebase)
      schemes["openId_" + issuer.name] =
          Json{{"type", "openIdConnect"},
               {"openIdConnectUrl", issuer.url + "/.well-known/openid-configuration"}};
  return schemes;
}

// Which credentials an operation takes, any of them; {}: none.
Json security(app::Route::Auth auth, const Json& schemes) {
  Json ways = Json::array();
  if (auth == app::Route::Auth::open) return ways;
  for (const auto& [name, scheme] : schemes.items()) ways.push_back(Json{{name, Json::array()}});
  if (auth == app::Route::Auth::optional) ways.push_back(Json::object());
  return ways;
}

Json generated(const char* id, const char* summary, bool parameter = true) {
  Json operation{{"operationId", id}, {"summary", summary}};
  if (parameter)
    operation["parameters"] = Json::array({Json{
        {"name", "id"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}}});
  operation["responses"] =
      Json{{"200", {{"description", "OK"}, {"content", json_content(Json{{"type", "object"}})}}},
           {"404", reference("responses/Problem")}};
  return operation;
}

std::string operation_id(const app::Route& route) {
  std::string id = route.method;
  for (char& c : id) c = static_cast<char>(tolower(c));
  for (const char c : route.path) id += isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return id;
}

Json components(Json schemes) {
  const Json text{{"type", "string"}};
  return Json{
      {"securitySchemes", std::move(schemes)},
      {"responses",
       {{"Problem",
         {{"description", "A problem document (RFC 9457)."},
          {"content",
           {{"application/problem+json", {{"schema", reference("schemas/Problem")}}}}}}}}},
      {"schemas",
       {{"Problem",
         {{"type", "object"},
          {"properties",
           {{"type", text},
            {"title", text},
            {"status", {{"type", "integer"}}},
            {"detail", text},
            {"code", text},
            {"request_id", text},
            {"errors",
             {{"type", "array"},
              {"items",
               {{"type", "object"}, {"properties", {{"pointer", text}, {"detail", text}}}}}}}}}}},
        {"Run",
         {{"type", "object"},
          {"properties",
           {{"run_id", text},
            {"thread_id", text},
            {"status", {{"enum", Json::array({"completed", "waiting"})}}},
            {"at", text},
            {"model", text},
            {"output", Json::object()}}},
          {"required", Json::array({"run_id", "thread_id", "status", "output"})}}},
        {"Accepted",
         {{"type", "object"},
          {"properties", {{"job_id", text}, {"status", text}, {"status_url", text}}},
          {"required", Json::array({"job_id", "status", "status_url"})}}}}}};
}

}  // namespace

Json openapi(const app::App& app, const std::vector<auth::Issuer>& issuers) {
  const Json schemes = security_schemes(issuers);
  const std::string base = "/api/v1/" + app.name;
  Json paths = Json::object();
  for (const app::Route& route : app.routes) {
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(tolower(c));
    Json operation{{"operationId", operation_id(route)}};
    if (!route.summary.empty()) operation["summary"] = route.summary;
    if (route.does == app::Route::Does::start || route.does == app::Route::Does::resume)
      operation["requestBody"] = request_body(app, route);
    if (route.auth != app::Route::Auth::required)
      operation["security"] = security(route.auth, schemes);
    operation["responses"] = answers(app, route);
    paths[base + route.path][method] = std::move(operation);
  }
  for (const std::string kind : {"job", "run"}) {
    const std::string one = base + "/" + kind + "s/{id}";
    paths[one]["get"] = generated((kind + "_get").c_str(), "Everything about it");
    paths[one]["delete"] = generated((kind + "_cancel").c_str(), "Cancels it");
    paths[one + "/status"]["get"] = generated((kind + "_status").c_str(), "Status and progress");
    paths[one + "/result"]["get"] =
        generated((kind + "_result").c_str(), "Its output; 409 while it is not finished");
    paths[one + "/events"]["get"] =
        generated((kind + "_events").c_str(), "Server-sent events; Last-Event-ID continues");
    if (has_anonymous_runs(app))
      for (const char* page : {"", "/status", "/result", "/events"})
        for (auto& [method, operation] : paths[one + page].items())
          operation["security"] = security(app::Route::Auth::optional, schemes);
  }
  for (const auto& [name, collection] : app.collections) {
    if (collection.list)
      paths[base + "/" + name]["get"] =
          generated((name + "_list").c_str(), "Your rows, newest first", false);
    if (collection.get)
      paths[base + "/" + name + "/{id}"]["get"] =
          generated((name + "_get").c_str(), "One of your rows");
    if (collection.remove)
      paths[base + "/" + name + "/{id}"]["delete"] =
          generated((name + "_delete").c_str(), "Deletes one of your rows");
  }
  return Json{{"openapi", "3.1.0"},
              {"info",
               {{"title", app.title.empty() ? app.name : app.title},
                {"description", app.description},
                {"version", app.version.empty() ? "1" : app.version}}},
              {"security", security(app::Route::Auth::required, schemes)},
              {"paths", std::move(paths)},
              {"components", components(schemes)}};
}

}  // namespace plenum::server
