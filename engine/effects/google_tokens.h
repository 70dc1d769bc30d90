// Access tokens of Google's service accounts, for Vertex AI (RFC 7523: a signed claim is exchanged
// for a token).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/effects/http/client.h"

namespace plenum {

// What a service account's key file says.
struct ServiceAccount {
  std::string email, key_id, private_key, token_uri;

  // `denied` (code "provider_auth"): it is no such file, or its `token_uri` is not Google's.
  // `allow_local`: it may be on this machine, too.
  static Result<ServiceAccount> read(const std::string& key_file, bool allow_local);
  // The signed claim, good for an hour; `denied` when the private key is none.
  Result<std::string> claim(Millis now) const;
};

// Engine's thread only.  A token is kept until five minutes before its end and asked for once, for
// all calls that wait; what went wrong is told to these and not asked again for five seconds.
// Neither key nor token is in an error.
class GoogleTokens : public std::enable_shared_from_this<GoogleTokens> {
 public:
  using Done = std::function<void(Result<std::string>)>;

  GoogleTokens(std::shared_ptr<http::Client> http, const Clock* clock,
               std::function<void(std::function<void()>)> post, bool allow_local)
      : http_(std::move(http)), clock_(clock), post_(std::move(post)), allow_local_(allow_local) {}

  // `done` runs in this call or later.  Errors: `denied` (code "provider_auth"), or as of a call
  // that may be tried again.
  void token(const std::string& key_file, Done done);
  // The provider does not take it any more.
  void forget(const std::string& key_file);

 private:
  struct Kept {
    Result<std::string> token = std::string();
    Millis until = 0;  // monotonic
    bool asking = false;
    std::vector<Done> waiting;
  };
  void ask(const std::string& name, const std::string& key_file);
  void answered(const std::string& name, Result<http::Response> response);
  void tell(const std::string& name, Result<std::string> token, Millis keep);

  const std::shared_ptr<http::Client> http_;
  const Clock* const clock_;
  const std::function<void(std::function<void()>)> post_;
  const bool allow_local_;
  std::map<std::string, Kept> kept_;  // by a digest of the key file
};

}  // namespace plenum
