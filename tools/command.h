// A subcommand of `plenum`: adds itself to the command line and says what to run.  The exit status
// is what run returns.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace plenum::tools {

using Run = std::function<int()>;

void add_serve(CLI::App& app, Run& run);
void add_lint(CLI::App& app, Run& run);
void add_explain(CLI::App& app, Run& run);
void add_eval(CLI::App& app, Run& run);
void add_render(CLI::App& app, Run& run);
void add_validate(CLI::App& app, Run& run);
void add_test(CLI::App& app, Run& run);
void add_openapi(CLI::App& app, Run& run);
void add_diff(CLI::App& app, Run& run);
void add_graph(CLI::App& app, Run& run);
void add_schema(CLI::App& app, Run& run);
void add_run(CLI::App& app, Run& run);
void add_lsp(CLI::App& app, Run& run);
void add_runs(CLI::App& app, Run& run);    // and jobs
void add_backup(CLI::App& app, Run& run);  // and restore
void add_doctor(CLI::App& app, Run& run);
void add_forget(CLI::App& app, Run& run);
void add_grant(CLI::App& app, Run& run);  // and revoke, grants
void add_audit(CLI::App& app, Run& run);
void add_keys(CLI::App& app, Run& run);

}  // namespace plenum::tools
