// What every store must do, whatever it keeps its data in.
#pragma once

#include "tests/store/contract_accept.h"
#include "tests/store/contract_accounts.h"
#include "tests/store/contract_api_keys.h"
#include "tests/store/contract_claim.h"
#include "tests/store/contract_documents.h"
#include "tests/store/contract_effects.h"
#include "tests/store/contract_operate.h"
#include "tests/store/contract_query.h"
#include "tests/store/contract_retention.h"
#include "tests/store/contract_rows.h"
#include "tests/store/contract_runs.h"
#include "tests/store/contract_scopes.h"
#include "tests/store/contract_status.h"
#include "tests/store/contract_time.h"

namespace plenum::testing {

inline void keeps_the_store_contract(const MakePlace& make) {
  accepts_runs(make);
  moves_runs_by_the_table(make);
  moves_runs_on(make);
  claims_in_turn(make);
  lets_operators_act(make);
  follows_the_time(make);
  lets_go(make);
  keeps_rows_and_files(make);
  finds_rows(make);
  keeps_documents(make);
  remembers_effects(make);
  keeps_the_journal(make);
  adds_up_what_was_spent(make);
  keeps_scopes_apart(make);
  keeps_accounts(make);
  keeps_api_keys(make);
}

}  // namespace plenum::testing
