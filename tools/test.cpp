// plenum test: the apps' own tests, offline.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/lint/lint.h"
#include "tools/command.h"
#include "tools/scratch.h"
#include "tools/settings.h"
#include "tools/testing/report.h"

namespace plenum::tools {

namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string root = ".", apps = "apps.d", junit, only;
  std::vector<std::string> names;
  bool record = false, again = false;
};

struct Loaded {
  std::string file;  // "apps.d/asker.yaml"
  std::shared_ptr<const app::App> app;
  app::Tests tests;
  std::shared_ptr<testing::RecordOptions> record;  // null: nothing is recorded
};

int complain(const std::string& what) {
  fprintf(stderr, "plenum test: %s\n", what.c_str());
  return 2;
}

// The app files that are asked for: by the app's name, or as a path.
Result<std::vector<std::string>> chosen(const Arguments& arguments, const app::Files& files) {
  std::vector<std::string> all;
  for (const std::string& file : files.list(arguments.apps))
    if (file.ends_with(".yaml") || file.ends_with(".yml")) all.push_back(file);
  if (arguments.names.empty()) return all;
  std::vector<std::string> some, stems;
  for (const std::string& file : all) stems.push_back(file.substr(0, file.rfind('.')));
  for (const std::string& name : arguments.names) {
    const std::string stem = fs::path(name).stem().string();
    const auto it = std::find(stems.begin(), stems.end(), stem);
    if (it == stems.end()) {
      const std::string near = nearest(stem, stems);
      return fail(Kind::not_found, "there is no app " + quote(name) + " in " + arguments.root +
                                       "/" + arguments.apps +
                                       (near.empty() ? "" : "; did you mean " + quote(near) + "?"));
    }
    some.push_back(all[static_cast<size_t>(it - stems.begin())]);
  }
  return some;
}

// Apps side by side, each with its cases one after the other.
std::vector<testing::AppResult> run_all(const std::vector<Loaded>& apps,
                                        const testing::RunOptions& options) {
  std::vector<testing::AppResult> results(apps.size());
  const auto run = [&](const Loaded& one) {
    testing::RunOptions own = options;
    own.record = one.record;
    return testing::run_tests(one.app, one.tests, own);
  };
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i; (i = next++) < apps.size();) results[i] = run(apps[i]);
  };
  const size_t threads = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, apps.size());
  std::vector<std::thread> pool;
  for (size_t i = 1; i < threads; ++i) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
  return results;
}

// The models that recording asks, and what it asks them for.
Result<std::shared_ptr<testing::RecordOptions>> record_options(const Arguments& arguments,
                                                               const std::string& file,
                                                               const app::Files& files) {
  if (!arguments.record) return nullptr;
  auto options = std::make_shared<testing::RecordOptions>();
  options->providers = TRY(read_settings(arguments.root)).engine.providers;
  options->again = arguments.again;
  options->missing = testing::missing_fixtures(file, files);
  options->exists = [root = fs::path(arguments.root)](const std::string& path) {
    std::error_code error;
    return fs::exists(root / path, error);
  };
  return options;
}

Result<Loaded> load(const Arguments& arguments, const std::string& file, const app::Files& files) {
  Loaded loaded;
  loaded.file = file;
  loaded.record = TRY(record_options(arguments, file, files));
  const std::set<std::string> none;
  const testing::WithPlaceholders readable(files, loaded.record ? &loaded.record->missing : &none);
  lint::Linted linted = lint::lint_app(file, readable, lint::Tests::read);
  for (const Diagnostic& finding : linted.findings)
    if (finding.severity == Severity::error) printf("%s\n", to_text(finding).c_str());
  loaded.app = std::move(linted.app);
  loaded.tests = std::move(linted.tests);
  return loaded;
}

// What was recorded, on the disk.
Result<> keep(const Arguments& arguments, const std::vector<Loaded>& apps,
              const std::vector<testing::AppResult>& results) {
  bool any = false;
  for (size_t i = 0; i < apps.size(); ++i) {
    const auto written = TRY(testing::write(results[i].recording, arguments.root, apps[i].file));
    for (const std::string& path : written) printf("recorded %s\n", path.c_str());
    any = any || !written.empty();
  }
  if (!any)
    printf("nothing was recorded%s\n",
           testing::failed(results) > 0 ? ": only tests that pass are"
           : arguments.again            ? ""
                             : ": every reply is there; --again asks for the fixtures anew");
  return {};
}

int test(const Arguments& arguments) {
  if (arguments.again && !arguments.record) return complain("--again goes with --record");
  const auto files = app::disk_files(arguments.root);
  const auto paths = chosen(arguments, *files);
  if (!paths) return complain(paths.error().message);
  if (paths->empty())
    return complain("there is no app in " + arguments.root + "/" + arguments.apps);
  std::vector<Loaded> apps;
  std::string without;
  bool broken = false;
  for (const std::string& file : *paths) {
    Result<Loaded> loaded = load(arguments, arguments.apps + "/" + file, *files);
    if (!loaded) return complain(loaded.error().message);
    if (!loaded->app)
      broken = true;
    else if (loaded->tests.cases.empty())
      without += (without.empty() ? "" : ", ") + loaded->app->name;
    else
      apps.push_back(*std::move(loaded));
  }
  if (!without.empty()) printf("no tests: %s\n", without.c_str());
  const Scratch scratch;
  if (scratch.path.empty()) return complain("no scratch folder can be made");
  spdlog::set_level(spdlog::level::off);  // what runs log is in the answers
  const auto results =
      apps.empty() ? std::vector<testing::AppResult>()
                   : run_all(apps, {extract_helper(), scratch.path, arguments.only, nullptr});
  fputs(testing::human(results).c_str(), stdout);
  if (arguments.record)
    if (const Result<> kept = keep(arguments, apps, results); !kept)
      return complain(kept.error().message);
  if (!arguments.junit.empty()) {
    std::ofstream out(arguments.junit, std::ios::binary);
    out << testing::junit(results);
    if (!out.flush()) return complain("cannot write " + arguments.junit);
  }
  return broken || testing::failed(results) > 0 ? 1 : 0;
}

}  // namespace

void add_test(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "test", "Runs the apps' own tests, offline; exit 0 all pass, 1 not, 2 bad usage");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("apps", arguments->names, "Apps by name or file (all)");
  command->add_option("--root", arguments->root, "The folder that holds apps.d/")
      ->capture_default_str();
  command->add_option("--apps", arguments->apps, "The folder of the app files, below the root")
      ->capture_default_str();
  command->add_option("--only", arguments->only, "Only tests whose names hold this text");
  command->add_option("--junit", arguments->junit,
                      "Also writes the results to this file, as JUnit's XML");
  command->add_flag(
      "--record", arguments->record,
      "Asks the real models where a reply or its fixture is missing, and writes fixtures");
  command->add_flag("--again", arguments->again,
                    "With --record: asks for the fixtures that are there, too");
  command->callback([arguments, &run] { run = [arguments] { return test(*arguments); }; });
}

}  // namespace plenum::tools
