// The parts of plenum-extract: each reads one kind of document and answers with its text or with
// what is wrong.
#pragma once

#include <string>
#include <string_view>

namespace plenum::extract {

constexpr size_t kTextBytes = 4u << 20;

struct Answer {
  std::string error;    // a code of documents.h; empty: the text was read
  std::string message;  // continues "the file `cv.pdf` …"
  std::string text;
  int pages = 0;
};

inline Answer refuse(std::string error, std::string message) {
  return {std::move(error), std::move(message), {}, 0};
}

Answer read_pdf(std::string_view bytes, int max_pages);
Answer read_docx(std::string_view bytes);
Answer read_html(std::string_view bytes);
Answer read_text(std::string_view bytes);

// UTF-8 from UTF-8, UTF-16 with its mark, or Windows-1252.
std::string to_utf8(std::string_view bytes);

// NFKC, line ends \n, no control characters but \n and \t, no blanks at line ends, at most one
// empty line in a row. False: not UTF-8, or more than kTextBytes.
bool normalise(std::string& text);

void append_utf8(std::string& text, char32_t point);

}  // namespace plenum::extract
