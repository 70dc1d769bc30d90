#include "tools/editor/frames.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace plenum::editor {

namespace {

constexpr size_t kLongest = 32u << 20;

// "Content-Length: 12", its name in any case; nullopt: another line.
std::optional<size_t> length_of(std::string line) {
  constexpr std::string_view kName = "content-length:";
  if (line.size() < kName.size() || strncasecmp(line.c_str(), kName.data(), kName.size()) != 0)
    return std::nullopt;
  const char* begin = line.c_str() + kName.size();
  while (*begin == ' ') ++begin;
  size_t length = 0;
  const auto [end, error] = std::from_chars(begin, line.c_str() + line.size(), length);
  if (error != std::errc() || length > kLongest) return std::nullopt;
  return length;
}

}  // namespace

std::optional<std::string> read_frame(std::istream& in) {
  std::optional<size_t> length;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (const auto found = length_of(line)) length = found;
    if (!line.empty() || !length) continue;
    std::string text(*length, '\0');
    in.read(text.data(), static_cast<std::streamsize>(*length));
    if (static_cast<size_t>(in.gcount()) < *length) return std::nullopt;
    return text;
  }
  return std::nullopt;
}

void write_frame(std::ostream& out, const Json& message) {
  const std::string text = to_text(message);
  out << "Content-Length: " << text.size() << "\r\n\r\n" << text << std::flush;
}

}  // namespace plenum::editor
