// DOCX: a ZIP of XML parts.  The text is in word/document.xml, and in headers, footnotes and
// endnotes beside it; a CV has its address in the header.  Deleted text and the fall-back copies of
// drawings are left out.
#include <zip.h>

#include <algorithm>
#include <memory>
#include <pugixml.hpp>
#include <vector>

#include "tools/extract/extract.h"
#include "tools/extract/zip.h"

namespace plenum::extract {

namespace {

constexpr int kDepth = 256;

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;

Answer damaged() {
  return refuse("unreadable_file",
                "is a damaged DOCX; open it in a word processor and save it again");
}

Archive open_archive(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* archive =
      source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error) : nullptr;
  if (!archive && source) zip_source_free(source);
  zip_error_fini(&error);
  return Archive(archive);
}

// Exactly as many bytes as the directory promised, or false.
bool inflate(zip_t* archive, const ZipEntry& entry, std::string& out) {
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen(archive, entry.name.c_str(), 0));
  if (!file) return false;
  out.assign(entry.size + 1, '\0');
  size_t got = 0;
  while (got < out.size()) {
    const zip_int64_t n = zip_fread(file.get(), out.data() + got, out.size() - got);
    if (n < 0) return false;
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  out.resize(std::min<size_t>(got, entry.size));
  return got == entry.size;
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// Walks down the tree; false when it is too deep or there is too much text.
bool add_text(const pugi::xml_node& node, int depth, std::string& text) {
  if (depth > kDepth || text.size() > kTextBytes) return false;
  for (const pugi::xml_node& child : node.children()) {
    const std::string_view name = local_name(child);
    if (name == "t") {
      text += child.text().get();
    } else if (name == "tab") {
      text += '\t';
    } else if (name == "br" || name == "cr") {
      text += '\n';
    } else if (name == "noBreakHyphen") {
      text += '-';
    } else if (name != "del" && name != "Fallback" && name != "pPr" && name != "rPr") {
      if (!add_text(child, depth + 1, text)) return false;
      if (name == "p") text += '\n';
    }
  }
  return true;
}

Answer add_part(std::string_view xml, std::string& text) {
  if (xml.find("<!DOCTYPE") != std::string_view::npos)
    return refuse("unreadable_file",
                  "declares a document type inside, which no word processor writes");
  pugi::xml_document document;
  const auto parsed = document.load_buffer(
      xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata, pugi::encoding_utf8);
  if (parsed.status == pugi::status_out_of_memory)
    return refuse("too_large", "needs more memory to read than a document may");
  if (!parsed) return damaged();
  if (add_text(document, 0, text)) return {};
  if (text.size() > kTextBytes)
    return refuse("too_large", "holds more than 4 MiB of text; send a part of it");
  return refuse("unreadable_file", "nests its elements deeper than 256");
}

bool is_numbered(std::string_view name, std::string_view stem) {
  return name.starts_with(stem) && name.ends_with(".xml") &&
         name.substr(stem.size(), name.size() - stem.size() - 4).find_first_not_of("0123456789") ==
             std::string_view::npos;
}

// Headers first, then the document, then its notes.
std::vector<ZipEntry> text_parts(const std::vector<ZipEntry>& entries) {
  std::vector<ZipEntry> parts;
  const auto add = [&](auto&& wanted) {
    for (const ZipEntry& entry : entries)
      if (wanted(std::string_view(entry.name))) parts.push_back(entry);
  };
  add([](std::string_view n) { return is_numbered(n, "word/header"); });
  add([](std::string_view n) { return n == "word/document.xml"; });
  add([](std::string_view n) { return n == "word/footnotes.xml" || n == "word/endnotes.xml"; });
  return parts;
}

}  // namespace

Answer read_docx(std::string_view bytes) {
  std::vector<ZipEntry> entries;
  if (auto problem = check_zip(bytes, entries)) return refuse(problem->error, problem->message);
  const auto has = [&](std::string_view name) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const ZipEntry& e) { return e.name == name; });
  };
  if (!has("word/document.xml") || !has("[Content_Types].xml")) return damaged();
  const Archive archive = open_archive(bytes);
  if (!archive) return damaged();
  Answer answer;
  std::vector<std::string> seen;  // pages often share a header
  for (const ZipEntry& part : text_parts(entries)) {
    std::string xml, text;
    if (!inflate(archive.get(), part, xml)) return damaged();
    Answer added = add_part(xml, text);
    if (!added.error.empty()) return added;
    if (std::find(seen.begin(), seen.end(), text) != seen.end()) continue;
    answer.text += text + "\n";
    seen.push_back(std::move(text));
    if (answer.text.size() > kTextBytes)
      return refuse("too_large", "holds more than 4 MiB of text; send a part of it");
  }
  return answer;
}

}  // namespace plenum::extract
