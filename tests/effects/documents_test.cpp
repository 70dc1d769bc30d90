// Documents in and out: types by content, texts, every lie about a file, and PDFs that fetch
// nothing.
#include "engine/effects/child/documents.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <future>

#include "engine/base/ids.h"
#include "tests/effects/fetching.h"
#include "tests/support/docx.h"

using plenum::Kind;
using plenum::Result;
using plenum::child::Page;
using plenum::child::Sandbox;
using plenum::child::sniff;
using plenum::child::Text;
using namespace plenum::test;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

// plenum-extract beside this program's build, or where PLENUM_EXTRACT says.
std::string helper() {
  if (const char* path = std::getenv("PLENUM_EXTRACT")) return path;
  std::error_code none;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", none);
  const auto path = self.parent_path().parent_path() / "tools" / "plenum-extract";
  return std::filesystem::exists(path, none) ? path.string() : "";
}

bool works(const Sandbox& sandbox) {
  if (!sandbox.available()) {
    WARN("skipped: " + sandbox.available().error().message);
    return false;
  }
  if (helper().empty()) {
    WARN("skipped: plenum-extract is not built; build it or set PLENUM_EXTRACT");
    return false;
  }
  return true;
}

Result<Text> extract(Sandbox& sandbox, std::string bytes, std::string name, int max_pages = 50) {
  std::promise<Result<Text>> promise;
  plenum::child::extract(sandbox, helper(), std::move(bytes), std::move(name), max_pages, 20s,
                         [&](Result<Text> text) { promise.set_value(std::move(text)); });
  return promise.get_future().get();
}

// The text, or "code: message".
std::string read(Sandbox& sandbox, std::string bytes, std::string name, int max_pages = 50) {
  const auto text = extract(sandbox, std::move(bytes), std::move(name), max_pages);
  if (text) return text->text;
  CHECK(text.error().kind == Kind::invalid);
  return text.error().code + ": " + text.error().message;
}

Result<std::string> print(Sandbox& sandbox, std::string html, Page page = {}) {
  std::promise<Result<std::string>> promise;
  plenum::child::html_to_pdf(sandbox, std::move(html), std::move(page), 30s,
                             [&](Result<std::string> pdf) { promise.set_value(std::move(pdf)); });
  return promise.get_future().get();
}

class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(fd_, 16) == 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(fd_); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  bool was_called() const {
    pollfd waiting{fd_, POLLIN, 0};
    return poll(&waiting, 1, 0) > 0;
  }

 private:
  int fd_;
  int port_ = 0;
};

// A one-page PDF whose encryption dictionary no empty password opens.
std::string encrypted_pdf() {
  std::string pdf = "%PDF-1.4\n";
  std::vector<size_t> places;
  const auto object = [&](const std::string& body) {
    places.push_back(pdf.size());
    pdf += std::to_string(places.size()) + " 0 obj\n" + body + "\nendobj\n";
  };
  object("<</Type/Catalog/Pages 2 0 R>>");
  object("<</Type/Pages/Kids[3 0 R]/Count 1>>");
  object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>");
  const std::string digest(64, '5');
  object("<</Filter/Standard/V 1/R 2/O<" + digest + ">/U<" + digest + ">/P -4>>");
  const size_t table = pdf.size();
  pdf += "xref\n0 5\n0000000000 65535 f \n";
  for (const size_t place : places) {
    std::string digits = std::to_string(place);
    pdf += std::string(10 - digits.size(), '0') + digits + " 00000 n \n";
  }
  return pdf + "trailer\n<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]>>\nstartxref\n" +
         std::to_string(table) + "\n%%EOF\n";
}

}  // namespace

