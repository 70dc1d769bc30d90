// ZIP and DOCX files for tests, honest ones and forged ones.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plenum::test {

struct ZipPart {
  std::string name;
  std::string bytes;            // as stored in the file
  int method = 0;               // 8: `bytes` are deflated
  int64_t size = -1;            // the size both headers tell; -1: that of `bytes`
  uint32_t crc = 0;             // of the inflated bytes; 0: computed from `bytes`
  int flags = 0;                // 1: encrypted
  std::string local_name = {};  // when it differs from the directory's
  uint32_t unix_mode = 0;       // 0120777: a link
  int64_t offset = -1;          // what the directory tells; -1: the truth
};

inline uint32_t crc32(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

inline void put(std::string& out, uint64_t value, int bytes) {
  for (; bytes > 0; --bytes, value >>= 8) out += static_cast<char>(value & 0xFF);
}

inline std::string zip(const std::vector<ZipPart>& parts) {
  std::string file, directory;
  for (const ZipPart& part : parts) {
    const auto size =
        static_cast<uint64_t>(part.size < 0 ? static_cast<int64_t>(part.bytes.size()) : part.size);
    const uint32_t crc = part.crc ? part.crc : crc32(part.bytes);
    const std::string& local = part.local_name.empty() ? part.name : part.local_name;
    const size_t offset = file.size();
    const auto common = [&](std::string& out) {
      put(out, 20, 2), put(out, static_cast<uint64_t>(part.flags), 2),
          put(out, static_cast<uint64_t>(part.method), 2);
      put(out, 0, 4), put(out, crc, 4), put(out, part.bytes.size(), 4), put(out, size, 4);
    };
    put(file, 0x04034b50, 4), common(file), put(file, local.size(), 2), put(file, 0, 2);
    file += local + part.bytes;
    put(directory, 0x02014b50, 4), put(directory, 0x0314, 2), common(directory);
    put(directory, part.name.size(), 2), put(directory, 0, 8);
    put(directory, static_cast<uint64_t>(part.unix_mode) << 16, 4);
    put(directory, part.offset < 0 ? offset : static_cast<uint64_t>(part.offset), 4);
    directory += part.name;
  }
  const size_t begin = file.size();
  file += directory;
  put(file, 0x06054b50, 4), put(file, 0, 4), put(file, parts.size(), 2), put(file, parts.size(), 2);
  put(file, directory.size(), 4), put(file, begin, 4), put(file, 0, 2);
  return file;
}

// A deflate stream of `n` (a multiple of 258, plus one) zero bytes in about n/158 bytes: one
// literal, then copies of it.
inline std::string deflated_zeros(size_t copies) {
  std::string out;
  uint32_t held = 0;
  int bits = 0;
  const auto bit = [&](uint32_t b) {
    held |= b << bits;
    if (++bits == 8) out += static_cast<char>(held), held = 0, bits = 0;
  };
  const auto code = [&](uint32_t value, int n) {  // Huffman codes go highest bit first
    while (n-- > 0) bit(value >> n & 1);
  };
  bit(1), bit(1), bit(0);  // the last block, with the fixed codes
  code(0x30, 8);           // the byte 0
  for (size_t i = 0; i < copies; ++i) code(0xC5, 8), code(0, 5);  // 258 bytes from one byte back
  code(0, 7);
  while (bits) bit(0);
  return out;
}

inline std::string word_xml(std::string_view body) {
  return R"(<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="urn:w"><w:body>)" +
         std::string(body) + "</w:body></w:document>";
}

inline std::string paragraph(std::string_view text) {
  return "<w:p><w:r><w:t>" + std::string(text) + "</w:t></w:r></w:p>";
}

inline ZipPart content_types() {
  return {"[Content_Types].xml", "<Types/>"};
}

inline std::string docx(std::string_view body) {
  return zip({content_types(), {"word/document.xml", word_xml(body)}});
}

}  // namespace plenum::test
