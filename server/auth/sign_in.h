// From a bearer token to who it names.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "server/auth/issuer.h"
#include "server/auth/key_source.h"

namespace plenum::server::auth {

// Whom an issuer vouches for.  The subject alone names nobody: another issuer has the same.
struct Subject {
  std::string issuer, subject;
  std::vector<std::string> roles;
  std::string plan;  // "": the token says nothing of one
};

// Judges tokens by the issuers of an app and their keys.  Any thread.
class SignIn {
 public:
  using Done = std::function<void(Result<Subject>)>;

  // Sends by a client of its own, and answers what had to wait on a thread of its own ("sign-in").
  // The clock must outlive it.
  static std::unique_ptr<SignIn> open(Issuers issuers, const Clock& clock);
  // … by somebody else's, on their threads; what they never answer is never answered here.
  static std::unique_ptr<SignIn> open(Issuers issuers, World world);
  virtual ~SignIn() = default;  // answers what waits

  // Whether anybody can sign in to the app by a token.
  virtual bool serves(const std::string& app) const = 0;
  // By whose tokens.
  virtual const std::vector<Issuer>& issuers(const std::string& app) const = 0;
  // Calls `done` once, at once if the keys are there.  Errors: `denied` ("invalid_token",
  // "token_expired"), `unavailable` ("sign_in_unavailable").
  virtual void judge(const std::string& app, const std::string& token, Done done) = 0;
  // Begins to fetch all keys.
  virtual void warm() = 0;
};

}  // namespace plenum::server::auth
