// Purchases, grants and the record.  An event is stored once whatever happens to it; what it means
// is computed from all that is stored each time somebody asks.
#include <algorithm>
#include <deque>
#include <set>

#include "engine/base/ids.h"
#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

namespace {

constexpr size_t kMostFacts = 5'000;

Result<> add_customers(Session& session, int64_t app, const PurchaseEvent& event, int64_t number) {
  for (const std::string& customer : event.customers)
    if (!customer.empty())
      TRY(session.db.use("put_purchase_customer")
              .bind(app, customer, event.provider, number)
              .finish());
  return {};
}

// Follows ids and purchases until nothing new is found: events name ids, ids lead to events.
class Search {
 public:
  Search(Connection& db, int64_t app) : db_(db), app_(app) {}

  Result<std::vector<PurchaseFact>> from(const std::string& customer) {
    TRY(events_of(customer, ""));
    while (!ids_.empty()) {
      const auto [provider, id] = ids_.front();
      ids_.pop_front();
      TRY(events_of(id, provider));
    }
    return std::move(facts_);
  }

 private:
  struct Event {
    int64_t number, purchase;
    std::string provider;
  };

  Result<> events_of(const std::string& customer, const std::string& provider) {
    std::vector<Event> found;
    {
      Statement row = db_.use("events_of_customer");
      row.bind(app_, customer, provider);
      TRY(take(row, found));
    }
    for (const Event& event : found) {
      if (!purchases_.insert(event.purchase).second) continue;
      std::vector<Event> others;
      Statement row = db_.use("events_of_purchase");
      row.bind(event.purchase);
      TRY(take(row, others));
      for (const Event& other : others) TRY(customers_of(other));
    }
    for (const Event& event : found) TRY(customers_of(event));
    return {};
  }

  Result<> take(Statement& row, std::vector<Event>& found) {
    while (TRY(row.next())) {
      if (!events_.insert(row.integer(0)).second) continue;
      if (facts_.size() >= kMostFacts)
        return fail(Kind::limited,
                    "a customer has more than " + std::to_string(kMostFacts) +
                        " events of purchases, which is more than can be looked at",
                    "too_many_events");
      found.push_back({row.integer(0), row.integer(1), row.text(2)});
      facts_.push_back({row.text(2), row.text(3)});
    }
    return {};
  }

  Result<> customers_of(const Event& event) {
    Statement row = db_.use("customers_of_event");
    row.bind(event.number);
    while (TRY(row.next())) {
      std::pair<std::string, std::string> id{event.provider, row.text(0)};
      if (seen_.insert(id).second) ids_.push_back(std::move(id));
    }
    return {};
  }

  Connection& db_;
  const int64_t app_;
  std::vector<PurchaseFact> facts_;
  std::set<int64_t> events_, purchases_;
  std::set<std::pair<std::string, std::string>> seen_;
  std::deque<std::pair<std::string, std::string>> ids_;
};

AuditRow audit_of(const Statement& row) {
  return {row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4), row.text(5),
          row.text(6),    row.text(7),    row.text(8), row.text(9), row.text(10)};
}

}  // namespace

Result<bool> put_purchase_event(Session& session, const PurchaseEvent& event) {
  if (event.app.empty() || event.provider.empty() || event.id.empty())
    return fail(Kind::invalid, "an event of a purchase needs an app, a provider and an id");
  const int64_t app = TRY(session.names.word(session.db, event.app));
  if (TRY(session.db.use("has_purchase_event").bind(app, event.provider, event.id).next()))
    return false;
  // '#' so that an event that stands alone meets no transaction of that name.
  const std::string purchase = event.purchase.empty() ? "#" + event.id : ":" + event.purchase;
  int64_t number = 0;
  {
    Statement put = session.db.use("put_purchase");
    TRY(put.bind(app, event.provider, purchase, event.keep_until).next());
    number = put.integer(0);
  }
  TRY(session.db.use("put_purchase_event")
          .bind(number, app, event.provider, event.id, event.received_at, event.fact, event.body)
          .finish());
  TRY(add_customers(session, app, event, session.db.last_number()));
  return true;
}

