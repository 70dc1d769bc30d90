// The directory of a ZIP file, checked before a byte of it is inflated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plenum::extract {

struct ZipEntry {
  std::string name;
  uint64_t packed = 0;
  uint64_t size = 0;
};

struct ZipProblem {
  std::string error;  // a code of documents.h
  std::string message;
};

// Reads the central directory and every local header; any sign of a trick is a problem: names that
// lead elsewhere, links, encryption, entries that overlap or differ from their local header, sizes
// or ratios past the limits.
std::optional<ZipProblem> check_zip(std::string_view bytes, std::vector<ZipEntry>& entries);

}  // namespace plenum::extract
