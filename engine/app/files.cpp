// A path an author writes must stay inside the project's folder: it is resolved, links included,
// before it is opened.
#include "engine/app/files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace plenum::app {

namespace fs = std::filesystem;

namespace {

constexpr uintmax_t kLargestFile = 1 << 20;

class DiskFiles final : public Files {
 public:
  explicit DiskFiles(const std::string& root) {
    std::error_code error;
    root_ = fs::canonical(root, error);
    if (error) root_ = root;
  }

  std::optional<std::string> read(const std::string& path) const override {
    std::error_code error;
    const fs::path full = fs::canonical(root_ / path, error);
    if (error || !inside(full) || !fs::is_regular_file(full, error)) return std::nullopt;
    if (fs::file_size(full, error) > kLargestFile || error) return std::nullopt;
    std::ifstream in(full, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return std::nullopt;
    return text.str();
  }

  std::vector<std::string> list(const std::string& folder) const override {
    std::error_code error;
    const fs::path full = fs::canonical(root_ / folder, error);
    std::vector<std::string> names;
    if (error || !inside(full)) return names;
    for (fs::directory_iterator it(full, error), end; !error && it != end; it.increment(error))
      if (it->is_regular_file(error)) names.push_back(it->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  bool inside(const fs::path& full) const {
    const auto [at, _] = std::mismatch(root_.begin(), root_.end(), full.begin(), full.end());
    return at == root_.end();
  }

  fs::path root_;
};

}  // namespace

std::unique_ptr<Files> disk_files(const std::string& root) {
  return std::make_unique<DiskFiles>(root);
}

std::optional<std::string> MemoryFiles::read(const std::string& path) const {
  const auto it = files_.find(path);
  if (it == files_.end()) return std::nullopt;
  return it->second;
}

std::vector<std::string> MemoryFiles::list(const std::string& folder) const {
  std::vector<std::string> names;
  const std::string prefix = folder + "/";
  for (const auto& [path, text] : files_)
    if (path.starts_with(prefix) && path.find('/', prefix.size()) == std::string::npos)
      names.push_back(path.substr(prefix.size()));
  return names;
}

std::optional<std::string> RecordingFiles::read(const std::string& path) const {
  std::optional<std::string> text = files_.read(path);
  if (text) record_[path] = *text;
  return text;
}

}  // namespace plenum::app
