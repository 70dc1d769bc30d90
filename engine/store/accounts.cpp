// How a line of the record is digested: every field with its length before it, so that no two rows
// have the same text.
#include "engine/store/accounts.h"

#include "engine/base/ids.h"
#include "engine/store/store.h"

namespace plenum {

std::string audit_hash(const AuditRow& row) {
  std::string text;
  const auto add = [&](const std::string& field) {
    text += std::to_string(field.size()) + ":" + field;
  };
  for (const std::string& field :
       {row.previous, std::to_string(row.number), std::to_string(row.at), row.actor, row.app,
        row.owner, row.action, row.object, row.outcome, row.request})
    add(field);
  return sha256_hex(text);
}

std::string user_digest(const std::string& app, const std::string& user) {
  return sha256_hex("user\n" + app + "\n" + user).substr(0, 32);
}

AuditRow forgetting(const Owner& owner, const Actor& actor, Millis now) {
  return {
      0,      now,           actor.name, owner.app, owner.owner, "forget", "runs, rows and files",
      "done", actor.request, "",         ""};
}

}  // namespace plenum