TEST_CASE("a file's type is known by its bytes, whatever it is called", "[documents]") {
  const std::string word = docx(paragraph("x"));
  CHECK(sniff("%PDF-1.7\n", "cv.txt") == "pdf");
  CHECK(sniff(std::string(1000, '\n') + "%PDF-1.4", "") == "pdf");
  CHECK(sniff(word, "cv.pdf") == "docx");
  CHECK(sniff(zip({{"a.txt", "x"}}), "cv.docx").empty());
  CHECK(sniff("\x89PNG\r\n\x1a\n....", "cv.pdf") == "png");
  CHECK(sniff("\xFF\xD8\xFF\xE0", "a") == "jpeg");
  CHECK(sniff("GIF89a..", "a") == "gif");
  CHECK(sniff("RIFF1234WEBPVP8 ", "a") == "webp");
  CHECK(sniff("# Title", "a.md") == "md");
  CHECK(sniff("# Title", "a.MarkDown") == "md");
  CHECK(sniff("# Title", "a.txt") == "txt");
  CHECK(sniff("hello", "cv.pdf") == "txt");
  CHECK(sniff("hello", "cv.docx") == "txt");
  CHECK(sniff("<p>hello", "a.htm") == "html");
  CHECK(sniff("  <!DOCTYPE HTML><p>", "page") == "html");
  CHECK(sniff("<html>", "a.txt") == "html");
  CHECK(sniff("Gr\xFC\xDF"
              "e",
              "a.txt") == "txt");
  CHECK(sniff("\xFF\xFEh\0i\0"s, "a.txt") == "txt");
  CHECK(sniff("{\\rtf1 hello}", "a.txt").empty());
  CHECK(sniff("\x7f"
              "ELF\x02\x01",
              "a.txt")
            .empty());
  CHECK(sniff("a\0b"s, "a.txt").empty());
  CHECK(sniff("", "a.txt").empty());
  CHECK(sniff("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "a.doc").empty());
  CHECK(plenum::child::mime_of("md") == "text/markdown");
  CHECK(plenum::child::mime_of("") == "application/octet-stream");
}

TEST_CASE("texts are read in their encodings and leave in one form", "[documents]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  CHECK(read(sandbox, "one\r\ntwo \t\r\r\n\n\n\n  three\fpage", "a.txt") ==
        "one\ntwo\n\n  three\npage\n");
  CHECK(read(sandbox, "ﬁne Ａ ⼯ e\xCC\x81 x\xC2\xADy\xEF\xBB\xBFz \xE2\x80\xAE!", "a.txt") ==
        "fine A 工 é xyz !\n");
  CHECK(read(sandbox,
             "Gr\xFC\xDF"
             "e \x80 \x93q\x94",
             "a.txt") == "Grüße € “q”\n");
  CHECK(read(sandbox, "\xFF\xFEh\0\xFC\0\x3D\xD8\x42\xDE"s, "a.txt") == "hü🙂\n");
  CHECK(read(sandbox, "\xFE\xFF\0h\0i"s, "a.txt") == "hi\n");
  CHECK(read(sandbox, "\"quoted\" \\ back\tslash", "a.txt") == "\"quoted\" \\ back\tslash\n");
  CHECK(read(sandbox, "# Title\n\ntext", "a.md") == "# Title\n\ntext\n");
  const auto text = extract(sandbox, "x", "a.md");
  CHECK(text->mime == "text/markdown");
  CHECK(text->pages == 0);
}

TEST_CASE("HTML leaves as its reader sees it", "[documents]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const auto html = [&](const std::string& body) {
    return read(sandbox, "<html>" + body, "a.html");
  };
  CHECK(html("<head><title>CV</title><style>p{}</style></head><body><h1>Ann</h1><p>one\n  "
             "two<br>three</p>") == "CV\n\nAnn\n\none two\nthree\n");
  CHECK(html("a<script>var x = '<p>no</p>';</script>b<!-- c <p> -->d<SCRIPT src=x></SCRIPT >e") ==
        "abde\n");
  CHECK(
      html("R&amp;D &lt;b&gt; &#8364; &#x1F642; &eacute;&nbsp;x &unknown; & AT&T &#0; &#xD800;") ==
      "R&D <b> € 🙂 é x &unknown; & AT&T &#0; \xEF\xBF\xBD\n");
  CHECK(html("<img alt='a>b' src=\"x>y\">text<a href='>'>link</a>") == "textlink\n");
  CHECK(html("<table><tr><td>a<td>b</tr><tr><td>c</td><td>d</table>") == "\ta\tb\n\n\tc\td\n");
  CHECK(html("<pre>a\n  b</pre>c") == "a\n  b\nc\n");
  CHECK(html("1 < 2 <3 <script>never closed <p>x") == "1 < 2 <3\n");
  CHECK(html("x<") == "x<\n");
  CHECK(html("x<!-- never closed") == "x\n");
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<div>";
  CHECK(html(deep + "x") == "x\n");
}

