// What every answer says besides itself: to browsers, what they may do with it; to pages of other
// origins, whether they may read it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "server/front/front.h"

namespace plenum::server {

// Which pages may call an app from a browser.
struct Cors {
  std::vector<std::string> origins;  // "https://app.example.com", as browsers write them
  bool credentials = false;          // with cookies and the like; tokens need none
};

// https://HOST[:PORT], in small letters and without a path (http:// on this machine only).  What a
// browser sends from nowhere, "null", is nobody's origin.
Result<> check_origin(const std::string& origin);

struct HeaderRules {
  std::map<std::string, Cors> cors;  // by app; none: pages of other origins read nothing
  bool tls = false;                  // clients come by TLS, so browsers shall use nothing else
};

// What is safe for every answer; a header that is there already stays.
void add_security_headers(const HeaderRules& rules, front::Response& response);

// The same reply, whose answers name the request and get the headers that its path and origin call
// for.
front::Reply with_headers(const HeaderRules& rules, const front::Head& head,
                          const std::string& request_id, front::Reply reply);

// Whether it is a browser's question before the call of a page that may make it.
bool is_preflight(const HeaderRules& rules, const front::Head& head);
// … and the answer; `methods` are those of the path.
front::Response preflight(const std::vector<std::string>& methods);

}  // namespace plenum::server
