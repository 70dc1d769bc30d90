// Forms as browsers, curl and attackers send them.
#include "server/front/multipart.h"

#include <catch2/catch.hpp>
#include <random>

#include "server/front/text.h"

using namespace plenum::front;

namespace {

const char* const kType = "multipart/form-data; boundary=XX";

// "name=body" per part, files as "name@filename(type)=body"; or the error's message.
std::string form(const std::string& body, const std::string& type = kType,
                 const MultipartLimits& limits = {}) {
  const auto parts = parse_multipart(type, body, limits);
  if (!parts) {
    CHECK(parts.error().kind == plenum::Kind::invalid);
    CHECK(parts.error().code == "malformed_multipart");
    return parts.error().message.substr(std::string("the multipart body is malformed: ").size());
  }
  std::string text;
  for (const Part& part : *parts) {
    text += (text.empty() ? "" : ", ") + part.name;
    if (part.is_file) text += "@" + part.filename + "(" + part.content_type + ")";
    text += "=" + std::string(part.body);
  }
  return text;
}

std::string part(const std::string& headers, const std::string& body) {
  return "--XX\r\n" + headers + "\r\n\r\n" + body + "\r\n";
}

std::string field(const std::string& parameters) {
  return form(part("Content-Disposition: form-data; " + parameters, "v") + "--XX--\r\n");
}

}  // namespace

TEST_CASE("a form is its parts, in order, byte for byte", "[front]") {
  const std::string binary("\0\r\n--X\r\n-\xff", 11);
  CHECK(form(part("Content-Disposition: form-data; name=\"a\"", "1") +
             part("content-disposition:form-data;name=b", "") +
             part("Content-Type: application/pdf\r\nContent-Disposition: form-data; name=\"c\"; "
                  "filename=\"cv.pdf\"",
                  binary) +
             "--XX--\r\n") == "a=1, b=, c@cv.pdf(application/pdf)=" + binary);
  CHECK(form("--XX--\r\n").empty());
  CHECK(form("--XX--").empty());
  CHECK(form("\r\n" + part("Content-Disposition: form-data; name=a", "1") + "--XX--\r\nepilogue") ==
        "a=1");
  CHECK(form("--XX \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--XX-- \r\n") == "a=1");
}

TEST_CASE("the boundary comes from the content type", "[front]") {
  const std::string body =
      "--a b:c\r\nContent-Disposition: form-data; name=n\r\n\r\n1\r\n--a b:c--";
  CHECK(form(body, "Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b:c\"") == "n=1");
  CHECK(form("", "multipart/form-data") == "Content-Type has no boundary; send `boundary=…`");
  CHECK(form("", "text/plain; boundary=XX") == "Content-Type is not multipart/form-data");
  CHECK(form("", "multipart/form-data; boundary=" + std::string(71, 'x')) ==
        "the boundary has 71 characters; at most 70 are accepted");
  CHECK(form("", "multipart/form-data; boundary=\"\"").find("the boundary `` is empty") == 0);
  CHECK(form("", "multipart/form-data; boundary=\"a\rb\"").find("characters that a boundary") !=
        std::string::npos);
  CHECK(form("", "multipart/form-data; boundary=XX; boundary=YY") ==
        "the parameter `boundary` is given twice");
  CHECK(form("", "multipart/form-data; boundary=\"XX") ==
        "a quoted header parameter has no closing quote");
  CHECK(form("", "multipart/form-data; boundary=") == "a header parameter has no value");
}

TEST_CASE("names and file names are read as browsers write them", "[front]") {
  CHECK(field("name=\"a; b\\\"c\\\\d\"") == "a; b\"c\\d=v");
  CHECK(field("name=\"\xC3\xA4\"") == "\xC3\xA4=v");
  CHECK(field("name=f; filename=\"C:\\Users\\me\\cv.pdf\"") == "f@cv.pdf()=v");
  CHECK(field("name=f; filename=\"../../etc/passwd\"") == "f@passwd()=v");
  CHECK(field("name=f; filename=\"\"") == "f@()=v");
  CHECK(field("filename=x.txt; name=f;") == "f@x.txt()=v");
  CHECK(field("name=f; filename*=UTF-8''evil.pdf") == "f=v");
  CHECK(field("name=f; filename=a.txt; filename*=UTF-8''b.txt") == "f@a.txt()=v");
}

