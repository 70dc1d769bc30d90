// The lists extension; sortBy is a macro and stands with the others.
#include <algorithm>

#include "engine/cel/functions.h"

namespace plenum::cel {
namespace {

Value range(Context& context, const Value* a, size_t) {
  if (a->i <= 0) return Value::list(nullptr, 0);
  if (static_cast<uint64_t>(a->i) > context.meter.left) return context.limit();
  const auto count = static_cast<size_t>(a->i);
  Value* items = context.values(count);
  if (!items) return context.limit();
  for (size_t i = 0; i < count; ++i) items[i] = Value::integer(static_cast<int64_t>(i));
  return Value::list(items, count);
}

// The elements as values of our own.
const Value* own(Context& context, const Value& list) {
  const size_t size = list_size(list);
  if (!list.borrowed) return list.items;
  Value* items = context.values(size);
  for (size_t i = 0; items && i < size; ++i) items[i] = list_at(list, i);
  return items;
}

Value slice(Context& context, const Value* a, size_t) {
  const auto size = static_cast<int64_t>(list_size(a[0]));
  const int64_t from = a[1].i, to = a[2].i;
  if (from < 0 || to < from || to > size) {
    return context.fail("cannot slice(" + std::to_string(from) + ", " + std::to_string(to) +
                        ") a list of " + std::to_string(size) +
                        " elements; start and end go from 0 to its size");
  }
  if (from == to) return Value::list(nullptr, 0);
  const Value* items = own(context, a[0]);
  if (!items) return context.limit();
  return Value::list(items + from, static_cast<size_t>(to - from));
}

bool flatten_into(Context& context, const Value& list, int64_t depth, std::vector<Value>& out) {
  const size_t size = list_size(list);
  if (!context.meter.take(size)) return false;
  for (size_t i = 0; i < size; ++i) {
    const Value item = list_at(list, i);
    if (!item.is(Tag::list) || depth == 0) {
      out.push_back(item);
    } else if (!flatten_into(context, item, depth - 1, out)) {
      return false;
    }
  }
  return true;
}

Value flatten(Context& context, const Value* a, size_t count) {
  const int64_t depth = count > 1 ? a[1].i : 1;
  if (depth < 0)
    return context.fail("`flatten` takes a level of 0 or more, not " + std::to_string(depth));
  std::vector<Value> all;
  if (!flatten_into(context, a[0], std::min<int64_t>(depth, 200), all)) return context.limit();
  Value* items = context.values(all.size());
  if (!items) return context.limit();
  std::copy(all.begin(), all.end(), items);
  return Value::list(items, all.size());
}

Value distinct(Context& context, const Value* a, size_t) {
  const size_t size = list_size(a[0]);
  Value* items = context.values(size);
  if (!items) return context.limit();
  MapBuilder seen(context.arena, size);
  std::vector<size_t> others;  // kept elements that have no hash
  size_t kept = 0;
  for (size_t i = 0; i < size; ++i) {
    const Value item = list_at(a[0], i);
    if (!context.meter.take(1)) return context.limit();
    bool is_new = true;
    if (hashable(item)) {
      is_new = seen.add(item, item);
    } else {
      for (const size_t k : others) is_new = is_new && !equal(items[k], item, context.meter);
      if (context.meter.stopped) return context.limit();
      if (is_new) others.push_back(kept);
    }
    if (is_new) items[kept++] = item;
  }
  return Value::list(items, kept);
}

Value reverse(Context& context, const Value* a, size_t) {
  const size_t size = list_size(a[0]);
  Value* items = context.values(size);
  if (!items) return context.limit();
  for (size_t i = 0; i < size; ++i) items[size - 1 - i] = list_at(a[0], i);
  return Value::list(items, size);
}

Value sort(Context& context, const Value* a, size_t) {
  const size_t size = list_size(a[0]);
  Value* items = context.values(size);
  if (!items) return context.limit();
  for (size_t i = 0; i < size; ++i) items[i] = list_at(a[0], i);
  return sorted(context, items, items, size);
}

Value first(Context& context, const Value* a, size_t) {
  return list_size(a[0]) ? context.optional(list_at(a[0], 0)) : Value::optional(nullptr);
}
Value last(Context& context, const Value* a, size_t) {
  const size_t size = list_size(a[0]);
  return size ? context.optional(list_at(a[0], size - 1)) : Value::optional(nullptr);
}

}  // namespace

Value sorted(Context& context, const Value* keys, const Value* items, size_t size) {
  std::vector<uint32_t> rank(size);
  for (size_t i = 0; i < size; ++i) {
    rank[i] = static_cast<uint32_t>(i);
    if (order(keys[0], keys[i]) == 3) {
      return context.fail("cannot sort " + std::string(word_for(keys[0].tag)) + " with " +
                          std::string(word_for(keys[i].tag)) +
                          "; sort numbers, or strings, or times");
    }
  }
  for (size_t n = size; n > 1; n /= 2) {
    if (!context.meter.take(size)) return context.limit();
  }
  std::stable_sort(rank.begin(), rank.end(), [&](uint32_t a, uint32_t b) {
    // NaN has no place in an order; it goes to the end.
    const int result = order(keys[a], keys[b]);
    if (result != 2) return result < 0;
    return order(keys[a], keys[a]) == 0 && order(keys[b], keys[b]) == 2;
  });
  Value* made = context.values(size);
  if (!made) return context.limit();
  for (size_t i = 0; i < size; ++i) made[i] = items[rank[i]];
  return Value::list(made, size);
}

void add_list_functions(Library& library) {
  constexpr auto kMember = Library::member;
  library.add("lists.range", Library::global, "int -> list<int>", range);
  library.add("slice", kMember, "list<A>, int, int -> list<A>", slice);
  library.add("flatten", kMember, "list<list<A>> -> list<A>", flatten);
  library.add("flatten", kMember, "list<A> -> list<any>", flatten);
  library.add("flatten", kMember, "list<A>, int -> list<any>", flatten);
  library.add("distinct", kMember, "list<A> -> list<A>", distinct);
  library.add("reverse", kMember, "list<A> -> list<A>", reverse);
  library.add("sort", kMember, "list<A> -> list<A>", sort);
  library.add("first", kMember, "list<A> -> optional<A>", first);
  library.add("last", kMember, "list<A> -> optional<A>", last);
}

}  // namespace plenum::cel
