// The batch form of a template: what a line asks for is parsed and rendered in one go.

#include "engine/mustache/batch.h"

#include "engine/mustache/mustache.h"

namespace plenum::mustache {
namespace {

// A whole value as the top level: `.` is the value itself.
class RootScope final : public Scope {
 public:
  explicit RootScope(const Json& root) : root_(root) {}
  const Json* find(std::string_view name) const override {
    return name == "." ? &root_ : plenum::find(root_, name);
  }

 private:
  const Json& root_;
};

bool flag(const Json& request, std::string_view key) {
  const Json* value = find(request, key);
  return value && value->is_boolean() && value->get<bool>();
}

Json error(const std::string& what) {
  return Json{{"error", what}};
}

std::string first_of(const Problems& problems) {
  const Problem& problem = problems.front();
  return std::to_string(problem.start.line) + ":" + std::to_string(problem.start.column) + ": " +
         problem.message + (problem.help.empty() ? "" : "; " + problem.help);
}

}  // namespace

Json batch(const Json& request) {
  const Json* text = find(request, "template");
  if (!text || !text->is_string()) return error("`template` is required and must be a string");
  const Options options{flag(request, "html") ? Escape::html : Escape::none,
                        flag(request, "strict")};
  const auto main = Template::parse(text->get<std::string>(), options);
  if (!main) return error(first_of(main.error()));

  std::map<std::string, Template, std::less<>> partials;
  const Json* sources = find(request, "partials");
  if (sources && !sources->is_object() && !sources->is_null())
    return error("`partials` must be an object of texts by name");
  if (sources && sources->is_object()) {
    for (const auto& [name, source] : sources->items()) {
      if (!source.is_string()) return error("partial `" + name + "` must be a string");
      auto partial = Template::parse(source.get<std::string>(), options);
      if (!partial) return error("in partial `" + name + "`: " + first_of(partial.error()));
      partials.emplace(name, *std::move(partial));
    }
  }
  const Json empty = Json::object();
  const Json* data = find(request, "data");
  const auto result = main->render(RootScope(data ? *data : empty), [&](std::string_view name) {
    const auto found = partials.find(name);
    return found == partials.end() ? nullptr : &found->second;
  });
  if (!result) return error(result.error().message);
  return Json{{"text", *result}};
}

}  // namespace plenum::mustache
