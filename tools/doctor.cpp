// plenum doctor: whether the data of a server is whole, and what this machine lacks to serve.
//
// Nothing is repaired: what is wrong with data is for people to judge.
#include <sys/statvfs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/blob/blobs.h"
#include "engine/effects/child/sandbox.h"
#include "server/control.h"
#include "tools/command.h"
#include "tools/data_folder.h"
#include "tools/settings.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

constexpr uint64_t kLittleSpace = 256ull << 20;
constexpr Millis kLate = 10 * 60'000;

struct Arguments {
  DataArguments data;
  std::string format = "human";
  bool deep = false;
};

// What was looked at, and what is to be said about it.
class Findings {
 public:
  void good(const std::string& check, const std::string& text) { add("ok", check, text); }
  void note(const std::string& check, const std::string& text) { add("note", check, text); }
  void warn(const std::string& check, const std::string& text) { add("warning", check, text); }
  void wrong(const std::string& check, const std::string& text) {
    add("error", check, text);
    wrong_ = true;
  }

  int report(const std::string& format) const {
    if (format == "json")
      printf("%s\n", all_.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    else
      for (const Json& one : all_)
        printf("%-8s %-9s %s\n", text_or(one, "level").c_str(), text_or(one, "check").c_str(),
               text_or(one, "text").c_str());
    return wrong_ ? 1 : 0;
  }

 private:
  void add(const char* level, const std::string& check, const std::string& text) {
    all_.push_back(Json{{"level", level}, {"check", check}, {"text", text}});
  }
  Json all_ = Json::array();
  bool wrong_ = false;
};

bool is_served(const DataFolder& folder) {
  const Result<Json> answer = server::ask_server(folder.path, Json::object());
  return answer || answer.error().code != "not_served";
}

void check_database(Inspection& inspection, Findings& findings) {
  const Result<std::vector<std::string>> damages = inspection.damages();
  if (!damages) return findings.wrong("database", damages.error().message);
  for (const std::string& damage : *damages)
    findings.wrong("database", damage + ": restore the latest backup");
  if (damages->empty())
    findings.good("database", "whole, with the schema and the checksums of this version");
}

void check_files(Inspection& inspection, const DataFolder& folder, bool deep, Findings& findings) {
  const Result<std::vector<FileRow>> files = inspection.files(SystemClock().now());
  const Result<std::unique_ptr<Blobs>> blobs = open_disk_blobs(folder.files());
  if (!files || !blobs)
    return findings.wrong("files", files ? blobs.error().message : files.error().message);
  size_t missing = 0;
  for (const FileRow& file : *files) {
    Result<> there =
        (*blobs)->check(file.owner.app, file.owner.owner, file.digest, file.size, deep);
    if (there) continue;
    ++missing;
    findings.wrong("files", file.id + " of " + file.owner.app + ": " + there.error().message);
  }
  if (missing == 0)
    findings.good("files", std::to_string(files->size()) + " records, all with their bytes" +
                               (deep ? ", read and compared" : ""));
}

std::string ids(const std::vector<plenum::Run>& runs) {
  std::string text;
  for (const plenum::Run& run : runs) text += " " + run.id;
  return text;
}

Result<> check_runs(Inspection& inspection, bool served, Findings& findings) {
  std::string counted;
  for (const auto& [status, count] : TRY(inspection.counts()))
    counted += (counted.empty() ? "" : ", ") + std::to_string(count) + " " + name(status);
  findings.good("runs", counted.empty() ? "none" : counted);
  if (const auto lost = TRY(inspection.lost()); !lost.empty())
    findings.wrong("runs", "nothing can wake these, cancel them:" + ids(lost));
  const std::vector<plenum::Run> left = TRY(inspection.left(served));
  if (!left.empty() && served)
    findings.wrong("runs", "marked as running, and no server works on them:" + ids(left));
  if (!left.empty() && !served)
    findings.note("runs", std::to_string(left.size()) + (left.size() == 100 ? " or more" : "") +
                              " were interrupted and go on when a server starts");
  const int64_t late = TRY(inspection.overdue(SystemClock().now() - kLate));
  if (late > 0 && served)
    findings.warn("runs", std::to_string(late) +
                              " have been due for more than ten minutes: the server has more jobs "
                              "than it can do, or their owners' concurrency holds them back");
  return {};
}

void check_space(const DataFolder& folder, Findings& findings) {
  struct statvfs disk = {};
  if (statvfs(folder.path.c_str(), &disk) != 0)
    return findings.warn("disk", "the free space cannot be told");
  const uint64_t free = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  const std::string text = std::to_string(free >> 20) + " MB are free";
  if (free < kLittleSpace)
    return findings.wrong("disk", text + ", and 256 MB are the least to serve with");
  findings.good("disk", text);
}

void check_data(const Arguments& arguments, const DataFolder& folder, Findings& findings) {
  if (access(folder.database().c_str(), F_OK) != 0)
    return findings.note("data", folder.path + " has no database yet: the first start makes it");
  const Result<std::unique_ptr<Inspection>> inspection = Inspection::open(folder.database());
  if (!inspection) return findings.wrong("database", inspection.error().message);
  const bool served = is_served(folder);
  findings.good("data", folder.path + (served ? ", which a server has" : ", which no server has"));
  check_database(**inspection, findings);
  check_files(**inspection, folder, arguments.deep, findings);
  if (const Result<> runs = check_runs(**inspection, served, findings); !runs)
    findings.wrong("runs", runs.error().message);
  check_space(folder, findings);
}

void check_program(const char* program, const char* what, const char* package, Findings& findings) {
  if (access(program, X_OK) == 0)
    return findings.good("machine", std::string(what) + ": " + program);
  findings.warn("machine",
                std::string(what) + " needs " + program + ": apt-get install " + package);
}

void check_machine(const server::ServeOptions& options, Findings& findings) {
  const child::Sandbox sandbox(child::Options{});
  if (const Result<> works = sandbox.available(); works)
    findings.good("machine", "the sandbox for documents works");
  else
    findings.warn("machine", works.error().message);
  check_program("/usr/bin/wkhtmltopdf", "making PDFs", "wkhtmltopdf", findings);
  check_program("/usr/bin/pdftotext", "reading PDFs", "poppler-utils", findings);
  if (access(extract_helper().c_str(), X_OK) != 0)
    findings.warn("machine", "reading documents needs " + extract_helper() +
                                 ": build the target plenum-extract");
  std::error_code error;
  if (std::filesystem::is_empty("/usr/share/fonts", error) || error)
    findings.warn("machine", "PDFs need fonts: apt-get install fonts-dejavu-core fonts-noto-core");
  std::string keys;
  for (const auto& [name, access] : options.engine.providers)
    keys += (keys.empty() ? "" : ", ") + name;
  if (keys.empty())
    findings.note("machine", "no provider has a key: models answer offline, in development only");
  else
    findings.good("machine", "providers that can be called: " + keys);
}

int doctor(const Arguments& arguments) {
  const Result<server::ServeOptions> options = read_settings(arguments.data.root);
  if (!options) return complain("doctor", options.error());
  Findings findings;
  check_data(arguments,
             DataFolder{arguments.data.data.empty() ? options->engine.data : arguments.data.data},
             findings);
  check_machine(*options, findings);
  return findings.report(arguments.format);
}

}  // namespace

void add_doctor(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "doctor",
      "Whether the data is whole and what this machine lacks, also while a server has it; exit 0 "
      "well, 1 something is wrong, 2 bad usage");
  auto arguments = std::make_shared<Arguments>();
  add_data_options(*command, arguments->data);
  command->add_flag("--deep", arguments->deep,
                    "Reads all files and compares them with their digests");
  command->add_option("--format", arguments->format, "human or json")
      ->check(CLI::IsMember({"human", "json"}));
  command->callback([arguments, &run] { run = [arguments] { return doctor(*arguments); }; });
}

}  // namespace plenum::tools
