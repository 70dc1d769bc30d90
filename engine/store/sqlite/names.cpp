// The memory of names is a shortcut and nothing more: it is dropped when it grows large and after
// every undone operation.
#include "engine/store/sqlite/names.h"

namespace plenum::sqlite {

namespace {
constexpr size_t kMostRemembered = 100'000;

template <typename... Values>
Result<int64_t> first_integer(Connection& db, std::string_view statement, const Values&... values) {
  Statement found = db.use(statement);
  if (!TRY(found.bind(values...).next())) return 0;
  return found.integer(0);
}

template <typename... Values>
Result<int64_t> find_or_add(Connection& db, std::string_view find, std::string_view add,
                            const Values&... values) {
  const int64_t known = TRY(first_integer(db, find, values...));
  if (known != 0) return known;
  return first_integer(db, add, values...);
}

template <typename Map, typename Value>
Value remember(Map& map, std::string key, Value value) {
  if (map.size() >= kMostRemembered) map.clear();
  map.emplace(std::move(key), value);
  return value;
}
}  // namespace

Result<int64_t> find_word(Connection& db, std::string_view text) {
  return first_integer(db, "find_word", text);
}

Result<int64_t> find_scope(Connection& db, const Owner& owner) {
  const int64_t app = TRY(find_word(db, owner.app));
  return first_integer(db, "find_scope", app, owner.owner);
}

Result<int64_t> Names::word(Connection& db, const std::string& text) {
  if (const auto known = words_.find(text); known != words_.end()) return known->second;
  return remember(words_, text, TRY(find_or_add(db, "find_word", "add_word", text)));
}

Result<Scope> Names::scope(Connection& db, const Owner& owner) {
  std::string key = std::to_string(owner.app.size()) + ' ' + owner.app + owner.owner;
  if (const auto known = scopes_.find(key); known != scopes_.end()) return known->second;
  if (owner.app.empty() || owner.owner.empty())
    return fail(Kind::invalid,
                "what is stored belongs to an app and an owner, and one of the two has no name");
  Scope scope;
  scope.app = TRY(word(db, owner.app));
  scope.scope = TRY(find_or_add(db, "find_scope", "add_scope", scope.app, owner.owner));
  return remember(scopes_, std::move(key), scope);
}

void Names::forget() {
  words_.clear();
  scopes_.clear();
}

}  // namespace plenum::sqlite
