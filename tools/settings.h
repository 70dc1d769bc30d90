// What the operator sets: plenum.yaml beside apps.d/, each key overridable by the environment,
// secrets by environment only.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "server/serve.h"

namespace plenum::tools {

// Reads `root`/plenum.yaml, if there is one, and the environment.  PLENUM_PROVIDERS_GEMINI_BASE_URL
// overrides providers.gemini.base_url, and so on; keys come from GEMINI_API_KEY or the file named
// by GEMINI_API_KEY_FILE. Unknown keys and bad values are errors that name their place.
Result<server::ServeOptions> read_settings(const std::string& root);

// "127.0.0.1:8080", "[::1]:8080" or ":8080" to address and port.
Result<> set_listen(server::ServeOptions& options, const std::string& text);

// plenum-extract stands beside this program, in a build folder or an installation.
std::string extract_helper();

}  // namespace plenum::tools
