// Loader first, then the checks over what it could read, then what the author silenced.
#include "engine/lint/lint.h"

#include "engine/lint/check.h"
#include "engine/lint/fixes.h"
#include "engine/lint/silence.h"
#include "engine/lint/unused_files.h"
#include "engine/nodes/nodes.h"

namespace plenum::lint {

namespace {

std::string text_of(const app::Draft& draft, const std::string& path) {
  const auto it = draft.files.find(path);
  return it == draft.files.end() ? std::string() : it->second;
}

void run_checks(const app::Draft& draft, const app::Files& files, Report& report) {
  if (!draft.app || !draft.root) return;
  const std::vector<Diagnostic> loaders = report.sorted();
  const Subject subject(draft, files, loaders);
  for (const Check& check : checks())
    if (check.run) check.run(subject, report);
}

// A key or input that was given by a wrong name is not also missing: one mistake, one finding.
std::vector<Diagnostic> without_echoes(std::vector<Diagnostic> findings) {
  std::set<std::string> meant;
  for (const Diagnostic& d : findings)
    if (d.code == "D404") meant.insert(d.help);
  std::erase_if(findings, [&](const Diagnostic& d) {
    const size_t input = d.message.find(" needs input ");
    return (d.code == "D401" && meant.contains(d.message.substr(0, d.message.find(" is read")))) ||
           (d.code == "D408" && input != std::string::npos &&
            meant.contains(d.message.substr(input + 13)));
  });
  return findings;
}

}  // namespace

Linted lint_app(const std::string& path, const app::Files& files) {
  Linted out;
  Report report;
  out.draft = app::read_app(path, files, nodes::kinds(), report);
  run_checks(out.draft, files, report);
  out.findings = unsilenced(without_echoes(report.sorted()), out.draft.files);
  for (Diagnostic& finding : out.findings)
    if (finding.fixes.empty() && finding.span.file)
      finding.fixes = fixes_for(finding, text_of(out.draft, *finding.span.file));
  if (!report.has_errors()) out.app = out.draft.app;
  return out;
}

std::vector<Diagnostic> lint_files(const std::vector<std::string>& paths, const app::Files& files,
                                   bool whole_folder) {
  Report report;
  std::vector<app::Draft> drafts;
  for (const std::string& path : paths) {
    Linted one = lint_app(path, files);
    for (Diagnostic& finding : one.findings) report.add(std::move(finding));
    drafts.push_back(std::move(one.draft));
  }
  if (whole_folder && !report.has_errors()) report_unused_files(drafts, files, report);
  return report.sorted();
}

}  // namespace plenum::lint
