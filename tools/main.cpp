// plenum: one binary, one short file per subcommand.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>

#include "engine/base/failpoint.h"
#include "tools/command.h"

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("plenum"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
#ifndef NDEBUG
  if (const char* place = std::getenv("PLENUM_FAILPOINT")) plenum::arm_failpoint(place);
#endif
  CLI::App app("One backend for many AI products: each is a YAML file in apps.d/.", "plenum");
  app.set_version_flag("--version", "plenum 0.1.0");
  app.require_subcommand(1);
  plenum::tools::Run run;
  plenum::tools::add_serve(app, run);
  plenum::tools::add_lint(app, run);
  plenum::tools::add_explain(app, run);
  plenum::tools::add_eval(app, run);
  plenum::tools::add_render(app, run);
  plenum::tools::add_validate(app, run);
  plenum::tools::add_test(app, run);
  plenum::tools::add_openapi(app, run);
  plenum::tools::add_diff(app, run);
  plenum::tools::add_graph(app, run);
  plenum::tools::add_schema(app, run);
  plenum::tools::add_run(app, run);
  plenum::tools::add_lsp(app, run);
  plenum::tools::add_runs(app, run);
  plenum::tools::add_backup(app, run);
  plenum::tools::add_doctor(app, run);
  plenum::tools::add_forget(app, run);
  plenum::tools::add_grant(app, run);
  plenum::tools::add_audit(app, run);
  plenum::tools::add_keys(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run();
}
