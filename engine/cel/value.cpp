// Values: the arena they live in, the two forms of lists and maps (borrowed Json, built by the
// expression), equality, order and the way back to Json.  Everything that walks data charges the
// meter, so no walk is longer than the limit.
#include "engine/cel/value.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

namespace plenum::cel {
namespace {

constexpr size_t kIndexFrom = 9;  // maps smaller than this are searched from front to back
constexpr int kDeepest = 512;     // data nested deeper than this is not compared

struct TypeWords {
  const char* name;
  std::string_view word;
};
constexpr TypeWords kTypes[] = {{"null_type", "null"},
                                {"bool", "a bool"},
                                {"int", "an int"},
                                {"uint", "a uint"},
                                {"double", "a double"},
                                {"string", "a string"},
                                {"bytes", "bytes"},
                                {"google.protobuf.Timestamp", "a timestamp"},
                                {"google.protobuf.Duration", "a duration"},
                                {"list", "a list"},
                                {"map", "a map"},
                                {"optional_type", "an optional"},
                                {"type", "a type"},
                                {"error", "an error"}};

const Json::object_t& members(const Value& map) {
  return map.json->get_ref<const Json::object_t&>();
}

}  // namespace

Arena::~Arena() {
  while (blocks_) {
    Block* before = blocks_->before;
    ::operator delete(blocks_);
    blocks_ = before;
  }
}

void* Arena::take(size_t bytes) {
  bytes = (bytes + 7) & ~size_t{7};
  if (static_cast<size_t>(end_ - next_) < bytes) {
    const size_t room = std::max(block_bytes_, bytes) + sizeof(Block) + 8;
    auto* block = static_cast<Block*>(::operator new(room));
    block->before = blocks_;
    blocks_ = block;
    next_ = reinterpret_cast<char*>(block) + 16;
    end_ = reinterpret_cast<char*>(block) + room;
    block_bytes_ = std::min<size_t>(block_bytes_ * 2, 1 << 18);
  }
  void* taken = next_;
  next_ += bytes;
  return taken;
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  char* at = static_cast<char*>(take(text.size()));
  std::memcpy(at, text.data(), text.size());
  return {at, text.size()};
}

const char* type_name(Tag tag) {
  return kTypes[static_cast<size_t>(tag)].name;
}
std::string_view word_for(Tag tag) {
  return kTypes[static_cast<size_t>(tag)].word;
}

Value Value::boolean(bool value) {
  Value v;
  v.tag = Tag::boolean;
  v.flag = value;
  return v;
}
Value Value::integer(int64_t value) {
  Value v;
  v.tag = Tag::integer;
  v.i = value;
  return v;
}
Value Value::uint(uint64_t value) {
  Value v;
  v.tag = Tag::uint;
  v.u = value;
  return v;
}
Value Value::real(double value) {
  Value v;
  v.tag = Tag::real;
  v.d = value;
  return v;
}
Value Value::string(std::string_view text) {
  Value v;
  v.tag = Tag::string;
  v.chars = text.data();
  v.size = static_cast<uint32_t>(std::min<size_t>(text.size(), UINT32_MAX));
  return v;
}
Value Value::bytes(std::string_view data) {
  Value v = string(data);
  v.tag = Tag::bytes;
  return v;
}
Value Value::timestamp(int64_t seconds, uint32_t nanos) {
  Value v;
  v.tag = Tag::timestamp;
  v.i = seconds;
  v.size = nanos;
  return v;
}
Value Value::duration(int64_t nanos) {
  Value v = integer(nanos);
  v.tag = Tag::duration;
  return v;
}
Value Value::list(const Value* items, size_t count) {
  Value v;
  v.tag = Tag::list;
  v.items = items;
  v.size = static_cast<uint32_t>(count);
  return v;
}
Value Value::map(const MapData* entries) {
  Value v;
  v.tag = Tag::map;
  v.entries = entries;
  return v;
}
Value Value::optional(const Value* inner) {
  Value v;
  v.tag = Tag::optional;
  v.inner = inner;
  return v;
}
Value Value::type(Tag named) {
  Value v;
  v.tag = Tag::type;
  v.named = named;
  return v;
}
Value Value::error(const Fault* fault) {
  Value v;
  v.tag = Tag::error;
  v.fault = fault;
  return v;
}

Value Value::of(const Json& json) {
  Value v;
  switch (json.type()) {
    case Json::value_t::boolean:
      return boolean(json.get_ref<const bool&>());
    case Json::value_t::number_integer:
      return integer(json.get_ref<const int64_t&>());
    case Json::value_t::number_unsigned: {
      const uint64_t u = json.get_ref<const uint64_t&>();
      return u <= INT64_MAX ? integer(static_cast<int64_t>(u)) : uint(u);
    }
    case Json::value_t::number_float:
      return real(json.get_ref<const double&>());
    case Json::value_t::string:
      return string(json.get_ref<const std::string&>());
    case Json::value_t::array:
      v.tag = Tag::list;
      break;
    case Json::value_t::object:
      v.tag = Tag::map;
      break;
    default:
      return v;
  }
  v.borrowed = true;
  v.json = &json;
  return v;
}

size_t list_size(const Value& list) {
  return list.borrowed ? list.json->size() : list.size;
}
Value list_at(const Value& list, size_t index) {
  if (!list.borrowed) return list.items[index];
  return Value::of(list.json->get_ref<const Json::array_t&>()[index]);
}
size_t map_size(const Value& map) {
  return map.borrowed ? members(map).size() : map.entries->size;
}
Entry map_at(const Value& map, size_t index) {
  if (!map.borrowed) return map.entries->entries[index];
  const auto& member = members(map).begin()[static_cast<ptrdiff_t>(index)];
  return {Value::string(member.first), Value::of(member.second)};
}

bool hashable(const Value& key) {
  return key.is_number() || key.is(Tag::string) || key.is(Tag::boolean);
}

uint64_t hash_of(const Value& key) {
  const auto mix = [](uint64_t x) {
    x ^= x >> 32;
    x *= 0x9E3779B97F4A7C15u;
    return x ^ (x >> 29);
  };
  switch (key.tag) {
    case Tag::boolean:
      return key.flag ? 3 : 5;
    case Tag::integer:
      return mix(std::hash<double>()(static_cast<double>(key.i)));
    case Tag::uint:
      return mix(std::hash<double>()(static_cast<double>(key.u)));
    case Tag::real:
      return mix(std::hash<double>()(key.d));
    case Tag::string:
      return mix(std::hash<std::string_view>()(key.text()));
    default:
      return 0;
  }
}

namespace {

bool same_key(const Value& a, const Value& b) {
  if (a.is(Tag::string) && b.is(Tag::string)) return a.text() == b.text();
  if (a.is(Tag::boolean) && b.is(Tag::boolean)) return a.flag == b.flag;
  return a.is_number() && b.is_number() && order(a, b) == 0;
}

// Where the key is in the index, or the empty place where it would go.
uint32_t index_place(const Entry* entries, const uint32_t* index, uint32_t mask, const Value& key) {
  uint32_t place = static_cast<uint32_t>(hash_of(key)) & mask;
  while (index[place] && !same_key(entries[index[place] - 1].key, key)) place = (place + 1) & mask;
  return place;
}

}  // namespace

MapBuilder::MapBuilder(Arena& arena, size_t room)
    : arena_(arena), entries_(arena.make<Entry>(room)) {
  if (room < kIndexFrom) return;
  size_t places = 16;
  while (places < room * 2) places *= 2;
  index_ = arena.make<uint32_t>(places);
  std::fill_n(index_, places, 0);
  mask_ = static_cast<uint32_t>(places - 1);
}

bool MapBuilder::add(Value key, Value value) {
  if (index_) {
    const uint32_t place = index_place(entries_, index_, mask_, key);
    if (index_[place]) return false;
    index_[place] = size_ + 1;
  } else {
    for (uint32_t i = 0; i < size_; ++i)
      if (same_key(entries_[i].key, key)) return false;
  }
  entries_[size_++] = {key, value};
  return true;
}

Value MapBuilder::done() {
  auto* data = arena_.make<MapData>();
  *data = {entries_, size_, index_, mask_};
  return Value::map(data);
}

bool field_find(const Value& map, std::string_view name, Meter& meter, Value* found) {
  if (!map.borrowed) return map_find(map, Value::string(name), meter, found);
  const Json::object_t& all = members(map);
  size_t passed = 0;
  for (const auto& [key, value] : all) {
    if (key.size() == name.size() && std::memcmp(key.data(), name.data(), name.size()) == 0) {
      *found = Value::of(value);
      meter.take(passed / 8);
      return true;
    }
    ++passed;
  }
  meter.take(passed / 8);
  return false;
}

bool map_find(const Value& map, const Value& key, Meter& meter, Value* found) {
  if (map.borrowed) return key.is(Tag::string) && field_find(map, key.text(), meter, found);
  const MapData& data = *map.entries;
  if (!hashable(key)) return false;
  if (data.index) {
    const uint32_t at = data.index[index_place(data.entries, data.index, data.mask, key)];
    if (!at) return false;
    *found = data.entries[at - 1].value;
    return true;
  }
  for (uint32_t i = 0; i < data.size; ++i) {
    if (!same_key(data.entries[i].key, key)) continue;
    *found = data.entries[i].value;
    return true;
  }
  return false;
}

namespace {

template <typename T>
int three_way(T a, T b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

int order_reals(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? 2 : three_way(a, b);
}

// Mixed numbers: beyond the integer's range the double decides; inside it the integer is compared
// as a double.
int order_numbers(const Value& a, const Value& b) {
  if (a.tag == b.tag) {
    if (a.is(Tag::integer)) return three_way(a.i, b.i);
    return a.is(Tag::uint) ? three_way(a.u, b.u) : order_reals(a.d, b.d);
  }
  if (a.is(Tag::real) || b.is(Tag::real)) {
    const auto as_real = [](const Value& v) {
      return v.is(Tag::real)      ? v.d
             : v.is(Tag::integer) ? static_cast<double>(v.i)
                                  : static_cast<double>(v.u);
    };
    return order_reals(as_real(a), as_real(b));
  }
  if (a.is(Tag::integer)) return a.i < 0 ? -1 : three_way(static_cast<uint64_t>(a.i), b.u);
  return b.i < 0 ? 1 : three_way(a.u, static_cast<uint64_t>(b.i));
}

bool equal_lists(const Value& a, const Value& b, Meter& meter, int depth) {
  const size_t size = list_size(a);
  if (size != list_size(b)) return false;
  for (size_t i = 0; i < size; ++i)
    if (!equal(list_at(a, i), list_at(b, i), meter, depth + 1)) return false;
  return true;
}

bool equal_maps(const Value& a, const Value& b, Meter& meter, int depth) {
  const size_t size = map_size(a);
  if (size != map_size(b)) return false;
  for (size_t i = 0; i < size; ++i) {
    const Entry mine = map_at(a, i);
    Value theirs;
    if (!map_find(b, mine.key, meter, &theirs)) return false;
    if (!equal(mine.value, theirs, meter, depth + 1)) return false;
  }
  return true;
}

}  // namespace

bool equal(const Value& a, const Value& b, Meter& meter, int depth) {
  if (a.is_number() && b.is_number()) return order_numbers(a, b) == 0;
  if (a.tag != b.tag) return false;
  switch (a.tag) {
    case Tag::null:
      return true;
    case Tag::boolean:
      return a.flag == b.flag;
    case Tag::string:
    case Tag::bytes:
      return a.size == b.size && meter.scans(a.size) && a.text() == b.text();
    case Tag::timestamp:
      return a.i == b.i && a.size == b.size;
    case Tag::duration:
      return a.i == b.i;
    case Tag::type:
      return a.named == b.named;
    default:
      break;
  }
  if (depth > kDeepest || !meter.take(1)) {
    meter.stop();  // too deep to compare counts as too costly
    return false;
  }
  if (a.is(Tag::list)) return equal_lists(a, b, meter, depth);
  if (a.is(Tag::map)) return equal_maps(a, b, meter, depth);
  if (!a.inner || !b.inner) return a.inner == b.inner;
  return equal(*a.inner, *b.inner, meter, depth + 1);
}

int order(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return order_numbers(a, b);
  if (a.tag != b.tag) return 3;
  switch (a.tag) {
    case Tag::boolean:
      return three_way(a.flag, b.flag);
    case Tag::string:
    case Tag::bytes:
      return three_way(a.text().compare(b.text()), 0);
    case Tag::timestamp:
      return a.i != b.i ? three_way(a.i, b.i) : three_way(a.size, b.size);
    case Tag::duration:
      return three_way(a.i, b.i);
    default:
      return 3;
  }
}

bool is_zero(const Value& value) {
  switch (value.tag) {
    case Tag::null:
      return true;
    case Tag::boolean:
      return !value.flag;
    case Tag::integer:
    case Tag::duration:
      return value.i == 0;
    case Tag::uint:
      return value.u == 0;
    case Tag::real:
      return value.d == 0;
    case Tag::string:
    case Tag::bytes:
      return value.size == 0;
    case Tag::timestamp:
      return value.i == 0 && value.size == 0;
    case Tag::list:
      return list_size(value) == 0;
    case Tag::map:
      return map_size(value) == 0;
    case Tag::optional:
      return !value.inner;
    default:
      return false;
  }
}

}  // namespace plenum::cel
