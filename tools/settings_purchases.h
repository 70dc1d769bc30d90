// The settings `apps.APP.plans` and `apps.APP.purchases`: what apps sell, and who tells of it.
#pragma once

#include "engine/engine.h"
#include "server/auth/issuer.h"
#include "tools/settings_file.h"

namespace plenum::tools {

std::vector<std::string> purchase_keys();

// Secrets come from the environment alone, as PLENUM_APPS_APP_STRIPE_SIGNING_SECRET or the file
// that …_FILE names, one on each line: no app can name them.
Result<entitlements::Offers> read_offers(const SettingsFile& settings,
                                         const server::auth::Issuers& issuers);

}  // namespace plenum::tools
