// plenum-extract: one document on standard input, one JSON object on standard output: {"text",
// "pages"} or
// {"error", "message"}.  It is run in a sandbox, one process per document, because what it reads
// was made by strangers for parsers to stumble over.  Exit codes: 0 an answer was written, 2 wrong
// arguments.
//
//   plenum-extract pdf|docx|html|txt|md MAX_PAGES < document
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#include "tools/extract/extract.h"

namespace plenum::extract {
namespace {

std::string read_input() {
  std::string bytes;
  char chunk[65536];
  for (ssize_t n; (n = read(STDIN_FILENO, chunk, sizeof chunk)) > 0;)
    bytes.append(chunk, static_cast<size_t>(n));
  return bytes;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20)
      out += ' ';
    else
      out += c;
  }
  return out + "\"";
}

Answer read_document(std::string_view type, std::string_view bytes, int max_pages) {
  if (type == "pdf") return read_pdf(bytes, max_pages);
  if (type == "docx") return read_docx(bytes);
  if (type == "html") return read_html(bytes);
  return read_text(bytes);
}

void write_answer(Answer answer) {
  std::string out;
  if (answer.error.empty() && !normalise(answer.text))
    answer = refuse("too_large", "holds more than 4 MiB of text, or text that is not UTF-8");
  if (answer.error.empty())
    out = "{\"text\":" + json_string(answer.text) + ",\"pages\":" + std::to_string(answer.pages) +
          "}\n";
  else
    out = "{\"error\":" + json_string(answer.error) +
          ",\"message\":" + json_string(answer.message) + "}\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
}

}  // namespace
}  // namespace plenum::extract

int main(int argc, char** argv) {
  using namespace plenum::extract;
  const std::string_view type = argc == 3 ? argv[1] : "";
  const int max_pages = argc == 3 ? std::atoi(argv[2]) : 0;
  const bool known =
      type == "pdf" || type == "docx" || type == "html" || type == "txt" || type == "md";
  if (!known || max_pages < 1) {
    std::fputs("usage: plenum-extract pdf|docx|html|txt|md MAX_PAGES < document\n", stderr);
    return 2;
  }
  try {
    write_answer(read_document(type, read_input(), max_pages));
  } catch (const std::bad_alloc&) {
    write_answer(refuse("too_large", "needs more memory to read than a document may"));
  }
  return 0;
}
