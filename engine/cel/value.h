// The values an expression computes with: small, trivially copyable, borrowing from the Json
// document or from an arena. Internal to engine/cel and its tests; applications use
// engine/cel/cel.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/json.h"
#include "engine/base/result.h"

namespace plenum::cel {

// Memory that is given back all at once.  Holds trivially destructible things only.
class Arena {
 public:
  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* take(size_t bytes);  // aligned for anything below 16 bytes
  template <typename T>
  T* make(size_t count = 1) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (take(sizeof(T) * count)) T[count];
  }
  std::string_view copy(std::string_view text);

 private:
  struct Block {
    Block* before;
  };
  alignas(16) char first_[1024];  // most evaluations need no more
  char* next_ = first_;
  char* end_ = first_ + sizeof(first_);
  Block* blocks_ = nullptr;
  size_t block_bytes_ = 4096;
};

// The cost of one evaluation.  Once it is used up it stays stopped, so no operator can absorb the
// limit.
struct Meter {
  uint64_t left = 0;
  bool stopped = false;
  bool take(uint64_t steps) {
    if (steps > left) {
      stop();
      return false;
    }
    left -= steps;
    return true;
  }
  void stop() {
    left = 0;
    stopped = true;
  }
  bool copies(size_t bytes) { return take(bytes / 64); }
  bool scans(size_t bytes) { return take(bytes / 256); }
};

enum class Tag : uint8_t {
  null,
  boolean,
  integer,
  uint,
  real,
  string,
  bytes,
  timestamp,
  duration,
  list,
  map,
  optional,
  type,
  error
};
const char* type_name(Tag tag);      // "int", "null_type", "google.protobuf.Timestamp"
std::string_view word_for(Tag tag);  // for messages: "an int", "null", "a timestamp"
constexpr uint32_t bit(Tag tag) {
  return 1u << static_cast<unsigned>(tag);
}

struct MapData;
struct Fault;  // why an evaluation failed, and where

struct Value {
  Tag tag = Tag::null;
  bool borrowed = false;  // a list or map that is a Json array or object
  uint32_t size =
      0;  // bytes of a string, elements of a list of our own, nanoseconds of a timestamp
  union {
    bool flag;
    int64_t i;  // also the seconds of a timestamp and the nanoseconds of a duration
    uint64_t u;
    double d;
    const char* chars;
    const Value* items;
    const MapData* entries;
    const Json* json;
    const Value* inner;  // of an optional; nullptr: none
    Tag named;           // of a type
    const Fault* fault;
  };

  Value() : u(0) {}
  static Value boolean(bool value);
  static Value integer(int64_t value);
  static Value uint(uint64_t value);
  static Value real(double value);
  static Value string(std::string_view text);  // not copied
  static Value bytes(std::string_view data);   // not copied
  static Value timestamp(int64_t seconds, uint32_t nanos);
  static Value duration(int64_t nanos);
  static Value list(const Value* items, size_t count);
  static Value map(const MapData* entries);
  static Value optional(const Value* inner);
  static Value type(Tag named);
  static Value error(const Fault* fault);
  // Borrows; Json integers are `int` (those that only fit 64 bits without a sign `uint`), all other
  // numbers `double`.
  static Value of(const Json& json);

  bool is(Tag wanted) const { return tag == wanted; }
  bool failed() const { return tag == Tag::error; }
  bool is_true() const { return tag == Tag::boolean && flag; }
  bool is_false() const { return tag == Tag::boolean && !flag; }
  bool is_number() const { return tag == Tag::integer || tag == Tag::uint || tag == Tag::real; }
  std::string_view text() const { return {chars, size}; }
};

struct Fault {
  std::string_view message;
  uint32_t place = 0;  // offset in the expression
  bool limit = false;
};

struct Entry {
  Value key, value;
};

// The entries of a map of our own, in the order they were written; an index by hash beyond a few.
struct MapData {
  const Entry* entries = nullptr;
  uint32_t size = 0;
  const uint32_t* index = nullptr;  // open addressing; 0 is empty, else entry + 1
  uint32_t mask = 0;
};

// Collects the entries of a map; room is fixed at the start.
class MapBuilder {
 public:
  MapBuilder(Arena& arena, size_t room);
  bool add(Value key, Value value);  // false: the key is there already
  Value done();

 private:
  Arena& arena_;
  Entry* entries_;
  uint32_t* index_ = nullptr;
  uint32_t mask_ = 0;
  uint32_t size_ = 0;
};

size_t list_size(const Value& list);
Value list_at(const Value& list, size_t index);
size_t map_size(const Value& map);
Entry map_at(const Value& map, size_t index);
// Whether the map has the key.  Charges what the look-up costs.
bool map_find(const Value& map, const Value& key, Meter& meter, Value* found);
bool field_find(const Value& map, std::string_view name, Meter& meter, Value* found);

// Key equality and hash: numbers of different types are the same key when they are equal.
uint64_t hash_of(const Value& key);
bool hashable(const Value& key);  // bool, int, uint, double, string

// Equality of the language: numbers by value, maps without regard to order, different types
// unequal.
bool equal(const Value& a, const Value& b, Meter& meter, int depth = 0);
// -1, 0, 1; 2: not ordered (NaN); 3: these types have no order.
int order(const Value& a, const Value& b);
bool is_zero(const Value& value);  // null, false, 0, "" and what is empty

// A value as Json: bytes as base64, timestamps and durations as text, an optional as its value or
// null, keys of maps as text.  Fails for NaN and infinities, and beyond `bytes` of estimated JSON
// text.
Result<Json> to_json(const Value& value, size_t bytes);

// Text of scalars as string(x) gives it.
std::string number_text(double value);  // the shortest text that reads back as the same number
std::string timestamp_text(int64_t seconds, uint32_t nanos);
std::string duration_text(int64_t nanos);

}  // namespace plenum::cel