TEST_CASE("DOCX gives paragraphs, tabs, breaks, headers and notes", "[documents]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  CHECK(read(sandbox,
             docx(paragraph("Ann &amp; Bob") +
                  "<w:p><w:r><w:t xml:space=\"preserve\">a </w:t><w:t>b</w:t><w:tab/><w:t>c</w:t>"
                  "<w:br/><w:t>d</w:t></w:r><w:del><w:r><w:t>gone</w:t></w:r></w:del></w:p>"),
             "cv.docx") == "Ann & Bob\na b\tc\nd\n");
  const std::string all = zip({content_types(),
                               {"word/document.xml", word_xml(paragraph("body"))},
                               {"word/header1.xml", word_xml(paragraph("head"))},
                               {"word/header2.xml", word_xml(paragraph("head"))},
                               {"word/footnotes.xml", word_xml(paragraph("note"))},
                               {"word/media/image1.png", "not text"}});
  const auto text = extract(sandbox, all, "cv.pdf");  // the name lies, the bytes count
  REQUIRE(text);
  CHECK(text->text == "head\n\nbody\n\nnote\n");
  CHECK(text->mime == plenum::child::mime_of("docx"));
}

TEST_CASE("forged and broken DOCX files are refused with a reason", "[documents]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const ZipPart types = content_types();
  const ZipPart document{"word/document.xml", word_xml(paragraph("x"))};
  const auto code = [&](const std::vector<ZipPart>& parts) {
    const std::string answer = read(sandbox, zip(parts), "cv.docx");
    return answer.substr(0, answer.find(':'));
  };
  CHECK(code({types, document}) == "x\n");
  CHECK(code({types, document, {"../evil", "x"}}) == "unreadable_file");
  CHECK(code({types, document, {"a/../../evil", "x"}}) == "unreadable_file");
  CHECK(code({types, document, {"/etc/passwd", "x"}}) == "unreadable_file");
  CHECK(code({types, document, {"c:\\evil", "x"}}) == "unreadable_file");
  CHECK(code({types, document, {"link", "/etc/passwd", 0, -1, 0, 0, "", 0120777}}) ==
        "unreadable_file");
  CHECK(code({types, {"word/document.xml", document.bytes, 0, -1, 0, 1}}) == "encrypted_file");
  CHECK(code({types, {"word/document.xml", document.bytes, 0, -1, 0, 0, "word/other.xml.x"}}) ==
        "unreadable_file");
  CHECK(code({types, document, {"word/header1.xml", "x", 0, -1, 0, 0, "", 0, 0}}) ==
        "unreadable_file");  // overlap
  CHECK(code({types, document, document}) == "unreadable_file");
  CHECK(code({types, {"word/document.xml", document.bytes, 0, -1, 1}}) ==
        "unreadable_file");  // wrong checksum
  CHECK(code({types, {"word/document.xml", document.bytes, 12, -1}}) ==
        "unreadable_file");  // unknown method
  CHECK(code({types, {"word/document.xml", "not XML <"}}) == "unreadable_file");
  CHECK(
      code({types, {"word/document.xml", "<!DOCTYPE x [<!ENTITY a \"b\">]>" + word_xml("&a;")}}) ==
      "unreadable_file");
  std::string deep, ends;
  for (int i = 0; i < 100'000; ++i) deep += "<a>", ends += "</a>";
  CHECK(code({types, {"word/document.xml", deep + ends}}) == "unreadable_file");
  CHECK(code({types, {"word/document.xml", word_xml(paragraph(std::string(5 << 20, 'x')))}}) ==
        "too_large");
  std::vector<ZipPart> many = {types, document};
  for (int i = 0; i < 2000; ++i) many.push_back({"part" + std::to_string(i), ""});
  CHECK(code(many) == "too_large");
  std::string cut = zip({types, document});
  cut.resize(cut.size() - 30);
  CHECK_THAT(read(sandbox, cut, "cv.docx"), Catch::StartsWith("unreadable_file"));
  CHECK_THAT(read(sandbox, zip({types, document}) + "tail", "cv.docx"),
             Catch::StartsWith("unreadable_file"));
}

TEST_CASE("zip bombs are refused before they grow", "[documents]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const auto bomb = [&](size_t copies, int64_t told) {
    return zip({content_types(), {"word/document.xml", deflated_zeros(copies), 8, told, 1}});
  };
  const auto start = std::chrono::steady_clock::now();
  CHECK_THAT(read(sandbox, bomb(1'200'000, 1'200'000 * 258 + 1), "cv.docx"),
             Catch::StartsWith("too_large"));
  CHECK_THAT(read(sandbox, bomb(100'000, 100'000 * 258 + 1), "cv.docx"),
             Catch::StartsWith("too_large"));  // ratio
  CHECK_THAT(read(sandbox, bomb(1'200'000, 1000), "cv.docx"),
             Catch::StartsWith("unreadable_file"));  // it lies
  std::vector<ZipPart> parts = {content_types(), {"word/document.xml", word_xml("")}};
  for (int i = 0; i < 3; ++i)
    parts.push_back({"p" + std::to_string(i), std::string(300 << 10, 'x'), 8, 25 << 20, 1});
  CHECK_THAT(read(sandbox, zip(parts), "cv.docx"), Catch::StartsWith("too_large"));  // in all
  CHECK(std::chrono::steady_clock::now() - start < 20s);
}

