// pdf: the page that is printed, its paper and its name.
#include <catch2/catch.hpp>

#include "engine/nodes/right_to_left.h"
#include "tests/support/test_run.h"

using namespace plenum;

namespace {

const std::string kMark = "\xE2\x80\x8F";

std::string pdf_name(const Json& name) {
  TestRun run(test_app("input: {n: any}\nnodes: [{id: p, pdf: {html: x, name: =n}}]"),
              Json{{"n", name}});
  run.start();
  return std::get<run::MakePdf>(run.asked.effect).name;
}

std::string page(const std::string& node, Json input) {
  TestRun run(test_app("input: {t: any}\nnodes: [{id: p, pdf: " + node + "}]"),
              Json{{"t", std::move(input)}});
  run.start();
  return run.state.status == run::Status::running ? std::get<run::MakePdf>(run.asked.effect).html
                                                  : shown::status(run.state);
}

}  // namespace

TEST_CASE("a page is filled, escaped and asked for with its paper", "[nodes]") {
  TestRun run(test_app(R"(
input: {cv: {type: object, properties: {name: {type: string}}, required: [name]}}
state: {file: file}
nodes:
  - id: layout
    pdf: {template: templates/t/cv.html, with: {cv: =cv}, name: "CV {{cv.name}}.pdf", size: Letter, margin: 0.5in}
    set: file
output: =file
)",
                       {{"templates/t/cv.html", "<h1>{{cv.name}}</h1>"}}),
              Json{{"cv", {{"name", "A & B"}}}});
  CHECK(run.start() == R"(#1 layout pdf "CV A & B.pdf" Letter 0.5in <h1>A &amp; B</h1> | running)");
  CHECK(run.asked.timeout == std::chrono::seconds(30));
  const Json file = {
      {"id", "file_1"}, {"name", "CV.pdf"}, {"mime", "application/pdf"}, {"size", 9}};
  CHECK(run.reply(file).ends_with("completed " + to_text(file)));
}

TEST_CASE("paper and margin have defaults; a margin is a length", "[nodes]") {
  TestRun run(test_app("nodes: [{id: p, pdf: {html: x}}]"));
  CHECK(run.start() == R"(#1 p pdf "document.pdf" A4 12mm x | running)");
  const auto margin = [](const std::string& text) {
    return refused("nodes: [{id: p, pdf: {html: x, margin: " + text + "}}]");
  };
  for (const char* good : {"12mm", "0mm", "1.5cm", "0.25in", "36pt"}) CHECK(margin(good) == "");
  for (const char* bad : {"12", "mm", "12px", "-1mm", "1.mm", ".5in", "1.2.3mm", "12345mm", "12 mm",
                          "12mm 10mm", "12mm --load", "'12MM'", "''"}) {
    CAPTURE(bad);
    CHECK_THAT(margin(bad), Catch::Contains("error[S104]"));
  }
}

TEST_CASE("a file's name can be saved everywhere", "[nodes]") {
  CHECK(pdf_name("CV Ada.pdf") == "CV Ada.pdf");
  CHECK(pdf_name("CV Ada") == "CV Ada.pdf");
  CHECK(pdf_name("CV.PDF") == "CV.pdf");
  CHECK(pdf_name("../../etc/passwd") == "-..-etc-passwd.pdf");
  CHECK(pdf_name("a/b\\c:d*e?f\"g<h>i|j") == "a-b-c-d-e-f-g-h-i-j.pdf");
  CHECK(pdf_name("a\r\nb\tc\x01\x7f"
                 "d\xC2\x85") == "abcd.pdf");
  CHECK(pdf_name("invoice\xE2\x80\xAE"
                 "fdp.exe") == "invoicefdp.exe.pdf");
  CHECK(pdf_name(" .hidden. ") == "hidden.pdf");
  CHECK(pdf_name("") == "document.pdf");
  CHECK(pdf_name(" / ") == "-.pdf");
  CHECK(pdf_name(".pdf") == "document.pdf");
  CHECK(pdf_name(nullptr) == "document.pdf");
  CHECK(pdf_name(7) == "document.pdf");
  CHECK(pdf_name("履歴書 山田.pdf") == "履歴書 山田.pdf");
  CHECK(pdf_name(std::string(500, 'x')) == std::string(116, 'x') + ".pdf");
  std::string long_name, cut;
  for (int i = 0; i < 200; ++i) long_name += "ö";
  for (int i = 0; i < 116; ++i) cut += "ö";
  CHECK(pdf_name(long_name) == cut + ".pdf");
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "履";
  CHECK(pdf_name(wide).size() <= 240);
  CHECK(pdf_name(wide).ends_with("履.pdf"));
}

