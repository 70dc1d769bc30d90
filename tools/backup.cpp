// plenum backup, plenum restore: a whole copy of a data folder, made while a server writes to it.
//
// The database is copied first, as one snapshot, and the files after it: files never change, and
// are removed a day after their records, so that all that the snapshot names is still there.  In a
// copy no run is under way: what an unfinished run did after the snapshot may have happened, and
// only its operator can know.  So unfinished runs are paused, in the backup already: whichever way
// it comes back, nothing is done twice by itself.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "engine/base/ids.h"
#include "engine/blob/blobs.h"
#include "tools/command.h"
#include "tools/data_folder.h"
#include "tools/try.h"

namespace plenum::tools {

namespace {

namespace fs = std::filesystem;

struct Copied {
  int paused = 0;
  size_t files = 0;
  std::vector<std::string> missing;  // files whose bytes are gone or damaged
};

Result<> copy_files(Inspection& inspection, const DataFolder& from, const DataFolder& to,
                    Copied& copied) {
  const std::unique_ptr<Blobs> source = TRY(open_disk_blobs(from.files()));
  const std::unique_ptr<Blobs> target = TRY(open_disk_blobs(to.files()));
  for (const FileRow& file : TRY(inspection.files(SystemClock().now()))) {
    const Result<std::string> bytes = source->get(file.owner.app, file.owner.owner, file.digest);
    if (!bytes) {
      copied.missing.push_back(file.id + " of " + file.owner.app + ": " + bytes.error().message);
      continue;
    }
    TRY(target->put(file.owner.app, file.owner.owner, *bytes));
    ++copied.files;
  }
  return {};
}

// Links that were given out before must be good afterwards.
Result<> copy_link_key(const DataFolder& from, const DataFolder& to) {
  std::error_code error;
  const std::string key = from.path + "/link.key";
  if (!fs::exists(key, error)) return {};
  fs::copy_file(key, to.path + "/link.key", error);
  if (error) return fail(Kind::unavailable, "cannot copy " + key + ": " + error.message());
  return {};
}

Result<Copied> fill(const DataFolder& from, const DataFolder& to) {
  Copied copied;
  const std::unique_ptr<Inspection> inspection = TRY(Inspection::open(from.database()));
  TRY(inspection->copy_to(to.database()));
  // What the copy names, not what was added meanwhile.
  const std::unique_ptr<Inspection> copy = TRY(Inspection::open(to.database()));
  TRY(copy_files(*copy, from, to, copied));
  TRY(copy_link_key(from, to));
  copied.paused = TRY(pause_unfinished(to.database(), SystemClock().now()));
  return copied;
}

// Made beside its place and renamed at the end: a folder of that name is a whole one.
Result<Copied> copy_data(const DataFolder& from, const std::string& target) {
  std::error_code error;
  const fs::path place = fs::weakly_canonical(target, error);
  if (error || place.filename().empty())
    return fail(Kind::invalid, "`" + target + "` names no folder");
  if (fs::exists(place, error) && !(fs::is_directory(place, error) && fs::is_empty(place, error)))
    return fail(Kind::invalid, place.string() + " is there already: name a new folder");
  const DataFolder draft{place.string() + "." + new_id("part")};
  if (!fs::create_directory(draft.path, error))
    return fail(Kind::unavailable, "cannot make the folder " + draft.path + ": " + error.message());
  fs::permissions(draft.path, fs::perms::owner_all, error);
  Result<Copied> copied = fill(from, draft);
  if (copied) {
    fs::remove(place, error);  // an empty one
    fs::rename(draft.path, place, error);
    if (error)
      copied = fail(Kind::unavailable, "cannot make " + place.string() + ": " + error.message());
  }
  if (!copied) fs::remove_all(draft.path, error);
  return copied;
}

int report(const std::string& command, const Result<Copied>& copied, const std::string& target) {
  if (!copied) return complain(command, copied.error());
  printf("%s: the database and %zu files", target.c_str(), copied->files);
  if (copied->paused > 0)
    printf("; %d unfinished runs are paused in it: `plenum runs resume --all` lets them go on",
           copied->paused);
  printf("\n");
  for (const std::string& file : copied->missing)
    fprintf(stderr, "plenum %s: missing: %s\n", command.c_str(), file.c_str());
  return copied->missing.empty() ? 0 : kRefused;
}

int backup(const DataArguments& data, const std::string& target) {
  const Result<DataFolder> folder = data_folder(data);
  if (!folder) return complain("backup", folder.error());
  return report("backup", copy_data(*folder, target), target);
}

int restore(const DataArguments& data, const std::string& source) {
  const Result<DataFolder> folder = data_folder(data);
  if (!folder) return complain("restore", folder.error());
  return report("restore", copy_data(DataFolder{source}, folder->path), folder->path);
}

void add_one(CLI::App& app, Run& run, const std::string& name, const std::string& help,
             const std::string& place, int (*does)(const DataArguments&, const std::string&)) {
  CLI::App* command = app.add_subcommand(
      name, help + "; exit 0 done, 1 files are missing, 2 bad usage, 3 it could not be made");
  auto data = std::make_shared<DataArguments>();
  auto folder = std::make_shared<std::string>();
  command->add_option("folder", *folder, place)->required();
  add_data_options(*command, *data);
  command->callback([=, &run] { run = [=] { return does(*data, *folder); }; });
}

}  // namespace

void add_backup(CLI::App& app, Run& run) {
  add_one(app, run, "backup", "Copies the data of a server, also while it serves",
          "A new folder for the copy", backup);
  add_one(app, run, "restore",
          "Makes a new data folder from a backup, in which unfinished runs are paused",
          "A folder that `plenum backup` made", restore);
}

}  // namespace plenum::tools