TEST_CASE("what is no document is refused by name", "[documents]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  CHECK(read(sandbox, "\x89PNG\r\n\x1a\n", "cv.pdf") ==
        "unsupported_type: the file `cv.pdf` is no PDF, DOCX, TXT, MD or HTML file by its content; "
        "save it as one of these");
  CHECK(read(sandbox, "", "cv.pdf") == "unreadable_file: the file `cv.pdf` is empty");
  CHECK(read(sandbox, zip({{"a", "b"}}), "") ==
        "unsupported_type: the file is no PDF, DOCX, TXT, MD or HTML file by its content; save it "
        "as one of these");
  CHECK_THAT(read(sandbox, "\xD0\xCF\x11\xE0...E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"s,
                  "cv.docx"),
             Catch::StartsWith("encrypted_file"));
  CHECK_THAT(read(sandbox, std::string(5 << 20, 'x'), "a.txt"), Catch::StartsWith("too_large"));
  std::string ligatures;  // one character becomes eighteen
  for (int i = 0; i < 400'000; ++i) ligatures += "\xEF\xB7\xBA";
  CHECK_THAT(read(sandbox, ligatures, "a.txt"), Catch::StartsWith("too_large"));
}

TEST_CASE("HTML becomes a PDF, and its text comes back", "[documents]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const auto pdf = print(
      sandbox, "<h1>Grüße, Ann</h1><p>你好</p><p style='page-break-before:always'>second</p>");
  REQUIRE(pdf);
  CHECK(pdf->substr(0, 5) == "%PDF-");
  const auto text = extract(sandbox, *pdf, "cv.docx");
  REQUIRE(text);
  CHECK(text->text == "Grüße, Ann\n你好\n\nsecond\n");
  CHECK(text->pages == 2);
  CHECK(text->mime == "application/pdf");
  CHECK(read(sandbox, *pdf, "cv.pdf", 1) ==
        "too_many_pages: the file `cv.pdf` has 2 pages; at most 1 are read: send a part of it");
  CHECK_THAT(read(sandbox, pdf->substr(0, 300), "cv.pdf"), Catch::StartsWith("unreadable_file"));
  CHECK_THAT(read(sandbox, "%PDF-1.4\ngarbage", "cv.pdf"), Catch::StartsWith("unreadable_file"));
  CHECK(read(sandbox, encrypted_pdf(), "cv.pdf") ==
        "encrypted_file: the file `cv.pdf` is protected with a password; save it without one");
}

