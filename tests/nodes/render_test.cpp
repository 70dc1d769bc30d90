// render: text from templates.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

std::string rendered(const std::string& graph, Json input = Json::object(),
                     std::map<std::string, std::string> files = {}) {
  TestRun run(test_app(graph, std::move(files)), std::move(input));
  run.start();
  return run.state.status == run::Status::completed ? run.state.output.get<std::string>()
                                                    : shown::status(run.state);
}

}  // namespace

TEST_CASE("a template of the app file sees the state, and escapes HTML", "[nodes]") {
  CHECK(rendered(R"(
input: {name: string}
nodes: [{id: a, render: {template: "Hi {{name}} & co"}}]
)",
                 Json{{"name", "<Ada>"}}) == "Hi &lt;Ada&gt; & co");
}

TEST_CASE("a file's name says whether HTML is escaped", "[nodes]") {
  const std::string html = R"(
input: {name: string}
nodes: [{id: a, render: {template: templates/t/FILE}}]
)";
  const auto with = [&](const std::string& file) {
    std::string graph = html;
    return rendered(graph.replace(graph.find("FILE"), 4, file), Json{{"name", "<Ada>"}},
                    {{"templates/t/" + file, "Hi {{name}}\n"}});
  };
  CHECK(with("a.html") == "Hi &lt;Ada&gt;\n");
  CHECK(with("a.md") == "Hi <Ada>\n");
  CHECK(with("a.txt") == "Hi <Ada>\n");
}

TEST_CASE("with gives a template its own names, and only these", "[nodes]") {
  CHECK(rendered(R"(
input: {a: integer, list: list<integer>}
nodes: [{id: a, render: {template: "{{twice}} {{fixed}} {{#items}}<{{.}}>{{/items}}", with: {twice: =a * 2, fixed: "of {{a}}", items: =list}}}]
)",
                 Json{{"a", 21}, {"list", {1, 2}}}) == "42 of 21 <1><2>");
  CHECK_THAT(refused(R"(
input: {a: integer}
nodes: [{id: a, render: {template: "{{a}}", with: {b: 1}}}]
)"),
             Catch::Contains("error[T602]: unknown name `a`"));
}

TEST_CASE("what was filled in is never read as a template again", "[nodes]") {
  CHECK(rendered(R"(
input: {a: string, secret: string}
nodes: [{id: a, render: {template: "{{x}} {{y}}", with: {x: "{{a}}", y: =a}}}]
)",
                 Json{{"a", "{{secret}} =1"}, {"secret", "s"}}) == "{{secret}} =1 {{secret}} =1");
}

TEST_CASE("a path with an enum takes the file of its value", "[nodes]") {
  const std::string graph = R"(
input: {style: {enum: [short, long]}}
nodes: [{id: a, render: {template: "templates/t/{{style}}.md"}}]
)";
  const std::map<std::string, std::string> files = {{"templates/t/short.md", "S"},
                                                    {"templates/t/long.md", "L {{style}}"}};
  CHECK(rendered(graph, Json{{"style", "short"}}, files) == "S");
  CHECK(rendered(graph, Json{{"style", "long"}}, files) == "L long");
  // A value that got past its type names no file of the app.
  CHECK(rendered(graph, Json{{"style", "../x"}}, files) ==
        "failed at a template_not_found: there is no template `templates/t/../x.md` in this app");
}

TEST_CASE("a declared field that is absent renders as nothing", "[nodes]") {
  CHECK(rendered(R"(
input: {p: {type: object, properties: {name: {type: string}, title: {type: string}}, required: [name]}}
nodes: [{id: a, render: {template: "[{{p.title}}][{{p.name}}]"}}]
)",
                 Json{{"p", {{"name", "Ada"}}}}) == "[][Ada]");
}

TEST_CASE("partials are files that see what stands around their tag", "[nodes]") {
  const std::string letter = R"(
input: {name: string, rows: {type: array, items: {type: object, properties: {title: {type: string}, note: {type: string}}, required: [title]}}}
nodes: [{id: a, render: {template: templates/t/letter.md}}]
)";
  const std::map<std::string, std::string> files = {
      {"templates/t/letter.md",
       "Dear {{> templates/t/name.md}},\n{{#rows}}\n  {{> templates/t/row.md}}\n{{/rows}}\nBye, "
       "{{> templates/t/name.md}}\n"},
      {"templates/t/name.md", "<{{name}}>"},
      {"templates/t/row.md", "- {{title}} {{note}}\n{{> templates/t/name.md}}\n"}};
  CHECK(
      rendered(letter,
               Json{{"name", "Ada"}, {"rows", {{{"title", "x"}, {"note", "y"}}, {{"title", "z"}}}}},
               files) == "Dear <Ada>,\n  - x y\n  <Ada>  - z \n  <Ada>Bye, <Ada>\n");
}

TEST_CASE("a page escapes what its partials fill in, whatever their names", "[nodes]") {
  CHECK(rendered(R"(
input: {name: string}
nodes: [{id: a, render: {template: templates/t/page.html}}]
)",
                 Json{{"name", "<b>"}},
                 {{"templates/t/page.html", "<p>{{> templates/t/name.md}}</p>"},
                  {"templates/t/name.md", "{{name}}"}}) == "<p>&lt;b&gt;</p>");
}
