// Loader first, then the checks over what it could read, then what the author silenced.
#include "engine/lint/lint.h"

#include <atomic>
#include <thread>
#include <tuple>

#include "engine/lint/additions.h"
#include "engine/lint/check.h"
#include "engine/lint/fixes.h"
#include "engine/lint/silence.h"
#include "engine/lint/unused_files.h"
#include "engine/nodes/nodes.h"

namespace plenum::lint {

namespace {

std::string text_of(const Linted& linted, const std::string& path) {
  for (const auto* files : {&linted.draft.files, &linted.tests.files})
    if (const auto it = files->find(path); it != files->end()) return it->second;
  return {};
}

void run_checks(const app::Draft& draft, const app::Files& files, Report& report) {
  if (!draft.app || !draft.root) return;
  const std::vector<Diagnostic> loaders = report.sorted();
  const Subject subject(draft, files, loaders);
  for (const Check& check : checks())
    if (check.run) check.run(subject, report);
}

std::vector<Fix> fixes_of(const Diagnostic& finding, const Linted& linted) {
  if (!finding.fixes.empty() || !finding.span.file) return finding.fixes;
  if (finding.code == "A804" && linted.draft.root)  // its message begins with the host
    return {host_listed(finding.message.substr(1, finding.message.find('`', 1) - 1),
                        *linted.draft.root)};
  return fixes_for(finding, text_of(linted, *finding.span.file));
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

Linted lint_app(const std::string& path, const app::Files& files, Tests tests) {
  Linted out;
  Report report;
  out.draft = app::read_app(path, files, nodes::kinds(), report);
  if (tests == Tests::read) out.tests = app::read_tests(out.draft, files, report);
  run_checks(out.draft, files, report);
  out.findings = unsilenced(without_echoes(report.sorted()), out.draft.files);
  for (Diagnostic& finding : out.findings) finding.fixes = fixes_of(finding, out);
  if (!report.has_errors()) out.app = out.draft.app;
  return out;
}

namespace {

constexpr size_t kWorthThreads = 16;  // files

// Every app by itself, on as many threads as there are processors: nothing is shared but the files.
std::vector<Linted> lint_each(const std::vector<std::string>& paths, const app::Files& files) {
  std::vector<Linted> all(paths.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i; (i = next++) < paths.size();) all[i] = lint_app(paths[i], files, Tests::read);
  };
  const size_t threads = paths.size() < kWorthThreads
                             ? 1
                             : std::clamp<size_t>(std::thread::hardware_concurrency(), 1, 16);
  std::vector<std::thread> others;
  for (size_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  return all;
}

// A prompt that two apps share has its mistakes once.
std::vector<Diagnostic> sorted_once(std::vector<Diagnostic> all) {
  const auto key = [](const Diagnostic& d) {
    const std::string_view file = d.span.file ? std::string_view(*d.span.file) : "";
    return std::make_tuple(file, d.span.start, std::string_view(d.code),
                           std::string_view(d.message));
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
  all.erase(std::unique(all.begin(), all.end(),
                        [&](const Diagnostic& a, const Diagnostic& b) { return key(a) == key(b); }),
            all.end());
  return all;
}

}  // namespace

std::vector<Diagnostic> lint_files(const std::vector<std::string>& paths, const app::Files& files,
                                   bool whole_folder) {
  std::vector<Linted> each = lint_each(paths, files);
  std::vector<Diagnostic> all;
  bool served = true;
  std::vector<app::Draft> drafts;
  for (Linted& one : each) {
    served = served && one.app;
    std::move(one.findings.begin(), one.findings.end(), std::back_inserter(all));
    drafts.push_back(std::move(one.draft));
  }
  if (whole_folder && served) {
    Report report;
    report_unused_files(drafts, files, report);
    for (Diagnostic& finding : report.sorted()) all.push_back(std::move(finding));
  }
  return sorted_once(std::move(all));
}

}  // namespace plenum::lint