TEST_CASE("a printed page fetches nothing, reads no file and runs no script", "[documents]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const Listener listener;
  const std::string url = listener.url();
  const auto pdf =
      print(sandbox, "<link rel=stylesheet href='" + url + "/a.css'><style>@import url('" + url +
                         "/b.css');"
                         "body{background:url(" +
                         url + "/c.png)}</style><p>visible</p><img src='" + url +
                         "/d.png'>"
                         "<iframe src='" +
                         url + "/e'></iframe><object data='" + url +
                         "/f'></object>"
                         "<iframe src='file:///etc/fonts/fonts.conf'></iframe><img "
                         "src='file:///usr/share/pixmaps/debian-logo.png'>"
                         "<iframe src='file:///usr/share/common-licenses/GPL-3'></iframe>"
                         "<script>document.write('scripted ' + 1)</script><p>end</p>");
  REQUIRE(pdf);
  CHECK(read(sandbox, *pdf, "a.pdf") == "visible\nend\n");
  CHECK_FALSE(listener.was_called());
  const auto refreshed =
      print(sandbox,
            "<meta http-equiv=refresh "
            "content='0;url=file:///usr/share/common-licenses/GPL-3'><p>stay</p>");
  if (refreshed) CHECK_THAT(read(sandbox, *refreshed, "a.pdf"), !Catch::Contains("GNU"));
}

TEST_CASE("no way to have something fetched reaches a server or a file of ours",
          "[documents][slow]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const Listener listener;
  const std::string port = listener.url().substr(listener.url().rfind(':'));
  const auto secret =
      std::filesystem::temp_directory_path() / ("canary-" + plenum::new_id("file") + ".html");
  std::ofstream(secret) << "<p>canary-7d1f</p>";
  const std::vector<std::string> urls = {
      "http://127.0.0.1" + port + "/a",    "http://localhost" + port + "/a",
      "//127.0.0.1" + port + "/a",         "http://2130706433" + port + "/a",
      "http://0x7f.0.0.1" + port + "/a",   "http://127.1" + port + "/a",
      "HTTP:\\\\127.0.0.1" + port + "/a",  "http://user:pass@127.0.0.1" + port + "/a",
      "ftp://127.0.0.1" + port + "/a",     "file://" + secret.string(),
      "file://localhost" + secret.string()};
  int vectors = 0;
  for (const char* construct : kFetching) {
    std::string page = "<p>begin</p>";
    for (const std::string& url : urls) {
      std::string one = construct;
      for (size_t at = 0; (at = one.find('%', at)) != std::string::npos; at += url.size())
        one.replace(at, 1, url);
      page += one + "<p>next</p>";
      ++vectors;
    }
    CAPTURE(construct);
    const auto pdf = print(sandbox, page);
    if (pdf) CHECK_THAT(read(sandbox, *pdf, "a.pdf"), !Catch::Contains("canary-7d1f"));
  }
  CHECK(vectors >= 300);
  CHECK_FALSE(listener.was_called());
  std::filesystem::remove(secret);
}

