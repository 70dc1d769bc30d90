// The examples of checks as app files.
#pragma once

#include <map>
#include <string>

#include "engine/base/diagnostic.h"
#include "engine/lint/check.h"

namespace plenum::lint {

struct Written {
  std::map<std::string, std::string> files;  // without the marks; the app is apps.d/test.yaml
  Span marked;  // what stands between `«` and `»`; not known: no marks
};
Written written(const Example& example);

// What people are shown: the text without the marks.
std::string shown(const Example& example);

// What `lint` says of it.
std::vector<Diagnostic> said_of(const Example& example);

}  // namespace plenum::lint
