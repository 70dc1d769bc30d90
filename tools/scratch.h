// A folder of our own that goes when we go.
#pragma once

#include <filesystem>
#include <string>

namespace plenum::tools {

class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "plenum-XXXXXX").string();
    if (const char* made = mkdtemp(pattern.data())) path = made;
  }
  ~Scratch() {
    std::error_code error;
    if (!path.empty()) std::filesystem::remove_all(path, error);
  }
  Scratch(const Scratch&) = delete;
  std::string path;  // "": none could be made
};

}  // namespace plenum::tools
