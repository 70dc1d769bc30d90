// Documents in and out: what type an upload really is, its text, and a PDF from HTML.
#pragma once

#include <functional>
#include <string>

#include "engine/effects/child/sandbox.h"

namespace plenum::child {

// "pdf", "docx", "txt", "md", "html", "png", "jpeg", "gif", "webp" or "" by the bytes themselves (the name only decides
// between txt, md and html); never by what the client said.
std::string sniff(std::string_view bytes, std::string_view name);
// The media type of such a word: "application/pdf".
std::string mime_of(std::string_view type);

struct Text {
  std::string text;  // NFKC-normalised UTF-8, line ends \n, no control characters but \n and \t
  int pages = 0;     // 0 where the format has none
  std::string mime;
};

// The text of a PDF, DOCX, TXT, MD or HTML file, in the sandbox.  Errors an uploader can mend are `invalid` with codes:
// "unsupported_type", "unreadable_file" (broken), "encrypted_file", "too_many_pages", "too_large" (a bomb, or over 4 MiB of text).
// `helper` is the absolute path of the plenum-extract program.  Returns the id for Sandbox::cancel; `done` runs on the
// sandbox's thread.
uint64_t extract(Sandbox& sandbox, const std::string& helper, std::string bytes, std::string name, int max_pages,
                 std::chrono::milliseconds timeout, std::function<void(Result<Text>)> done);

struct Page {
  std::string size = "A4";      // A3 A4 A5 Letter Legal
  std::string margin = "12mm";  // one length for all sides: digits and mm, cm, in or pt
};

// HTML to PDF bytes by wkhtmltopdf: no JavaScript, no network, no local files; images only as data: URLs.  Errors are
// `invalid` with codes "empty_document", "too_large" (over 2 MiB), "too_deep" (tags nested over 256), "bad_page" and
// "unprintable" (the renderer gave up).  Returns as `extract` does.
uint64_t html_to_pdf(Sandbox& sandbox, std::string html, Page page, std::chrono::milliseconds timeout,
                     std::function<void(Result<std::string>)> done);

}  // namespace plenum::child
