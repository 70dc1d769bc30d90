// What a schema is after compiling: a flat list of nodes that name each other by index.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/schema/formats.h"
#include "engine/schema/regex.h"
#include "engine/schema/schema.h"

namespace plenum::schema {

using Ref = uint32_t;  // the index of a node
inline constexpr Ref kNone = UINT32_MAX;

// The values of `type`, as bits.  A number that is integral has both of the last two.
enum TypeBit : uint8_t {
  kNull = 1,
  kBoolean = 2,
  kObject = 4,
  kArray = 8,
  kString = 16,
  kInteger = 32,
  kNumber = 64
};

struct Numbers {
  const Json* minimum = nullptr;
  const Json* maximum = nullptr;
  const Json* above = nullptr;  // exclusiveMinimum
  const Json* below = nullptr;  // exclusiveMaximum
  const Json* step = nullptr;   // multipleOf
};

struct Strings {
  uint64_t least = 0, most = UINT64_MAX;  // code points
  Pattern pattern;
  std::string pattern_text;
  const Format* format = nullptr;
};

struct Arrays {
  uint64_t least = 0, most = UINT64_MAX;
  bool unique = false;
  std::vector<Ref> prefix;
  Ref items = kNone;
  Ref contains = kNone;
  uint64_t contains_least = 1, contains_most = UINT64_MAX;
  Ref unevaluated = kNone;
};

// A member that `properties` or `required` names.
struct Slot {
  std::string name;
  Ref node = kNone;  // none: only required
  bool required = false;
};

struct Objects {
  uint64_t least = 0, most = UINT64_MAX;
  std::vector<Slot> slots;                               // in the author's order
  std::unordered_map<std::string_view, uint32_t> index;  // into slots; filled when they are many
  std::vector<std::pair<Pattern, Ref>> patterns;
  Ref additional = kNone;
  Ref names = kNone;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;
  std::vector<std::pair<std::string, Ref>> dependent_schemas;
  Ref unevaluated = kNone;

  // The slot of that name, or the number of slots.  `hint`: where it is probably found.
  size_t slot(std::string_view name, size_t hint) const;
};

struct Node {
  const Json* source = nullptr;
  uint32_t resource = 0;
  bool always = false;  // true, {} or annotations only
  bool never = false;   // false
  bool is_schema =
      false;  // the value must be a schema itself: a reference to the standard's meta-schema
  uint8_t types = 0;  // 0: any
  const Json* constant = nullptr;
  const Json* one_of_values = nullptr;         // enum
  std::unordered_set<std::string_view> texts;  // the strings of a long enum
  std::unique_ptr<Numbers> numbers;
  std::unique_ptr<Strings> strings;
  std::unique_ptr<Arrays> arrays;
  std::unique_ptr<Objects> objects;
  Ref ref = kNone;
  Ref dynamic_ref = kNone;  // where $dynamicRef leads without a dynamic scope
  int anchor = -1;          // the name of its $dynamicAnchor, by number
  std::vector<Ref> all_of, any_of, one_of;
  Ref none_of = kNone;  // not
  Ref condition = kNone, then = kNone, otherwise = kNone;
  bool applies = false;  // has any of the schemas above, from `is_schema` and `ref` on

  bool evaluates() const {
    return (arrays && arrays->unevaluated != kNone) || (objects && objects->unevaluated != kNone);
  }
};

struct Program {
  Json root;                   // as authored
  std::deque<Json> documents;  // that it refers to
  std::vector<Node> nodes;     // the first is the root
  bool has_dynamic = false;
  // Where `$dynamicAnchor: name` stands in a resource.
  std::unordered_map<uint64_t, Ref> dynamic_anchors;  // by resource << 32 | name
};

// The word for people: "a string", "an integer or null".
std::string type_words(uint8_t types);
uint8_t type_bits(const Json& value);

// Whether `value` is a schema of this standard: what its meta-schema says, references aside.
bool is_schema(const Json& value);

}  // namespace plenum::schema
