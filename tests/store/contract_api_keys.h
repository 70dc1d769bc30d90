// Keys of programs, as rows.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

inline ApiKey a_key(const std::string& id, const std::string& app = "shop") {
  ApiKey key;
  key.id = id;
  key.app = app;
  key.digest = std::string(64 - id.size(), '0') + id;
  key.hint = "plenum_key_ab";
  key.label = "the cron job";
  key.user = "cron";
  key.owner = "owner of " + app;
  key.plan = "pro";
  key.roles = {"editor", "admin"};
  key.created_at = 1000;
  key.expires_at = 9000;
  return key;
}

inline Result<> put(Store& store, const ApiKey& key) {
  return wait_for<void>(
      [&](Done<> done) { store.put_api_key(key, {"operator 7"}, std::move(done)); });
}
inline std::string found(Store& store, const std::string& digest) {
  const auto key =
      wait_for<ApiKey>([&](Done<ApiKey> done) { store.api_key(digest, std::move(done)); });
  if (!key) return code_of(key.error());
  std::string text = key->id + " " + key->app + " " + key->label + " " + key->user + " " +
                     key->owner + " " + key->plan;
  for (const std::string& role : key->roles) text += " " + role;
  for (const Millis time : {key->created_at, key->expires_at, key->revoked_at, key->used_at})
    text += " " + std::to_string(time);
  return text;
}
inline std::string revoked_at(Store& store, const std::string& id, Millis now) {
  const auto key = wait_for<ApiKey>(
      [&](Done<ApiKey> done) { store.revoke_api_key(id, now, {"operator 7"}, std::move(done)); });
  return key ? std::to_string(key->revoked_at) : code_of(key.error());
}

inline void keeps_api_keys(const MakePlace& make) {
  const auto place = make();
  const auto opened = place->open();
  Store& store = *opened;

  SECTION("a key is found by its digest and by nothing else") {
    const ApiKey one = a_key("one"), other = a_key("other", "bank");
    must(put(store, one));
    must(put(store, other));
    CHECK(found(store, one.digest) ==
          "one shop the cron job cron owner of shop pro editor admin 1000 9000 0 0");
    CHECK(found(store, other.digest).starts_with("other bank"));
    for (const std::string& wrong :
         {std::string(), std::string("one"), std::string("plenum_key_ab"), std::string(64, '0'),
          one.digest.substr(1)})
      CHECK(found(store, wrong) == "not_found");
  }
  SECTION("an id and a digest are used once, and an unfinished key is refused") {
    must(put(store, a_key("one")));
    CHECK_FALSE(put(store, a_key("one")));
    ApiKey twin = a_key("twin");
    twin.digest = a_key("one").digest;
    CHECK_FALSE(put(store, twin));
    for (std::string ApiKey::*member :
         {&ApiKey::id, &ApiKey::app, &ApiKey::digest, &ApiKey::user, &ApiKey::owner}) {
      ApiKey key = a_key("two");
      key.*member = "";
      CHECK_FALSE(put(store, key));
    }
    CHECK(found(store, a_key("two").digest) == "not_found");
  }
  SECTION("a revoked key stays, revoked once, and its use is noted") {
    const ApiKey key = a_key("one");
    must(put(store, key));
    must(wait_for<void>([&](Done<> done) { store.use_api_key("one", 2000, std::move(done)); }));
    must(wait_for<void>([&](Done<> done) { store.use_api_key("one", 1500, std::move(done)); }));
    CHECK(found(store, key.digest).ends_with(" 9000 0 2000"));
    CHECK(revoked_at(store, "one", 3000) == "3000");
    CHECK(revoked_at(store, "one", 4000) == "3000");
    CHECK(found(store, key.digest).ends_with(" 9000 3000 2000"));
    CHECK(revoked_at(store, "none", 3000) == "not_found");
  }
}

}  // namespace plenum::testing
