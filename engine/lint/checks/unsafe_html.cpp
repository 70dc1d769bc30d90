// T606: a value in a place of an HTML page where escaping does not protect.
//
// Escaping keeps a value inside the text or the quoted attribute it stands in.  It does not help in
// an attribute without quotes (a blank ends it), at the start of a link (`javascript:…`), or inside
// <script> and <style>, whose languages know other quotes.
#include "engine/lint/check.h"

namespace plenum::lint {

namespace {

class Page {
 public:
  Page(const std::string& path, const std::string& text, Report& report)
      : file_(std::make_shared<const std::string>(path)), text_(text), report_(report) {}

  void look() {
    while (at_ < text_.size()) {
      if (text_.compare(at_, 4, "<!--") == 0)
        skip_past("-->");
      else if (text_.compare(at_, 2, "{{") == 0)
        tag(inside_.empty() ? nullptr : inside_.c_str());
      else if (text_[at_] == '<' && at_ + 1 < text_.size() && starts_tag(text_[at_ + 1]))
        element();
      else
        step();
    }
  }

 private:
  static bool starts_tag(char c) { return isalpha(static_cast<unsigned char>(c)) || c == '/'; }
  static char lower(char c) { return static_cast<char>(tolower(static_cast<unsigned char>(c))); }

  void step() {
    if (text_[at_] == '\n')
      place_ = {place_.line + 1, 1};
    else
      ++place_.column;
    ++at_;
  }
  void step_to(size_t end) {
    while (at_ < end && at_ < text_.size()) step();
  }
  void skip_past(std::string_view end) {
    const size_t found = text_.find(end, at_);
    step_to(found == std::string::npos ? text_.size() : found + end.size());
  }

  // One {{…}}; `why`: what is wrong with its place, nullptr: nothing.
  void tag(const char* why) {
    const Position start = place_;
    const bool raw = text_.compare(at_, 3, "{{{") == 0;
    const char kind = at_ + 2 < text_.size() ? text_[at_ + 2] : '}';
    skip_past(raw ? "}}}" : "}}");
    const bool value = std::string_view("#^/!>=").find(kind) == std::string_view::npos;
    if (!why || !value) return;
    const std::string help = std::string_view(why) == "an attribute without quotes"
                                 ? "put quotes around the attribute's value"
                                 : "move it into text or another attribute";
    report_.warning("T606", {file_, start, place_},
                    std::string("this stands in ") + why + ", where escaping does not protect",
                    help);
  }

  void element() {
    const bool closes = text_[at_ + 1] == '/';
    step_to(at_ + (closes ? 2 : 1));
    std::string name;
    while (at_ < text_.size() && isalnum(static_cast<unsigned char>(text_[at_])))
      name += lower(text_[at_]), step();
    if (!inside_.empty() && !(closes && inside_.find("<" + name + ">") != std::string::npos))
      return;
    while (at_ < text_.size() && text_[at_] != '>') attribute();
    if (at_ < text_.size()) step();
    inside_ = !closes && (name == "script" || name == "style") ? "<" + name + ">" : "";
  }

  void attribute() {
    std::string name;
    while (at_ < text_.size() && text_[at_] != '=' && text_[at_] != '>' &&
           !isspace(static_cast<unsigned char>(text_[at_]))) {
      if (text_.compare(at_, 2, "{{") == 0) return tag(nullptr);
      name += lower(text_[at_]), step();
    }
    if (at_ >= text_.size() || text_[at_] == '>') return;
    if (text_[at_] != '=') return step();
    step();
    value(name);
  }

  void value(const std::string& name) {
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    const bool quoted = quote == '"' || quote == '\'';
    if (quoted) step();
    const bool link = name == "href" || name == "src" || name == "action" || name == "formaction";
    bool first = true;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (quoted ? c == quote : c == '>' || isspace(static_cast<unsigned char>(c))) break;
      if (text_.compare(at_, 2, "{{") == 0)
        tag(!quoted                  ? "an attribute without quotes"
            : link && first          ? "the beginning of a link"
            : name == "style"        ? "a `style`"
            : name.starts_with("on") ? "a script"
                                     : nullptr);
      else
        step();
      first = false;
    }
    if (quoted && at_ < text_.size()) step();
  }

  std::shared_ptr<const std::string> file_;
  const std::string& text_;
  Report& report_;
  size_t at_ = 0;
  Position place_{1, 1};
  std::string inside_;  // "<script>" or "<style>"
};

void run(const Subject& subject, Report& report) {
  for (const auto& [path, text] : subject.draft.files)
    if (path.ends_with(".html") || path.ends_with(".htm")) Page(path, text, report).look();
}

}  // namespace

Check unsafe_html_check() {
  return {"T606",
          Severity::warning,
          "a value where HTML escaping does not protect",
          "Escaping protects text and quoted attributes. In an attribute without quotes, at the "
          "start of a "
          "link, in `style`, `<style>` or `<script>` a value can still change the page.",
          R"(input: {name: {type: string, maxLength: 90}}
nodes:
  - {id: a, render: {template: templates/test/a.html}}
--- templates/test/a.html
<p class=«{{name}}»>Hello</p>
)",
          R"(input: {name: {type: string, maxLength: 90}}
nodes:
  - {id: a, render: {template: templates/test/a.html}}
--- templates/test/a.html
<p class="{{name}}">Hello <a href="https://example.org/{{name}}">you</a></p>
)",
          run};
}

}  // namespace plenum::lint
