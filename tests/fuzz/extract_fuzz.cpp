// Any bytes as an upload, read without the sandbox: as a DOCX, as the XML inside one, as HTML and
// as text.  No crash, an answer within its limits, and text that is UTF-8 without control
// characters.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "engine/base/utf8.h"
#include "tests/support/docx.h"
#include "tools/extract/extract.h"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void check(plenum::extract::Answer answer) {
  if (!answer.error.empty()) return require(!answer.message.empty(), "a reason");
  if (!plenum::extract::normalise(answer.text)) return;
  require(answer.text.size() <= plenum::extract::kTextBytes, "the limit of text");
  require(plenum::find_bad_utf8(answer.text) == std::string::npos, "UTF-8");
  for (const char c : answer.text) {
    const auto byte = static_cast<unsigned char>(c);
    require(byte >= 0x20 || c == '\n' || c == '\t', "no control characters");
    require(byte != 0x7F, "no control characters");
  }
  require(answer.text.find("\n\n\n") == std::string::npos, "one empty line in a row");
  std::string again = answer.text;
  require(plenum::extract::normalise(again) && again == answer.text, "one form");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0:
      check(plenum::extract::read_docx(bytes));
      break;
    case 1:
      check(plenum::extract::read_docx(plenum::test::docx(bytes)));
      break;
    case 2:
      check(plenum::extract::read_html(bytes));
      break;
    default:
      check(plenum::extract::read_text(bytes));
      break;
  }
  return 0;
}
