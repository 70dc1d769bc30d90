// Who signs in callers: `sign_in` for every app, `apps.NAME.sign_in` for one.
#pragma once

#include "server/auth/issuer.h"
#include "tools/settings_file.h"

namespace plenum::tools {

// The keys that may be set, for SettingsFile.
std::vector<std::string> sign_in_keys();

// An app with issuers of its own has no others.
Result<server::auth::Issuers> read_sign_in(const SettingsFile& settings);

}  // namespace plenum::tools
