// Hundreds of one-edit mutations of each app: a key renamed, a member or item dropped, a value of
// another type, a name misspelt; in the app file, its prompts and its schemas.  Each is reported,
// or it makes another app that is as good: another wording, another number within bounds, one
// default more.
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/lint/lint.h"

using namespace plenum;

namespace {

struct Mutation {
  std::string what;  // "graphs/reply/nodes/0/set: dropped"
  std::string file;
  std::string text;
  bool harmless = false;
};

// What an author may choose freely: another value, or the default, is no mistake.
bool free_choice(const std::string& key) {
  static const std::set<std::string> kFree = {"title",
                                              "description",
                                              "version",
                                              "summary",
                                              "say",
                                              "at",
                                              "progress",
                                              "temperature",
                                              "max_tokens",
                                              "top_p",
                                              "seed",
                                              "fallback",
                                              "cost_per_run",
                                              "limits",
                                              "max",
                                              "max_pages",
                                              "ttl",
                                              "status",
                                              "message",
                                              "expose",
                                              "accept",
                                              "concurrency",
                                              "job",
                                              "async",
                                              "default",
                                              "minLength",
                                              "maxLength",
                                              "minItems",
                                              "maxItems",
                                              "pattern",
                                              "free",
                                              "pro",
                                              "name",
                                              "label",
                                              "why",
                                              "size",
                                              "$schema",
                                              "format",
                                              "minimum",
                                              "maximum",
                                              "additionalProperties"};
  return kFree.contains(key);
}

// Members that may be left out: the graph or route then does without.
bool may_go(const std::string& key) {
  return free_choice(key) || key == "output" || key == "system" || key == "when" ||
         key == "returns" || key == "files" || key == "note" || key == "context" ||
         key == "results";
}

std::string typo(const std::string& word) {
  return word.size() < 3 ? word + "q" : word.substr(0, word.size() - 2) + word.back();
}

class Mutations {
 public:
  Mutations(std::string file, const Json& root, bool schema)
      : file_(std::move(file)), root_(root), schema_(schema) {
    visit(root, Json::json_pointer(), "");
  }
  std::vector<Mutation> all;

 private:
  void add(const Json::json_pointer& at, const std::string& how, bool harmless,
           const std::function<void(Json&)>& change) {
    harmless = harmless || as_good(at, at.back(), how);
    Json copy = root_;
    change(copy);
    all.push_back({file_ + " " + at.to_string() + ": " + how, file_, copy.dump(1), harmless});
  }

  void visit(const Json& value, const Json::json_pointer& at, const std::string& key) {
    if (value.is_object()) {
      for (const auto& [name, member] : value.items()) {
        change_member(at, name, member);
        visit(member, at / name, name);
      }
    } else if (value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i) {
        add(at / i, "dropped", item_may_go(key), [&](Json& root) { root[at].erase(i); });
        visit(value[i], at / i, key);
      }
    } else {
      change_scalar(value, at, key);
    }
  }

  // A list of names that need not be complete.
  static bool item_may_go(const std::string& key) {
    return free_choice(key) || key == "enum" || key == "required" || key == "plans" ||
           key == "type";
  }

  // A text of a number, a type as a list of one, another path or plan: the author may have meant
  // it.
  bool as_good(const Json::json_pointer& at, const std::string& key, const std::string& how) const {
    const std::string path = at.to_string();
    if (key == "type" && how == "made a list") return true;
    if (key == "type" && how == "dropped") return true;
    if (path.starts_with("/routes/") && how == "renamed")
      return key.find(' ') != std::string::npos || key == "free" || key == "pro";
    if (path.find("/expects/") != std::string::npos && key == "enum") return how != "renamed";
    if (how == "made a number")
      return free_choice(key) || key == "prompt" || key == "system" || key == "returns";
    if (how == "made a list") return key == "returns" || key == "output";
    return key == "id" && how == "misspelt" && path.ends_with("/id");  // nothing names it, or R203
  }

  void change_member(const Json::json_pointer& at, const std::string& name, const Json& member) {
    add(at / name, "renamed", false, [&](Json& root) {
      Json renamed = Json::object();
      for (const auto& [key, value] : root[at].items())
        renamed[key == name ? typo(key) : key] = value;
      root[at] = renamed;
    });
    const bool text = schema_ && (name == "description" || name == "title");
    add(at / name, "dropped", may_go(name) || text || schema_,
        [&](Json& root) { root[at].erase(name); });
    if (!text)
      add(at / name, "made a list", false,
          [&](Json& root) { root[at][name] = Json::array({member}); });
  }

