#include "engine/base/result.h"

namespace plenum {

const char* name(Kind kind) {
  switch (kind) {
    case Kind::invalid:
      return "invalid";
    case Kind::not_found:
      return "not_found";
    case Kind::denied:
      return "denied";
    case Kind::conflict:
      return "conflict";
    case Kind::limited:
      return "limited";
    case Kind::timeout:
      return "timeout";
    case Kind::unavailable:
      return "unavailable";
    case Kind::internal:
      return "internal";
  }
  return "internal";
}

Error Error::during(std::string_view doing) && {
  trail = trail.empty() ? std::string(doing) : std::string(doing) + ": " + trail;
  return std::move(*this);
}

std::string Error::stable_code() const {
  return code.empty() ? name(kind) : code;
}

}  // namespace plenum
