// A bomb, a link or a name that leads elsewhere shows in the directory, so nothing needs to be
// inflated to refuse it. The sizes written there may lie; docx.cpp counts again while inflating.
#include "tools/extract/zip.h"

#include <algorithm>

namespace plenum::extract {

namespace {

constexpr size_t kEntries = 2000;
constexpr uint64_t kEntryBytes = 32u << 20;
constexpr uint64_t kTotalBytes = 64u << 20;
constexpr uint64_t kRatio = 100;
constexpr uint64_t kFreeBytes = 1u << 20;  // up to here any ratio is fine
constexpr uint32_t kDirectoryEntry = 0x02014b50, kLocalHeader = 0x04034b50;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::optional<ZipProblem> read(std::vector<ZipEntry>& entries) {
    const size_t end = bytes_.rfind("PK\x05\x06");
    if (end == std::string_view::npos || end + 22 > bytes_.size()) return broken();
    const size_t count = word(end + 10), size = dword(end + 12), begin = dword(end + 16);
    if (word(end + 4) != 0 || word(end + 6) != 0 || word(end + 8) != count) return broken();
    if (count > kEntries) return too_large("has more than 2000 parts");
    if (begin + size != end || end + 22 + word(end + 20) != bytes_.size()) return broken();
    size_t at = begin;
    for (size_t i = 0; i < count; ++i)
      if (auto problem = read_entry(at, end, entries)) return problem;
    if (at != end) return broken();
    return check_places(begin);
  }

 private:
  struct Place {
    uint64_t begin, end;
  };

  static ZipProblem broken() {
    return {"unreadable_file",
            "is a damaged or forged DOCX; open it in a word processor and save it again"};
  }
  static ZipProblem too_large(std::string what) {
    return {"too_large", std::move(what) + "; it is larger inside than a document may be"};
  }

  uint32_t byte(size_t at) const {
    return at < bytes_.size() ? static_cast<unsigned char>(bytes_[at]) : 0;
  }
  uint32_t word(size_t at) const { return byte(at) | byte(at + 1) << 8; }
  uint32_t dword(size_t at) const { return word(at) | word(at + 2) << 16; }

  static bool leads_elsewhere(std::string_view name) {
    if (name.empty() || name.front() == '/' || name.find('\\') != std::string_view::npos ||
        name.find('\0') != std::string_view::npos || name.find(':') != std::string_view::npos)
      return true;
    for (size_t begin = 0; begin <= name.size();) {
      const size_t end = std::min(name.find('/', begin), name.size());
      if (name.substr(begin, end - begin) == "..") return true;
      begin = end + 1;
    }
    return false;
  }

  std::optional<ZipProblem> read_entry(size_t& at, size_t end, std::vector<ZipEntry>& entries) {
    if (at + 46 > end || dword(at) != kDirectoryEntry) return broken();
    const uint32_t flags = word(at + 8), method = word(at + 10);
    const size_t name_size = word(at + 28), extra = word(at + 30), comment = word(at + 32);
    ZipEntry entry{std::string(bytes_.substr(at + 46, name_size)), dword(at + 20), dword(at + 24)};
    if (at + 46 + name_size + extra + comment > end) return broken();
    if (flags & 1)
      return ZipProblem{"encrypted_file", "is protected with a password; save it without one"};
    const bool unix_link = (word(at + 4) >> 8) == 3 && (dword(at + 38) >> 16 & 0170000) == 0120000;
    if (leads_elsewhere(entry.name) || unix_link || (method != 0 && method != 8)) return broken();
    if (method == 0 && entry.packed != entry.size) return broken();
    total_ += entry.size;
    if (entry.size > kEntryBytes || total_ > kTotalBytes)
      return too_large("holds a part of more than 32 MiB, or 64 MiB in all");
    if (entry.size > kFreeBytes && entry.size / kRatio > entry.packed)
      return too_large("is packed more than a hundredfold");
    if (!check_local_header(dword(at + 42), flags, method, entry)) return broken();
    for (const ZipEntry& other : entries)
      if (other.name == entry.name) return broken();
    entries.push_back(std::move(entry));
    at += 46 + name_size + extra + comment;
    return {};
  }

  // With flag 8 the local sizes may be zero; a descriptor follows the data.
  bool check_local_header(size_t at, uint32_t flags, uint32_t method, const ZipEntry& entry) {
    if (at + 30 > bytes_.size() || dword(at) != kLocalHeader) return false;
    const size_t name_size = word(at + 26), begin = at + 30 + name_size + word(at + 28);
    const bool later = flags & 8;
    const auto same = [&](uint64_t local, uint64_t central) {
      return local == central || (later && local == 0);
    };
    if (word(at + 6) != flags || word(at + 8) != method || !same(dword(at + 18), entry.packed) ||
        !same(dword(at + 22), entry.size) || bytes_.substr(at + 30, name_size) != entry.name)
      return false;
    places_.push_back({at, begin + entry.packed});
    return true;
  }

  std::optional<ZipProblem> check_places(uint64_t directory) {
    std::sort(places_.begin(), places_.end(),
              [](const Place& a, const Place& b) { return a.begin < b.begin; });
    uint64_t free = 0;
    for (const Place& place : places_) {
      if (place.begin < free || place.end > directory) return broken();
      free = place.end;
    }
    return {};
  }

  std::string_view bytes_;
  std::vector<Place> places_;
  uint64_t total_ = 0;
};

}  // namespace

std::optional<ZipProblem> check_zip(std::string_view bytes, std::vector<ZipEntry>& entries) {
  return Reader(bytes).read(entries);
}

}  // namespace plenum::extract