  void change_scalar(const Json& value, const Json::json_pointer& at, const std::string& key) {
    if (!value.is_string()) {
      add(at, "made a text", false, [&](Json& root) { root[at] = "some text"; });
      return;
    }
    const std::string text = value.get<std::string>();
    const bool prose = free_choice(key) || (schema_ && key == "description");
    add(at, "misspelt", prose || schema_, [&](Json& root) { root[at] = typo(text); });
    add(at, "made a number", false, [&](Json& root) { root[at] = 7; });
    if (text.starts_with("="))
      add(at, "without its =", false, [&](Json& root) { root[at] = text.substr(1); });
  }

  std::string file_;
  const Json& root_;
  bool schema_;
};

// In prompts and pages every {{name}} is misspelt, and every closing tag dropped.
std::vector<Mutation> of_template(const std::string& file, const std::string& text) {
  std::vector<Mutation> all;
  for (size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{", at + 2)) {
    const size_t end = text.find("}}", at);
    if (end == std::string::npos || text[at + 2] == '!') continue;
    const std::string tag = text.substr(at, end - at);
    std::string misspelt = text;
    misspelt.replace(at, end - at, typo(tag));
    if (tag.substr(2) != ".") all.push_back({file + " " + tag + ": misspelt", file, misspelt});
    if (tag[2] != '/' && tag[2] != '#' && tag[2] != '^') continue;
    std::string without = text;
    without.erase(at, end + 2 - at);
    all.push_back({file + " " + tag + ": dropped", file, without});
  }
  return all;
}

std::vector<Mutation> mutations_of(const lint::Linted& app, const std::string& path) {
  std::vector<Mutation> all = Mutations(path, app.draft.root->to_json(), false).all;
  const auto more = [&](std::vector<Mutation> others) {
    all.insert(all.end(), others.begin(), others.end());
  };
  for (const auto& [file, text] : app.draft.files) {
    if (file.starts_with("schemas/")) more(Mutations(file, *parse_json(text), true).all);
    if (file.starts_with("prompts/") || file.starts_with("templates/"))
      more(of_template(file, text));
  }
  return all;
}

}  // namespace

TEST_CASE("one wrong edit of an app is reported", "[lint][slow]") {
  const auto disk = app::disk_files(SOURCE_ROOT);
  for (const std::string& name : disk->list("apps.d")) {
    const std::string path = "apps.d/" + name;
    const lint::Linted app = lint::lint_app(path, *disk);
    REQUIRE(app.findings.empty());
    size_t reported = 0, harmless = 0, missed = 0;
    std::string list;
    for (const Mutation& mutation : mutations_of(app, path)) {
      auto files = app.draft.files;
      if (files[mutation.file] == mutation.text) continue;
      files[mutation.file] = mutation.text;
      const bool found = !lint::lint_app(path, app::MemoryFiles(files)).findings.empty();
      if (found)
        ++reported;
      else if (mutation.harmless)
        ++harmless;
      else
        ++missed, list += "  " + mutation.what + "\n";
    }
    const size_t breaking = reported + missed;
    const double share = 100.0 * static_cast<double>(reported) / static_cast<double>(breaking);
    printf("%s: %zu mutations, %zu reported, %zu as good, %zu missed: %.1f%%\n%s", name.c_str(),
           breaking + harmless, reported, harmless, missed, share, list.c_str());
    CAPTURE(list);
    CHECK(breaking >= 200);
    CHECK(share >= 97.0);
  }
}

TEST_CASE("a thousand app files are linted in a second or two", "[lint][slow]") {
  const auto disk = app::disk_files(SOURCE_ROOT);
  std::map<std::string, std::string> files;
  std::vector<std::string> paths;
  const std::vector<std::string> names = disk->list("apps.d");
  for (const std::string& name : names)
    for (const auto& [path, text] : lint::lint_app("apps.d/" + name, *disk).draft.files)
      files[path] = text;
  for (int i = 0; i < 1000; ++i) {
    const std::string& name = names[static_cast<size_t>(i) % names.size()];
    std::string text = files["apps.d/" + name];
    if (const size_t tests = text.find("\ntests: "); tests != std::string::npos)
      text.erase(tests + 1);  // those of the two apps call them by their names
    const std::string app = "app" + std::to_string(i);
    const std::string old = "\napp: " + name.substr(0, name.rfind('.'));
    text.replace(text.find(old), old.size(), "\napp: " + app);
    files["apps.d/" + app + ".yaml"] = text;
    paths.push_back("apps.d/" + app + ".yaml");
  }
  const app::MemoryFiles memory(files);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(lint::lint_files(paths, memory, true).empty());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  printf("1000 app files: %.2f s\n", took.count());
  CHECK(took.count() < 60);  // of any build on any machine; the figure is for reading
}
