// plenum lsp: a language server on standard input and output.
#include <CLI/CLI.hpp>
#include <iostream>

#include "tools/command.h"
#include "tools/editor/frames.h"
#include "tools/editor/server.h"

namespace plenum::tools {

namespace {

int lsp() {
  editor::LanguageServer server(
      [](const Json& message) { editor::write_frame(std::cout, message); });
  while (const auto text = editor::read_frame(std::cin))
    if (!server.take(*text)) return server.status();
  return server.status();
}

}  // namespace

void add_lsp(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "lsp", "A language server for editors: findings, hovers, definitions, completions");
  command->add_flag("--stdio")->description("The only way there is; for clients that ask for it");
  command->callback([&run] { run = lsp; });
}

}  // namespace plenum::tools
