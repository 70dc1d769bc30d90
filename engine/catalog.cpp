#include "engine/catalog.h"

#include <nlohmann/json.hpp>

#include "engine/app/load.h"
#include "engine/lint/lint.h"
#include "engine/nodes/nodes.h"

namespace plenum {

namespace {

void check_providers(const app::App& app, const std::set<std::string>& callable, Report& report) {
  const auto check = [&](const app::Model& model, const Span& span) {
    if (callable.contains(model.provider) || !model.key.empty()) return;
    std::string key = model.provider + "_API_KEY";
    std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return toupper(c); });
    report.error("R201", span, "no key is set for the provider " + quote(model.provider),
                 "set " + key + " in the server's environment");
  };
  for (const auto& [name, model] : app.models) {
    check(*model, model->span);
    for (const auto& fallback : model->fallback) check(*fallback, model->span);
  }
}

void check_secrets(const app::App& app, Secrets* secrets, Report& report) {
  for (const app::App::Secret& secret : app.secrets)
    if (const Result<> loaded = secrets->load(secret.name); !loaded)
      report.error(
          "A811", secret.span, loaded.error().message,
          "set " + secret.name + " or " + secret.name + "_FILE in the server's environment");
}

void check_hosts(const app::App& app, bool local_allowed, Report& report) {
  for (const std::string& host : app.limits.hosts)
    if (host.starts_with("http://") && !local_allowed)
      report.error("A804", app.limits.hosts_span,
                   quote(host) +
                       " is on this machine, which an app may call in development only, "
                       "and where the operator allows it",
                   "name a public host, or set outbound.allow_local: true "
                   "(PLENUM_OUTBOUND_ALLOW_LOCAL)");
}

}  // namespace

std::shared_ptr<const Catalog> load_catalog(const app::Files& files, const std::string& folder,
                                            const Granted& granted, const Catalog* before) {
  auto catalog = std::make_shared<Catalog>();
  for (const std::string& file : files.list(folder)) {
    if (!file.ends_with(".yaml") && !file.ends_with(".yml")) continue;
    const std::string path = folder + "/" + file;
    lint::Linted linted = lint::lint_app(path, files);  // refuses what `plenum lint` refuses
    std::shared_ptr<const app::App> app = std::move(linted.app);
    Report report;
    for (Diagnostic& finding : linted.findings)
      if (finding.severity != Severity::advice) report.add(std::move(finding));
    if (app) {
      check_providers(*app, granted.providers, report);
      check_secrets(*app, granted.secrets, report);
      check_hosts(*app, granted.local_hosts, report);
    }
    if (report.has_errors()) app = nullptr;
    for (Diagnostic& finding : report.sorted()) catalog->findings.push_back(std::move(finding));
    if (app) {
      catalog->apps[app->name] = std::move(app);
      continue;
    }
    catalog->refused.push_back(path);
    const std::string name = file.substr(0, file.rfind('.'));
    if (before)
      if (const auto old = before->apps.find(name); old != before->apps.end())
        catalog->apps[name] = old->second;
  }
  return catalog;
}

std::string pack_bundle(const app::App& app) {
  Json files = Json::object();
  for (const auto& [path, text] : app.files) files[path] = text;
  return to_text(Json{{"path", *app.span.file}, {"files", std::move(files)}});
}

Result<std::shared_ptr<const app::App>> unpack_bundle(const std::string& name,
                                                      const std::string& text) {
  const Json packed = TRY(parse_json(text, JsonLimits{256u << 20, 8, 100'000, 8u << 20, 100'000}));
  std::map<std::string, std::string> files;
  if (const Json* all = find(packed, "files"))
    for (const auto& [path, content] : all->items()) files[path] = content.get<std::string>();
  Report report;
  auto app = app::load_app(text_or(packed, "path"), app::MemoryFiles(std::move(files)),
                           nodes::kinds(), report);
  if (app) return app;
  return fail(Kind::internal, "the stored version of app `" + name + "` does not load: " +
                                  (report.empty() ? "" : to_text(report.sorted().front())));
}

}  // namespace plenum
