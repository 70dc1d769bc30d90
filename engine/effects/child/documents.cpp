// Documents in and out, each in a sandboxed child of its own.  This side never parses what a
// stranger sent: it looks at the first bytes, hands all of them to the child, and reads back a JSON
// object or a PDF within limits.
#include "engine/effects/child/documents.h"

#include "engine/base/diagnostic.h"
#include "engine/base/json.h"

namespace plenum::child {

namespace {

constexpr size_t kTextBytes = 4u << 20;
constexpr size_t kHtmlBytes = 2u << 20;
constexpr size_t kPdfBytes = 64u << 20;
constexpr int kTagDepth = 256;
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kExtractData = 0;  // the sanitizer's own memory would not fit
#else
constexpr size_t kExtractData = 512u << 20;
#endif
constexpr size_t kRenderData = 1024u << 20;

// A refusal that needs no child still arrives on the sandbox's thread.
template <typename T>
uint64_t refuse(Sandbox& sandbox, std::function<void(Result<T>)> done, Error error) {
  sandbox.post([done = std::move(done), error = std::move(error)] { done(fail(error)); });
  return 0;
}

Error invalid(std::string message, std::string code) {
  return fail(Kind::invalid, std::move(message), std::move(code)).value();
}

std::string file_words(std::string_view name) {
  return name.empty() ? "the file" : "the file " + plenum::quote(name);
}

// An old Word file is an OLE container, and so is every encrypted new one.
Error unsupported(std::string_view bytes, std::string_view name) {
  using namespace std::string_view_literals;
  if (bytes.empty()) return invalid(file_words(name) + " is empty", "unreadable_file");
  const bool ole = bytes.starts_with("\xD0\xCF\x11\xE0");
  if (ole &&
      bytes.find("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"sv) != std::string_view::npos)
    return invalid(file_words(name) + " is protected with a password; save it without one",
                   "encrypted_file");
  return invalid(
      file_words(name) +
          " is no PDF, DOCX, TXT, MD or HTML file by its content; save it as one of these",
      "unsupported_type");
}

Result<Text> read_answer(const Output& output, const std::string& type, const std::string& name) {
  const auto unreadable = [&](const std::string& why) {
    return fail(Kind::invalid, file_words(name) + " cannot be read: " + why, "unreadable_file");
  };
  if (output.exit_code != 0)
    return unreadable("reading it failed or took more memory than a document may (exit code " +
                      std::to_string(output.exit_code) + ")");
  JsonLimits limits;
  limits.bytes = 8 * kTextBytes;
  limits.string_bytes = kTextBytes;
  const Result<Json> answer = parse_json(output.out, limits);
  if (!answer) return unreadable("the reader gave no answer");
  if (const std::string code = text_or(*answer, "error"); !code.empty())
    return fail(Kind::invalid,
                file_words(name) + " " + text_or(*answer, "message", "cannot be read"), code);
  const Json* text = find(*answer, "text");
  const Json* pages = find(*answer, "pages");
  if (!text || !text->is_string() || !pages || !pages->is_number_integer())
    return unreadable("the reader gave no text");
  return Text{text->get<std::string>(), pages->get<int>(), mime_of(type)};
}

bool is_length(std::string_view text) {
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || digits > 4) return false;
  std::string_view rest = text.substr(digits);
  if (rest.starts_with('.')) {
    const size_t more = rest.find_first_not_of("0123456789", 1);
    if (more == 1 || more == std::string_view::npos || more > 4) return false;
    rest = rest.substr(more);
  }
  return rest == "mm" || rest == "cm" || rest == "in" || rest == "pt";
}

std::string lower_word(std::string_view text) {
  std::string word;
  for (const char c : text) {
    if (!std::isalnum(static_cast<unsigned char>(c))) break;
    word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return word;
}

// How deep tags are nested, not counting those that may stay open.
int tag_depth(std::string_view html) {
  static constexpr std::string_view kOpen[] = {
      "area", "base",   "br",    "col",   "embed", "hr",     "img",     "input", "link",
      "meta", "source", "track", "wbr",   "p",     "li",     "dt",      "dd",    "tr",
      "td",   "th",     "thead", "tbody", "tfoot", "option", "colgroup"};
  int depth = 0, deepest = 0;
  for (size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
    const bool closes = html.substr(at + 1, 1) == "/";
    const std::string word = lower_word(html.substr(at + 1 + closes, 16));
    if (word.empty() || std::find(std::begin(kOpen), std::end(kOpen), word) != std::end(kOpen))
      continue;
    depth = closes ? std::max(0, depth - 1) : depth + 1;
    deepest = std::max(deepest, depth);
  }
  return deepest;
}

std::optional<Error> wrong_page(const std::string& html, const Page& page) {
  static constexpr std::string_view kSizes[] = {"A3", "A4", "A5", "Letter", "Legal"};
  if (std::find(std::begin(kSizes), std::end(kSizes), page.size) == std::end(kSizes))
    return invalid("no such page size: " + plenum::quote(std::string_view(page.size)) +
                       "; it must be A3, A4, A5, Letter or Legal",
                   "bad_page");
  if (!is_length(page.margin))
    return invalid("the margin " + plenum::quote(std::string_view(page.margin)) +
                       " is no length; write digits and mm, cm, in or pt: `12mm`",
                   "bad_page");
  if (html.size() > kHtmlBytes)
    return invalid("the HTML for the PDF has " + std::to_string(html.size()) +
                       " bytes; at most 2 MiB are printed: shorten the text or make images smaller",
                   "too_large");
  if (html.find_first_not_of(" \t\r\n\f") == std::string::npos)
    return invalid("the HTML for the PDF is empty; the template gave no text", "empty_document");
  if (tag_depth(html) > kTagDepth)
    return invalid("the HTML for the PDF nests tags deeper than " + std::to_string(kTagDepth) +
                       "; close them, or make the page flatter",
                   "too_deep");
  return {};
}

// The renderer's exit code tells of images it did not find; whether there is a document, its bytes
// tell.
Result<std::string> read_pdf(Output output) {
  const std::string_view pdf = output.out;
  const std::string_view tail = pdf.substr(pdf.size() - std::min<size_t>(pdf.size(), 1024));
  if (output.exit_code < 128 && pdf.starts_with("%PDF-") &&
      tail.find("%%EOF") != std::string_view::npos)
    return std::move(output.out);
  const std::string why = output.err.substr(0, std::min<size_t>(output.err.find('\n'), 200));
  return fail(Kind::invalid,
              "the HTML could not be printed as a PDF (exit code " +
                  std::to_string(output.exit_code) + (why.empty() ? "" : ", " + why) +
                  "); simplify the template",
              "unprintable");
}

}  // namespace

uint64_t extract(Sandbox& sandbox, const std::string& helper, std::string bytes, std::string name,
                 int max_pages, std::chrono::milliseconds timeout,
                 std::function<void(Result<Text>)> done) {
  const std::string type = sniff(bytes, name);
  const bool readable =
      type == "pdf" || type == "docx" || type == "txt" || type == "md" || type == "html";
  if (!readable) return refuse<Text>(sandbox, std::move(done), unsupported(bytes, name));
  Job job;
  job.argv = {helper, type, std::to_string(std::max(1, max_pages))};
  job.input = std::move(bytes);
  job.read_only = {helper};
#if defined(__SANITIZE_ADDRESS__)
  job.environment = {{"ASAN_OPTIONS", "detect_leaks=0"}};  // its leak check needs ptrace
#endif
  job.data_bytes = kExtractData;
  job.wall = timeout;
  job.max_output_bytes = 8 * kTextBytes;
  return sandbox.run(std::move(job),
                     [type, name = std::move(name), done = std::move(done)](Result<Output> output) {
                       if (output) return done(read_answer(*output, type, name));
                       done(fail(std::move(output).error().during("reading " + file_words(name))));
                     });
}

uint64_t html_to_pdf(Sandbox& sandbox, std::string html, Page page,
                     std::chrono::milliseconds timeout,
                     std::function<void(Result<std::string>)> done) {
  if (auto error = wrong_page(html, page))
    return refuse<std::string>(sandbox, std::move(done), *std::move(error));
  Job job;
  job.argv = {"/usr/bin/wkhtmltopdf", "-q", "--page-size", page.size};
  for (const char* side : {"--margin-top", "--margin-right", "--margin-bottom", "--margin-left"})
    job.argv.insert(job.argv.end(), {side, page.margin});
  for (const char* word :
       {"--disable-javascript", "--javascript-delay", "1", "--disable-local-file-access",
        "--disable-plugins", "--load-error-handling", "ignore", "--load-media-error-handling",
        "ignore", "--proxy", "http://127.0.0.1:9", "--encoding", "utf-8", "-", "-"})
    job.argv.push_back(word);
  job.environment = {{"QT_QPA_PLATFORM", "offscreen"}, {"XDG_RUNTIME_DIR", "/tmp"}};
  job.input = std::move(html);
  job.data_bytes = kRenderData;
  job.wall = timeout;
  job.max_output_bytes = kPdfBytes;
  return sandbox.run(std::move(job), [done = std::move(done)](Result<Output> output) {
    if (output) return done(read_pdf(*std::move(output)));
    done(fail(std::move(output).error().during("printing a PDF")));
  });
}

}  // namespace plenum::child