TEST_CASE("a part without a proper name is refused", "[front]") {
  CHECK(field("filename=x") == "a part has no name");
  CHECK(field("name=\"\"") == "a part has no name");
  CHECK(field("name=a; name=b") == "the parameter `name` is given twice");
  CHECK(field("name=\"a\xFF\"").find("is not UTF-8") != std::string::npos);
  CHECK(field("name=\"a\tb\"").find("control character") != std::string::npos);
  CHECK(field(std::string("name=\"a\0b\"", 10)).find("control character") != std::string::npos);
  CHECK(field("name=a b") == "a header has `b` where `;` should stand");
  CHECK(field("name") == "a header has `name` where `name=value` should stand");
  CHECK(form(part("Content-Type: text/plain", "1") + "--XX--") ==
        "a part has no name: it lacks the Content-Disposition header");
  CHECK(form(part("Content-Disposition: attachment; name=a", "1") + "--XX--") ==
        "a part's Content-Disposition is not form-data");
  CHECK(
      form(part("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
                "1") +
           "--XX--") == "a part has two Content-Disposition headers");
  CHECK(form(part("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64",
                  "1") +
             "--XX--") == "a part is encoded as `base64`; send its bytes as they are");
  CHECK(form(part(" Content-Disposition: form-data; name=a", "1") + "--XX--")
            .find("where a header should stand") != std::string::npos);
}

TEST_CASE("a body that is cut off anywhere is refused", "[front]") {
  const std::string whole = part("Content-Disposition: form-data; name=a", "hello") +
                            part("Content-Disposition: form-data; name=b; filename=x", "w--XX") +
                            "--XX--";
  CHECK(form(whole) == "a=hello, b@x()=w--XX");
  for (size_t size = 0; size < whole.size(); ++size) {
    INFO("cut at " << size);
    CHECK_FALSE(parse_multipart(kType, std::string_view(whole).substr(0, size)));
  }
}

TEST_CASE("what is nearly a delimiter is an error, not content", "[front]") {
  const std::string open = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n1";
  CHECK(form(open + "\r\n--XXX\r\n\r\n--XX--") ==
        "a delimiter is followed by something else than CR LF");
  CHECK(form(open + "\r\n--XX\nContent-Disposition: form-data; name=b\r\n\r\n2\r\n--XX--") ==
        "a delimiter is followed by something else than CR LF");
  CHECK(form(open + "\n--XX--") == "it ends before the closing boundary; the upload was cut off");
  CHECK(form("preamble\r\n" + open + "\r\n--XX--") ==
        "it does not begin with the boundary of Content-Type");
  CHECK(form("--YY\r\n\r\n--YY--") == "it does not begin with the boundary of Content-Type");
  CHECK(form("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n--XX--") ==
        "a boundary does not begin on its own line");
  CHECK(form(open + "\r\n--XX--garbage") == "a delimiter is followed by something else than CR LF");
}

TEST_CASE("parts, files and part headers have limits", "[front]") {
  const MultipartLimits limits{.parts = 3, .files = 1, .header_bytes = 80, .boundary = 10};
  const std::string plain = part("Content-Disposition: form-data; name=a", "1");
  const std::string file = part("Content-Disposition: form-data; name=a; filename=f", "1");
  CHECK(form(plain + plain + file + "--XX--", kType, limits) == "a=1, a=1, a@f()=1");
  CHECK(form(plain + plain + plain + plain + "--XX--", kType, limits) ==
        "it has more than 3 parts");
  CHECK(form(file + file + "--XX--", kType, limits) == "it has more than 1 files");
  CHECK(form(part("Content-Disposition: form-data; name=" + std::string(60, 'a'), "1") + "--XX--",
             kType, limits) == "a part's headers are longer than 80 bytes");
  CHECK(form(part(std::string(20'000, 'a'), "1") + "--XX--") ==
        "a part's headers are longer than 8192 bytes");
}

TEST_CASE("no mutation of a form breaks the parser", "[front]") {
  const std::string seed = part("Content-Disposition: form-data; name=\"a\"", "1") +
                           part(
                               "Content-Disposition: form-data; name=\"c\"; "
                               "filename=\"c\\\"v.pdf\"\r\nContent-Type: x/y",
                               std::string("\0\r\n--X\r\n", 8)) +
                           "--XX--\r\n";
  const std::string type = "multipart/form-data; boundary=\"XX\"";
  const std::string_view pieces[] = {
      "\r\n", "--XX", "--",    "\"",        "\\",           ";",       "=", ":",
      "\r",   "\n",   "name=", "filename=", "\r\n--XX\r\n", "\r\n\r\n"};
  std::mt19937 random(7);
  const auto below = [&](size_t n) { return random() % n; };
  size_t good = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string body = seed, header = type;
    for (size_t changes = 1 + below(4); changes > 0; --changes) {
      std::string& text = below(8) == 0 ? header : body;
      const size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(6));
          break;
        case 2:
          text.insert(at, pieces[below(std::size(pieces))]);
          break;
        default:
          text.insert(at, text.substr(below(text.size()), 1 + below(30)));
      }
      if (text.empty()) text = "x";
    }
    const auto parts = parse_multipart(header, body);
    if (!parts) continue;
    ++good;
    REQUIRE(parts->size() <= 20);
    for (const Part& part : *parts) {
      REQUIRE_FALSE(part.name.empty());
      REQUIRE(is_utf8(part.name + part.filename));
      REQUIRE(part.body.data() >= body.data());
      REQUIRE(part.body.data() + part.body.size() <= body.data() + body.size());
    }
  }
  CHECK(good > 500);
}
