// The author's files: apps.d/, prompts/, schemas/, templates/, fixtures/.  Reading remembers what
// was read, so that a bundle can be hashed, stored and loaded again without the disk.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace plenum::app {

class Files {
 public:
  virtual ~Files() = default;
  // The file's text; nullopt: there is none, or it is not an ordinary file inside the folder.
  virtual std::optional<std::string> read(const std::string& path) const = 0;
  // Names of the files in a folder ("prompts/clearreply"), sorted; for did-you-mean.
  virtual std::vector<std::string> list(const std::string& folder) const = 0;
};

// Below `root`, the folder that holds apps.d/.  Files over 1 MiB read as absent, as do links that
// lead outside.
std::unique_ptr<Files> disk_files(const std::string& root);

// From memory: tests, and bundles that runs are pinned to.
class MemoryFiles final : public Files {
 public:
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  std::optional<std::string> read(const std::string& path) const override;
  std::vector<std::string> list(const std::string& folder) const override;

 private:
  std::map<std::string, std::string> files_;
};

// Reads through to other files and keeps what was read.
class RecordingFiles final : public Files {
 public:
  explicit RecordingFiles(const Files& files) : files_(files) {}
  std::optional<std::string> read(const std::string& path) const override;
  std::vector<std::string> list(const std::string& folder) const override {
    return files_.list(folder);
  }
  const std::map<std::string, std::string>& record() const { return record_; }

 private:
  const Files& files_;
  mutable std::map<std::string, std::string> record_;
};

}  // namespace plenum::app
