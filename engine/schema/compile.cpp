// A schema document to a flat list of nodes.
//
// Nodes are made from a list of tasks, not by recursion, so that a chain of references of any
// length is compiled in constant stack; a schema that several references name becomes one node.

#include "engine/schema/compiler.h"

#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/schema/keywords.h"
#include "engine/schema/words.h"

namespace plenum::schema {
namespace {

constexpr size_t kMaxNodes = 50'000;
constexpr size_t kMaxMistakes = 100;

}  // namespace

void Compiler::run() {
  add(program_.root, 0, "#", "");
  size_t done = 0;
  const auto compile_added = [&] {
    for (; done < places_.size(); ++done) {
      const Place place = places_[done];
      compile(static_cast<Ref>(done), place);
    }
  };
  compile_added();
  if (program_.has_dynamic) {
    for (size_t before = 0; before != places_.size();) {
      before = places_.size();
      bind_dynamic_anchors();
      compile_added();
    }
  }
  find_loops();
}

void Compiler::mistake(const Place& place, const std::string& path, std::string code,
                       std::string message, std::string help) {
  if (mistakes_.size() >= kMaxMistakes) return;
  const bool here = place.pointer[0] == '#';
  if (!here) message = "in " + plenum::quote(place.pointer + path) + ": " + message;
  std::string pointer = here ? place.pointer.substr(1) + path : place.via;
  Mistake one{std::move(code), std::move(pointer), std::move(message), std::move(help)};
  if (std::find(mistakes_.begin(), mistakes_.end(), one) == mistakes_.end())
    mistakes_.push_back(std::move(one));
}

void Compiler::wrong(Draft& draft, const Word& word, const std::string& rule, std::string help) {
  mistake(draft.place, "/" + pointer_token(word.key), "J701",
          "`" + std::string(word.key) + "` must be " + rule + "; it is " + shown(word.value),
          std::move(help));
}

Ref Compiler::add(const Json& schema, uint32_t resource, std::string pointer, std::string via) {
  const auto known = refs_.find(&schema);
  if (known != refs_.end()) return known->second;
  const auto ref = static_cast<Ref>(places_.size());
  if (ref >= kMaxNodes) {
    mistake({&schema, resource, pointer, via}, "", "J701",
            "the schema has more than " + std::to_string(kMaxNodes) + " parts", "make it smaller");
    return 0;
  }
  refs_.emplace(&schema, ref);
  places_.push_back({&schema, resource, std::move(pointer), std::move(via)});
  program_.nodes.emplace_back();
  return ref;
}

// A schema inside the one being read.
Ref Compiler::child(Draft& draft, const Json& value, const std::string& path) {
  if (!value.is_object() && !value.is_boolean()) {
    mistake(draft.place, path, "J701",
            "a schema is an object, true or false; this is " + shown(value),
            value.is_string() ? "write `{\"type\": …}`" : "");
    return kNone;
  }
  const Documents::Place* place = documents_.place(&value);
  return add(value, place ? place->resource : draft.place.resource, draft.place.pointer + path,
             draft.place.via);
}

void Compiler::compile(Ref ref, const Place& place) {
  Draft draft{{}, place, {}, false};
  draft.node.source = place.schema;
  draft.node.resource = place.resource;
  if (place.schema->is_boolean()) {
    draft.node.never = !place.schema->get<bool>();
    draft.asserts = draft.node.never;
  } else if (place.schema->is_object()) {
    for (const auto& [key, value] : place.schema->get_ref<const Json::object_t&>()) {
      const auto handler = handlers().find(key);
      if (handler != handlers().end())
        (this->*handler->second)(draft, {key, value});
      else if (options_.refuse_unknown_keywords && key.rfind("x-", 0) != 0)
        mistake(place, "/" + pointer_token(key), "J701",
                "unknown schema keyword " + plenum::quote(key), keyword_help(key));
    }
  } else {
    mistake(place, "", "J701",
            "a schema is an object, true or false; this is " + shown(*place.schema),
            "write `{\"type\": …}`");
  }
  finish(draft);
  program_.nodes[ref] = std::move(draft.node);
}

void Compiler::finish(Draft& draft) {
  Node& node = draft.node;
  node.always = !draft.asserts;
  if (node.condition == kNone) node.then = node.otherwise = kNone;
  node.applies = node.is_schema || node.ref != kNone || node.dynamic_ref != kNone ||
                 !node.all_of.empty() || !node.any_of.empty() || !node.one_of.empty() ||
                 node.none_of != kNone || node.condition != kNone;
  if (node.objects && node.objects->slots.size() > 8)
    for (uint32_t i = 0; i < node.objects->slots.size(); ++i)
      node.objects->index.emplace(node.objects->slots[i].name, i);
}

void Compiler::bind_dynamic_anchors() {
  const auto resources = documents_.resources();  // compiling may add some
  for (uint32_t i = 0; i < resources.size(); ++i) {
    for (const auto& [name, schema] : resources[i].dynamic_anchors) {
      const auto number = anchors_.find(name);
      if (number == anchors_.end()) continue;
      const Documents::Place* place = documents_.place(schema);
      const Ref ref = add(*schema, i, place ? place->pointer : "#", "");
      program_.dynamic_anchors[uint64_t{i} << 32 | static_cast<uint32_t>(number->second)] = ref;
    }
  }
}

// References that lead back to themselves without going into the value would be followed for ever.
void Compiler::find_loops() {
  const auto same_value = [&](const Node& node) {
    std::vector<Ref> next = {node.ref, node.none_of, node.condition, node.then, node.otherwise};
    for (const auto* list : {&node.all_of, &node.any_of, &node.one_of})
      next.insert(next.end(), list->begin(), list->end());
    if (node.objects)
      for (const auto& dependent : node.objects->dependent_schemas)
        next.push_back(dependent.second);
    next.erase(std::remove(next.begin(), next.end(), kNone), next.end());
    return next;
  };
  enum : char { fresh, open, closed };
  std::vector<char> state(program_.nodes.size(), fresh);
  struct Visit {
    Ref ref;
    std::vector<Ref> next;
  };
  for (Ref start = 0; start < program_.nodes.size(); ++start) {
    if (state[start] != fresh) continue;
    std::vector<Visit> path;
    path.push_back({start, same_value(program_.nodes[start])});
    state[start] = open;
    while (!path.empty()) {
      Visit& last = path.back();
      if (last.next.empty()) {
        state[last.ref] = closed;
        path.pop_back();
        continue;
      }
      const Ref to = last.next.back();
      last.next.pop_back();
      if (state[to] == fresh) {
        state[to] = open;
        path.push_back({to, same_value(program_.nodes[to])});
      } else if (state[to] == open) {
        const bool by_ref = program_.nodes[last.ref].ref == to;
        mistake(places_[last.ref], by_ref ? "/$ref" : "", "J706",
                "this schema leads back to itself without going into the value",
                "refer to it from `properties` or `items`");
      }
    }
  }
}

size_t Objects::slot(std::string_view name, size_t hint) const {
  if (hint < slots.size() && slots[hint].name == name) return hint;
  if (!index.empty()) {
    const auto found = index.find(name);
    return found == index.end() ? slots.size() : found->second;
  }
  size_t i = 0;
  while (i < slots.size() && slots[i].name != name) ++i;
  return i;
}

bool is_schema(const Json& value) {
  Options options;
  options.refuse_unknown_keywords = false;
  options.assert_formats = false;
  Program program;
  program.root = value;
  std::vector<Mistake> mistakes;
  Compiler(program, options, true, mistakes).run();
  return mistakes.empty();
}

tl::expected<Schema, std::vector<Mistake>> Schema::compile(const Json& schema,
                                                           const Options& options) {
  const auto program = std::make_shared<Program>();
  program->root = schema;
  std::vector<Mistake> mistakes;
  Compiler(*program, options, false, mistakes).run();
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return Schema(program);
}

const Json& Schema::json() const {
  return program_->root;
}

}  // namespace plenum::schema
