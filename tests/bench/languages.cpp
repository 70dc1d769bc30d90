// What the three languages cost, each beside what a person would write by hand for the one case,
// and beside writing the same document as text.  The cases are files that languages.py makes, so
// that other implementations can be given the same; one line of JSON comes out: microseconds by
// name.
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "engine/cel/cel.h"
#include "engine/mustache/mustache.h"
#include "engine/schema/schema.h"

using namespace plenum;

namespace {

size_t kept = 0;  // of every result, so that no work can be left out

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    fprintf(stderr, "languages: cannot read %s\n", path.c_str());
    exit(1);
  }
  return {std::istreambuf_iterator<char>(in), {}};
}

// Of processor time, which others on the machine disturb least; the best of 15 stretches of about
// 10 ms, which says what it costs when nobody does.
template <typename Work>
double micros(Work work) {
  const auto stretch = [&](size_t rounds) {
    const std::clock_t before = std::clock();
    for (size_t i = 0; i < rounds; ++i) kept += static_cast<size_t>(work());
    return static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC * 1e6;
  };
  size_t rounds = 1;
  while (stretch(rounds) < 5'000) rounds *= 2;
  rounds *= 2;
  double best = 1e12;
  for (int i = 0; i < 15; ++i) best = std::min(best, stretch(rounds));
  return best / static_cast<double>(rounds);
}

bool by_hand(const Json& data) {
  const Json& score = *find(data, "score");
  if (!score.is_number_integer() || score.get_ref<const Json::number_integer_t&>() < 8)
    return false;
  const std::string& kind = find(data, "kind")->get_ref<const std::string&>();
  return kind == "a" || kind == "b";
}

void escape(std::string_view text, std::string& out) {
  for (;;) {
    const size_t next = text.find_first_of("&<>\"'");
    out += text.substr(0, next);
    if (next == std::string_view::npos) return;
    switch (text[next]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += "&#39;";
    }
    text.remove_prefix(next + 1);
  }
}

// The page of languages.py, as one would write it without templates.
std::string page_by_hand(const Json& data) {
  std::string out = "<!doctype html><title>";
  const auto text = [&](const Json& object, const char* name) {
    escape(find(object, name)->get_ref<const std::string&>(), out);
  };
  text(data, "title");
  out += "</title>\n<table>\n";
  for (const Json& row : *find(data, "rows")) {
    out += "<tr class=\"";
    text(row, "kind");
    out += "\"><td>";
    text(row, "name");
    out += "</td><td>";
    text(row, "what");
    out += "</td><td>";
    out += std::to_string(find(row, "count")->get<int64_t>());
    out += "</td><td>";
    if (!find(row, "note")->get_ref<const std::string&>().empty()) {
      out += "<em>";
      text(row, "note");
      out += "</em>";
    }
    out += "</td></tr>\n";
  }
  return out + "</table>\n";
}

class Results {
 public:
  template <typename Work>
  void measure(const char* name, Work work) {
    all_[name] = micros(work);
  }
  void print() const { printf("%s\n", all_.dump().c_str()); }

 private:
  nlohmann::ordered_json all_;
};

void expressions(const std::string& folder, Results& results) {
  const Json data = Json::parse(read(folder + "/document.json"));
  const std::string text = read(folder + "/expression.cel");
  cel::Names names;
  for (const auto& [name, value] : data.items()) names[name] = Type();
  names["score"] = Type::Kind::integer;
  names["kind"] = Type::Kind::string;
  const ObjectScope scope(data);
  const auto expression = cel::Expression::compile(text, names);
  if (!expression || !*expression->holds(scope) || !by_hand(data)) abort();
  results.measure("cel evaluate", [&] { return *expression->holds(scope); });
  results.measure("cel by hand", [&] { return by_hand(data); });
  results.measure("cel dump", [&] { return data.dump().size(); });
  results.measure("cel compile",
                  [&] { return cel::Expression::compile(text, names)->text().size(); });
}

void pages(const std::string& folder, Results& results) {
  const Json data = Json::parse(read(folder + "/page.json"));
  const std::string text = read(folder + "/page.html");
  const auto page = mustache::Template::parse(text, {.escape = mustache::Escape::html});
  const ObjectScope scope(data);
  const std::string expected = page_by_hand(data);
  if (!page || *page->render(scope) != expected || expected != read(folder + "/expected.html")) {
    fprintf(stderr, "languages: the pages differ\n");
    exit(1);
  }
  results.measure("mustache render", [&] { return page->render(scope)->size(); });
  results.measure("mustache by hand", [&] { return page_by_hand(data).size(); });
  results.measure("mustache dump", [&] { return data.dump().size(); });
  results.measure("mustache parse", [&] {
    return mustache::Template::parse(text, {.escape = mustache::Escape::html})->text().size();
  });
}

void schemas(const std::string& folder, Results& results) {
  const Json source = Json::parse(read(folder + "/schema.json"));
  const Json value = Json::parse(read(folder + "/value.json"));
  const auto schema = schema::Schema::compile(source);
  if (!schema || !schema->valid(value)) abort();
  results.measure("schema validate", [&] { return schema->validate(value).empty(); });
  results.measure("schema dump", [&] { return value.dump().size(); });
  results.measure("schema compile", [&] { return schema::Schema::compile(source).has_value(); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: languages FOLDER (languages.py makes it)\n");
    return 2;
  }
  Results results;
  expressions(argv[1], results);
  pages(argv[1], results);
  schemas(argv[1], results);
  results.print();
  return kept == 0;
}