Result<std::vector<PurchaseFact>> read_purchase_facts(Connection& db, const std::string& app,
                                                      const std::string& customer) {
  return Search(db, TRY(find_word(db, app))).from(customer);
}

Result<> put_grant(Session& session, const Grant& grant, const Actor& actor) {
  if (grant.app.empty() || grant.user.empty() || grant.plan.empty())
    return fail(Kind::invalid, "a plan is granted to a user of an app");
  const int64_t app = TRY(session.names.word(session.db, grant.app));
  TRY(session.db.use("put_grant")
          .bind(app, grant.user, grant.plan, grant.granted_at, grant.expires_at)
          .finish());
  return record(session, {0, grant.granted_at, actor.name, grant.app,
                          user_digest(grant.app, grant.user), "grant", grant.plan,
                          grant.expires_at ? "until " + rfc3339(grant.expires_at) : "for ever",
                          actor.request, "", ""});
}

Result<int> revoke(Session& session, const Grant& grant, Millis now, const Actor& actor) {
  const int64_t app = TRY(find_word(session.db, grant.app));
  const int gone = TRY(session.db.use("delete_grants").bind(app, grant.user, grant.plan).finish());
  if (gone > 0)
    TRY(record(session, {0, now, actor.name, grant.app, user_digest(grant.app, grant.user),
                         "revoke", grant.plan, "done", actor.request, "", ""}));
  return gone;
}

Result<int> forget_user(Session& session, const std::string& app, const std::string& user,
                        Millis now, const Actor& actor) {
  const int64_t word = TRY(find_word(session.db, app));
  int gone = TRY(session.db.use("forget_purchases").bind(word, user).finish());
  gone += TRY(session.db.use("delete_grants").bind(word, user, "").finish());
  if (gone > 0)
    TRY(record(session, {0, now, actor.name, app, user_digest(app, user), "forget",
                         "purchases and grants", "done", actor.request, "", ""}));
  return gone;
}

Result<std::vector<Grant>> read_grants(Connection& db, const std::string& app,
                                       const std::string& user) {
  std::vector<Grant> grants;
  Statement row = db.use("grants_of");
  row.bind(TRY(find_word(db, app)), user);
  while (TRY(row.next()))
    grants.push_back({app, user, row.text(0), row.integer(1), row.integer(2)});
  return grants;
}

Result<> record(Session& session, AuditRow row) {
  {
    Statement last = session.db.use("last_audit");
    row.number = 1;
    if (TRY(last.next())) {
      row.number = last.integer(0) + 1;
      row.previous = last.text(1);
    }
  }
  row.hash = audit_hash(row);
  TRY(session.db.use("put_audit")
          .bind(row.number, row.at, row.actor, row.app, row.owner, row.action, row.object,
                row.outcome, row.request, row.previous, row.hash)
          .finish());
  return {};
}

Result<std::vector<AuditRow>> read_audit(Connection& db, const AuditFilter& filter) {
  std::vector<AuditRow> rows;
  Statement row = db.use("audit_latest");
  row.bind(filter.before, filter.app, filter.owner, filter.action, filter.limit);
  while (TRY(row.next())) rows.push_back(audit_of(row));
  return rows;
}

// In pieces, since it never gets shorter.
Result<AuditVerdict> verify_audit(Connection& db, const std::string& contains) {
  AuditVerdict verdict;
  verdict.contains = contains.empty();
  for (bool more = true; more;) {
    more = false;
    Statement row = db.use("audit_after");
    row.bind(verdict.rows, 1'000);
    while (TRY(row.next())) {
      const AuditRow line = audit_of(row);
      if (line.number != verdict.rows + 1) {
        verdict.broken = "row " + std::to_string(verdict.rows + 1) + " is missing";
      } else if (line.previous != verdict.head) {
        verdict.broken = "row " + std::to_string(line.number) + " does not follow the one before";
      } else if (line.hash != audit_hash(line)) {
        verdict.broken = "row " + std::to_string(line.number) + " was changed";
      }
      if (!verdict.broken.empty()) return verdict;
      verdict.rows = line.number;
      verdict.head = line.hash;
      verdict.contains = verdict.contains || line.hash == contains;
      more = true;
    }
  }
  return verdict;
}

}  // namespace plenum::sqlite
