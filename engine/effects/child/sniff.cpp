// The type of a file by its bytes.  A name or a client's word is a wish; only among plain texts,
// which look alike, does the name decide.
#include <algorithm>

#include "engine/base/utf8.h"
#include "engine/effects/child/documents.h"

namespace plenum::child {

namespace {

bool begins(std::string_view bytes, std::string_view magic) {
  return bytes.starts_with(magic);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string extension(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string() : lower(name.substr(dot + 1));
}

// UTF-8, UTF-16 with its mark, or an old one-byte encoding: anything without control characters.
bool is_text(std::string_view bytes) {
  if (begins(bytes, "\xFF\xFE") || begins(bytes, "\xFE\xFF")) return bytes.size() % 2 == 0;
  return std::none_of(bytes.begin(), bytes.end(), [](unsigned char c) {
    return c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f');
  });
}

bool looks_like_html(std::string_view bytes) {
  const std::string head = lower(bytes.substr(0, 1024));
  const size_t first = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string::npos) return false;
  const std::string_view rest = std::string_view(head).substr(first);
  return begins(rest, "<!doctype html") || begins(rest, "<html");
}

}  // namespace

std::string sniff(std::string_view bytes, std::string_view name) {
  if (bytes.empty()) return {};
  if (begins(bytes, "PK\x03\x04")) {
    const bool word = bytes.find("[Content_Types].xml") != std::string_view::npos &&
                      bytes.find("word/document.xml") != std::string_view::npos;
    return word ? "docx" : "";
  }
  if (bytes.substr(0, 1024).find("%PDF-") != std::string_view::npos) return "pdf";
  if (begins(bytes, "\x89PNG\r\n\x1a\n")) return "png";
  if (begins(bytes, "\xFF\xD8\xFF")) return "jpeg";
  if (begins(bytes, "GIF87a") || begins(bytes, "GIF89a")) return "gif";
  if (begins(bytes, "RIFF") && bytes.substr(8, 4) == "WEBP") return "webp";
  if (begins(bytes, "{\\rtf") || !is_text(bytes)) return {};
  const std::string kind = extension(name);
  if (kind == "md" || kind == "markdown") return "md";
  if (kind == "html" || kind == "htm" || kind == "xhtml") return "html";
  if (looks_like_html(bytes)) return "html";
  return "txt";
}

std::string mime_of(std::string_view type) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"pdf", "application/pdf"},
      {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
      {"txt", "text/plain"},
      {"md", "text/markdown"},
      {"html", "text/html"},
      {"png", "image/png"},
      {"jpeg", "image/jpeg"},
      {"gif", "image/gif"},
      {"webp", "image/webp"},
  };
  for (const auto& [word, mime] : kTypes)
    if (word == type) return std::string(mime);
  return "application/octet-stream";
}

}  // namespace plenum::child