TEST_CASE("an image as data is printed", "[documents]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const std::string squares =
      "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAbElEQVR42g3JQQEAMAgDMZzgBCf9nQyc1Emd4GbLN1VF"
      "F1Oo2MJFiiuqmm6mUbONmzTXP4YeZtCwg4cMNz9EixESKywiTj+WXmbRsouXLLc/TJsxMmtsYs4/QocJChscEi4/"
      "jj7m0LGHjxx3PIYuT0EtncmbAAAAAElFTkSuQmCC";
  const auto with =
      print(sandbox, "<p>x</p><img width=50 src='data:image/png;base64," + squares + "'>");
  REQUIRE(with);
  CHECK(with->find("/Subtype /Image") != std::string::npos);
}

TEST_CASE("what cannot be printed well is refused before a child runs", "[documents]") {
  Sandbox sandbox;
  const auto code = [&](std::string html, Page page = {}) {
    const auto pdf = print(sandbox, std::move(html), std::move(page));
    return pdf ? "printed" : pdf.error().code;
  };
  CHECK(code("") == "empty_document");
  CHECK(code(" \n\t ") == "empty_document");
  CHECK(code(std::string((2 << 20) + 1, 'x')) == "too_large");
  std::string deep;
  for (int i = 0; i < 50'000; ++i) deep += "<div>";
  CHECK(code(deep) == "too_deep");
  CHECK(code("<p>x</p>", {"B5", "12mm"}) == "bad_page");
  for (const char* margin :
       {"", "12", "mm", "12 mm", "-1mm", "1.mm", "1e9mm", "99999mm", "12px", "1mm --allow /"}) {
    CAPTURE(margin);
    CHECK(code("<p>x</p>", {"A4", margin}) == "bad_page");
  }
  CHECK(print(sandbox, "<p>x</p>", {"A4", "wide"}).error().message ==
        "the margin `wide` is no length; write digits and mm, cm, in or pt: `12mm`");
  if (!works(sandbox)) return;
  CHECK(code("<p>x</p>", {"Letter", "0.5in"}) == "printed");
  std::string items;
  for (int i = 0; i < 2000; ++i) items += "<li>item<p>text<br>";
  CHECK(code("<ul>" + items + "</ul>") == "printed");
}

TEST_CASE("two thousand damaged documents give a text or a refusal, and the sandbox lives",
          "[documents][slow]") {
  Sandbox sandbox(plenum::child::Options{2, 4096, false});
  if (!works(sandbox)) return;
  const std::string pdf = print(sandbox, "<h1>One</h1><p>two <b>three</b></p>").value();
  const std::string word = docx(paragraph("one") + paragraph("two"));
  uint32_t state = 20261121;
  const auto random = [&](size_t n) {  // xorshift: the same damage every time
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    return state % n;
  };
  std::mutex mutex;
  std::map<std::string, int> outcomes;
  std::promise<void> all;
  constexpr int kDocuments = 2000;
  int left = kDocuments;
  for (int i = 0; i < kDocuments; ++i) {
    std::string bytes = i % 2 ? pdf : word;
    for (size_t damage = 1 + random(8); damage > 0; --damage) {
      const size_t at = 8 + random(bytes.size() - 8);
      if (random(4) == 0)
        bytes.erase(at, random(40));
      else
        bytes[at] = static_cast<char>(random(256));
    }
    plenum::child::extract(sandbox, helper(), std::move(bytes), "upload", 50, 20s,
                           [&](Result<Text> text) {
                             const std::lock_guard lock(mutex);
                             ++outcomes[text ? "text" : text.error().stable_code()];
                             if (--left == 0) all.set_value();
                           });
  }
  all.get_future().wait();
  std::string words;
  for (const auto& [outcome, count] : outcomes) words += outcome + " ";
  CAPTURE(words);
  CHECK(outcomes["internal"] == 0);
  CHECK(outcomes["unavailable"] == 0);
  CHECK(outcomes["text"] + outcomes["unreadable_file"] + outcomes["unsupported_type"] +
            outcomes["encrypted_file"] + outcomes["too_large"] + outcomes["too_many_pages"] +
            outcomes["timeout"] + outcomes["cpu_limit"] + outcomes["wall_limit"] ==
        kDocuments);
  CHECK(read(sandbox, word, "cv.docx") == "one\ntwo\n");
}