TEST_CASE("a text runs right to left when its first letter with a direction does", "[nodes]") {
  for (const char* text : {"ليلى", "שלום", "  12 - ليلى Ada", "«ليلى»", "١٢ ليلى", "ܫܠܡܐ",
                           "\xEF\xB7\xBA", "\xEF\xBB\x81", "😀 ليلى"}) {
    CAPTURE(text);
    CHECK(nodes::runs_right_to_left(text));
  }
  for (const char* text : {"", "Ada", "12", "١٢", "Ada ليلى", "... é ليلى", "Ω ليلى", "山 ليلى",
                           "😀", "한 ليلى", "\xFF ليلى"}) {
    CAPTURE(text);
    CHECK(!nodes::runs_right_to_left(text));
  }
}

TEST_CASE("right-to-left words stand between marks, other text stays as it is", "[nodes]") {
  CHECK(nodes::mark_words("ليلى  (عبد)\nC++") ==
        kMark + "ليلى" + kMark + "  " + kMark + "(عبد)" + kMark + "\n" + kMark + "C++" + kMark);
  CHECK(nodes::mark_words("Ada ليلى") == "Ada ليلى");
  CHECK(nodes::mark_words(" ليلى ") == " " + kMark + "ليلى" + kMark + " ");
  CHECK(nodes::mark_words("") == "");
  const Json value = {{"a", {"ليلى", "Ada", 3, nullptr}}, {"ليلى", true}};
  CHECK(to_text(nodes::marked(value)) ==
        "{\"a\":[\"" + kMark + "ليلى" + kMark + "\",\"Ada\",3,null],\"ليلى\":true}");
}

TEST_CASE("the values of a page are marked, the page itself and the file's name are not",
          "[nodes]") {
  const std::string word = "ليلى";
  CHECK(page("{html: \"<p>" + word + " {{x}}</p>\", with: {x: =t}}", word) ==
        "<p>" + word + " " + kMark + word + kMark + "</p>");
  CHECK(page("{html: \"<p>{{#t}}{{.}},{{/t}}</p>\"}", Json{word, "Ada"}) ==
        "<p>" + kMark + word + kMark + ",Ada,</p>");
  CHECK(pdf_name(word) == word + ".pdf");
}

TEST_CASE("a page comes from a template or from text, not from both", "[nodes]") {
  const char* kRule = "error[S102]: `pdf` needs exactly one of `template` and `html`";
  CHECK_THAT(refused("nodes: [{id: p, pdf: {size: A4}}]"), Catch::Contains(kRule));
  CHECK_THAT(refused("nodes: [{id: p, pdf: {html: x, template: templates/t/a.html}}]",
                     {{"templates/t/a.html", "x"}}),
             Catch::Contains(kRule));
}

TEST_CASE("html of a page is escaped, and never read as a template again", "[nodes]") {
  CHECK(page("{html: \"<p>{{t}}</p>\"}", "<script>{{x}}</script>") ==
        "<p>&lt;script&gt;{{x}}&lt;/script&gt;</p>");
  CHECK_THAT(refused("input: {t: string}\nnodes: [{id: p, pdf: {html: \"<p>{{{t}}}</p>\"}}]"),
             Catch::Contains("error[T605]"));
}
