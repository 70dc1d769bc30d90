#include "engine/lint/apply.h"

#include "engine/lint/fixes.h"
#include "engine/lint/lint.h"

namespace plenum::lint {

namespace {

constexpr int kRounds = 20;  // a mended file may show its next mistakes

// Changed texts in front of the files they will become.
class Changed final : public app::Files {
 public:
  explicit Changed(const app::Files& files) : files_(files) {}
  std::optional<std::string> read(const std::string& path) const override {
    const auto it = texts.find(path);
    return it == texts.end() ? files_.read(path) : it->second;
  }
  std::vector<std::string> list(const std::string& folder) const override {
    return files_.list(folder);
  }
  std::map<std::string, std::string> texts;

 private:
  const app::Files& files_;
};

using ByFile = std::map<std::string, std::vector<const Fix*>>;

// A fix of one file; one that would change several is left to people.
ByFile fixes_of(const std::vector<Diagnostic>& findings, bool unsafe) {
  ByFile all;
  for (const Diagnostic& finding : findings)
    for (const Fix& fix : finding.fixes) {
      if (fix.edits.empty() || (!fix.safe && !unsafe)) continue;
      const std::string& file = *fix.edits[0].span.file;
      const bool one = std::all_of(fix.edits.begin(), fix.edits.end(),
                                   [&](const Edit& edit) { return *edit.span.file == file; });
      if (one) all[file].push_back(&fix);
      break;  // one fix for a finding
    }
  return all;
}

}  // namespace

Applied apply_fixes(const std::vector<std::string>& paths, const app::Files& files, bool unsafe) {
  Applied out;
  Changed changed(files);
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<Diagnostic> findings = lint_files(paths, changed, false);
    size_t applied = 0;
    for (const auto& [path, fixes] : fixes_of(findings, unsafe)) {
      const auto text = changed.read(path);
      if (!text) continue;
      std::string now = mended(*text, fixes, applied);
      if (now != *text) changed.texts[path] = std::move(now);
    }
    out.count += applied;
    if (applied == 0) break;
  }
  out.files = std::move(changed.texts);
  return out;
}

}  // namespace plenum::lint
