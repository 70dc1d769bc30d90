// The macros: calls whose arguments are not evaluated first, because they bind names or look before
// they read.
#include "engine/cel/parser.h"

namespace plenum::cel {
namespace {

constexpr MacroRule kRules[] = {
    {"all", true, 2, 1, Macro::all},
    {"all", true, 3, 2, Macro::all},
    {"exists", true, 2, 1, Macro::exists},
    {"exists", true, 3, 2, Macro::exists},
    {"exists_one", true, 2, 1, Macro::exists_one},
    {"exists_one", true, 3, 2, Macro::exists_one},
    {"existsOne", true, 2, 1, Macro::exists_one},
    {"existsOne", true, 3, 2, Macro::exists_one},
    {"map", true, 2, 1, Macro::map},
    {"map", true, 3, 1, Macro::map},
    {"filter", true, 2, 1, Macro::filter},
    {"transformList", true, 3, 2, Macro::transform_list},
    {"transformList", true, 4, 2, Macro::transform_list},
    {"transformMap", true, 3, 2, Macro::transform_map},
    {"transformMap", true, 4, 2, Macro::transform_map},
    {"transformMapEntry", true, 3, 2, Macro::transform_map_entry},
    {"transformMapEntry", true, 4, 2, Macro::transform_map_entry},
    {"sortBy", true, 2, 1, Macro::sort_by},
    {"optMap", true, 2, 1, Macro::opt_map},
    {"optFlatMap", true, 2, 1, Macro::opt_flat_map},
    {"cel.bind", false, 3, 1, Macro::bind},
};

constexpr struct {
  std::string_view name, form;
} kForms[] = {
    {"all", "list.all(x, condition)"},
    {"exists", "list.exists(x, condition)"},
    {"exists_one", "list.exists_one(x, condition)"},
    {"existsOne", "list.existsOne(x, condition)"},
    {"map", "list.map(x, expression)"},
    {"filter", "list.filter(x, condition)"},
    {"transformList", "list.transformList(index, value, expression)"},
    {"transformMap", "map.transformMap(key, value, expression)"},
    {"transformMapEntry", "map.transformMapEntry(key, value, {newKey: newValue})"},
    {"sortBy", "list.sortBy(x, key)"},
    {"optMap", "optional.optMap(x, expression)"},
    {"optFlatMap", "optional.optFlatMap(x, expression)"},
    {"cel.bind", "cel.bind(name, value, expression)"},
    {"has", "has(object.field)"},
};

}  // namespace

const MacroRule* find_macro(std::string_view name, bool member, size_t arguments,
                            bool second_is_name) {
  const MacroRule* found = nullptr;
  for (const MacroRule& rule : kRules) {
    if (rule.name != name || rule.member != member || rule.arguments != arguments) continue;
    if (rule.variables == 2 && !second_is_name) continue;
    found = &rule;
  }
  return found;
}

std::string_view macro_form(std::string_view name) {
  for (const auto& known : kForms)
    if (known.name == name) return known.form;
  return {};
}

const MacroRule* macro_rules(size_t* count) {
  *count = std::size(kRules);
  return kRules;
}

}  // namespace plenum::cel
